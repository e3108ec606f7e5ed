package sharding

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/batchmill/batchmill/storage"
)

// FirstLines returns the first lines that the shards of a planned job have staged as a fragment of format Lines, at most that many.
func FirstLines(ctx context.Context, store storage.Store, root storage.URI, fragment string, most int) (lines [][]byte, err error) {
	head, digest, err := ReadHead(ctx, store, PlanURI(root))
	if err != nil {
		return nil, err
	}
	err = newReceipts(store, root, digest, head.ShardCount).Each(ctx, func(r *Receipt) error {
		f, ok := r.Fragments[fragment]
		if !ok {
			return nil
		}
		data, err := readStart(ctx, store, FragmentURI(root, r.Shard, fragment), min(f.Size, int64(most)*longLine))
		if err != nil {
			return err
		}
		for len(lines) < most && len(data) > 0 {
			line, rest, whole := bytes.Cut(data, []byte{'\n'})
			if !whole {
				break
			}
			lines, data = append(lines, line), rest
		}
		if len(lines) == most {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return lines, err
}

// longLine is more than a line of a reject file has, in bytes.
const longLine = 8 << 10

var errEnough = errors.New("enough lines")

func readStart(ctx context.Context, store storage.Store, uri storage.URI, length int64) ([]byte, error) {
	r, _, err := store.Get(ctx, uri, storage.GetOptions{Length: length})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
