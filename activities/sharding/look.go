package sharding

import (
	"context"
	"errors"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/storage"
)

const (
	parallelLooks = 16 // outputs' places that are looked at at once
	// From fewListed outputs on, their places are looked at by one listing of what lies beside them, unless that is mostly other objects:
	// more than mostStrangers for each output.
	fewListed     = 64
	mostStrangers = 4
)

// errStrangers ends a listing that would be longer than looking at each place, or would not see all of them.
var errStrangers = errors.New("sharding: too many other objects")

// look finds what stands at the outputs' places.
func look(ctx context.Context, store storage.Store, outputs []Output) (before, error) {
	if len(outputs) >= fewListed {
		b, err := lookAround(ctx, store, outputs)
		if !errors.Is(err, errStrangers) {
			return b, err
		}
	}
	return lookAtEach(ctx, store, outputs)
}

// lookAround lists what lies in the deepest folder that holds all outputs.
func lookAround(ctx context.Context, store storage.Store, outputs []Output) (before, error) {
	folder, err := commonFolder(outputs)
	if err != nil {
		return nil, err
	}
	b := make(before, len(outputs))
	for _, out := range outputs {
		b[out.URI] = ""
	}
	strangers := 0
	err = store.List(ctx, folder, func(info storage.Info) error {
		uri := info.URI.String()
		if _, mine := b[uri]; mine {
			b[uri] = info.ETag
			return nil
		}
		if strangers++; strangers > mostStrangers*len(outputs) {
			return errStrangers
		}
		return nil
	})
	return b, err
}

// commonFolder is the deepest folder that holds all outputs.
func commonFolder(outputs []Output) (storage.URI, error) {
	first, err := storage.ParseURI(outputs[0].URI)
	if err != nil {
		return first, err
	}
	key := folderOf(first.Key)
	for _, out := range outputs[1:] {
		uri, err := storage.ParseURI(out.URI)
		if err != nil {
			return uri, err
		}
		if uri.Bucket != first.Bucket {
			return uri, errStrangers
		}
		for !strings.HasPrefix(uri.Key, key) {
			key = folderOf(strings.TrimSuffix(key, "/"))
		}
	}
	return storage.URI{Bucket: first.Bucket, Key: key}, nil
}

// folderOf is a key up to its last slash, that included.
func folderOf(key string) string { return strings.TrimSuffix(key, path.Base(key)) }

func lookAtEach(ctx context.Context, store storage.Store, outputs []Output) (before, error) {
	tags := make([]string, len(outputs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelLooks)
	for i, out := range outputs {
		g.Go(func() error {
			uri, err := storage.ParseURI(out.URI)
			if err != nil {
				return err
			}
			info, err := store.Stat(ctx, uri)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
			tags[i] = info.ETag
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	b := make(before, len(outputs))
	for i, out := range outputs {
		b[out.URI] = tags[i]
	}
	return b, nil
}
