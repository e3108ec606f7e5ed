package sharding

import (
	"context"
	"io"
	"sync"

	"github.com/batchmill/batchmill/storage"
)

// Fragments of up to sharedSize bytes that several outputs are made from are read once for all of them; the last sharedKept
// of them are held.
const (
	sharedSize = 4 << 20
	sharedKept = 16
)

// sharedFragments reads fragments that hold the parts of several outputs. A store's copy of a range that small would go through
// this process anyway, one request for each output.
type sharedFragments struct {
	store storage.Store
	mu    sync.Mutex
	order []storage.URI // oldest first
	read  map[storage.URI]func() ([]byte, error)
}

func newSharedFragments(store storage.Store) *sharedFragments {
	return &sharedFragments{store: store, read: make(map[storage.URI]func() ([]byte, error))}
}

// take puts bytes where parts are ranges of a small fragment that others have a part of, too.
func (f *sharedFragments) take(ctx context.Context, s stagedPart, parts []storage.Part) error {
	if len(s.fragment.Parts) == 1 || s.fragment.Size > sharedSize {
		return nil
	}
	data, err := f.of(ctx, s)()
	if err != nil {
		return err
	}
	for i, p := range parts {
		if p.Source == s.uri {
			parts[i] = storage.Part{Bytes: data[p.Offset : p.Offset+p.Length], Length: p.Length}
		}
	}
	return nil
}

// of returns what reads a fragment, or waits for whoever does.
func (f *sharedFragments) of(ctx context.Context, s stagedPart) func() ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if read, ok := f.read[s.uri]; ok {
		return read
	}
	read := sync.OnceValues(func() ([]byte, error) { return f.get(ctx, s) })
	f.read[s.uri] = read
	if f.order = append(f.order, s.uri); len(f.order) > sharedKept {
		delete(f.read, f.order[0])
		f.order = f.order[1:]
	}
	return read
}

func (f *sharedFragments) get(ctx context.Context, s stagedPart) ([]byte, error) {
	r, _, err := f.store.Get(ctx, s.uri, storage.GetOptions{IfMatch: s.fragment.ETag})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data := make([]byte, s.fragment.Size)
	_, err = io.ReadFull(r, data)
	return data, err
}
