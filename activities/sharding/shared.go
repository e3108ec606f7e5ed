package sharding

import (
	"context"
	"io"

	"github.com/batchmill/batchmill/storage"
)

// Fragments of up to sharedSize bytes that several outputs are made from are read once for all of them; the last sharedKept
// of them are held.
const (
	sharedSize = 4 << 20
	sharedKept = 16
)

// takeShared puts bytes where parts are ranges of a small fragment that others have a part of, too. A store's copy of a range that
// small would go through this process anyway, one request for each output.
func (a *assembler) takeShared(ctx context.Context, s stagedPart, parts []storage.Part) error {
	if !s.shared || s.size > sharedSize {
		return nil
	}
	data, err := a.shared.get(s.uri, func() ([]byte, error) { return a.fragment(ctx, s) })
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

// fragment reads a whole fragment.
func (a *assembler) fragment(ctx context.Context, s stagedPart) ([]byte, error) {
	r, _, err := a.store.Get(ctx, s.uri, storage.GetOptions{IfMatch: s.etag})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data := make([]byte, s.size)
	_, err = io.ReadFull(r, data)
	return data, err
}
