package sharding

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/storage"
)

// Receipt is the small object a finished shard leaves. It exists only if every fragment it names is staged.
type Receipt struct {
	Plan      string // digest of the plan the shard belongs to
	Shard     int
	Rows      int64 // read
	Rejected  int64
	Fragments map[string]Fragment
}

// Fragment is one staged object of a shard.
type Fragment struct {
	Size int64
	ETag string
	Rows int64
	// Body is the part that goes into the final object, as [offset, length): all of a Lines fragment, the data region of a
	// Parquet file (between its leading magic and its footer).
	Body  [2]int64
	CRC   Checksum // of Body
	Whole Checksum // of the whole fragment
}

// Staged is one fragment's content on its way into the store.
type Staged struct {
	Spool  *Spool
	Format Format
	Rows   int64
}

// parallelReceipts is how many receipts are read at once.
const parallelReceipts = 16

// FragmentURI is where a staged fragment lies. Shard keys are spread over folders of a thousand: S3 servers on file trees list big folders slowly.
func FragmentURI(root storage.URI, shard int, name string) storage.URI {
	return root.Join("staged", fmt.Sprintf("%03d", shard/1000), fmt.Sprintf("%06d.%s", shard, name))
}

func receiptURI(root storage.URI, shard int) storage.URI {
	return root.Join("receipts", fmt.Sprintf("%03d", shard/1000), fmt.Sprintf("%06d.json", shard))
}

// Done returns the shard's receipt if a valid one of this plan is there, else nil.
func Done(ctx context.Context, store storage.Store, root storage.URI, digest string, shard int) (*Receipt, error) {
	data, _, err := storage.ReadAll(ctx, store, receiptURI(root, shard))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sharding: read receipt: %w", err)
	}
	r := new(Receipt)
	if err := json.Unmarshal(data, r); err != nil || r.Plan != digest || r.Shard != shard {
		return nil, nil // of another plan, or not ours: the shard is done anew
	}
	return r, nil
}

// Finish stages the fragments and then leaves the receipt. Names and bytes depend on the plan alone, so a late duplicate
// attempt can only write the same again.
func Finish(ctx context.Context, store storage.Store, root storage.URI, r *Receipt, staged map[string]Staged) error {
	r.Fragments = make(map[string]Fragment, len(staged))
	for _, name := range slices.Sorted(maps.Keys(staged)) {
		s := staged[name]
		if s.Rows == 0 {
			continue // nothing to assemble
		}
		f, err := s.put(ctx, store, FragmentURI(root, r.Shard, name))
		if err != nil {
			return err
		}
		r.Fragments[name] = f
	}
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("sharding: encode receipt: %w", err)
	}
	_, err = storage.WriteAll(ctx, store, receiptURI(root, r.Shard), data, storage.PutOptions{ContentType: "application/json"})
	if err != nil {
		return fmt.Errorf("sharding: write receipt: %w", err)
	}
	return nil
}

func (s Staged) put(ctx context.Context, store storage.Store, uri storage.URI) (Fragment, error) {
	f := Fragment{Size: s.Spool.Size(), Rows: s.Rows, Body: [2]int64{0, s.Spool.Size()}}
	if s.Format == Parquet {
		var err error
		if f.Body, err = s.parquetBody(); err != nil {
			return f, err
		}
	}
	sum, err := s.Spool.checksum(f.Body[0], f.Body[1])
	if err != nil {
		return f, err
	}
	f.CRC = Checksum(sum)
	if sum, err = s.Spool.checksum(0, f.Size); err != nil {
		return f, err
	}
	f.Whole = Checksum(sum)
	info, err := store.Put(ctx, uri, s.Spool.Range(0, f.Size), f.Size, storage.PutOptions{})
	if err != nil {
		return f, fmt.Errorf("sharding: stage: %w", err)
	}
	f.ETag = info.ETag
	return f, nil
}

// parquetBody finds the data region: a file is magic, data, footer, footer length (4 bytes, little endian), magic
// (https://parquet.apache.org/docs/file-format/).
func (s Staged) parquetBody() ([2]int64, error) {
	var tail [8]byte
	size := s.Spool.Size()
	if size < 12 {
		return [2]int64{}, errors.New("sharding: staged Parquet fragment is too short")
	}
	if _, err := s.Spool.Range(size-8, 8).ReadAt(tail[:], 0); err != nil {
		return [2]int64{}, fmt.Errorf("sharding: spool: %w", err)
	}
	footer := int64(binary.LittleEndian.Uint32(tail[:4]))
	return [2]int64{4, size - 8 - footer - 4}, nil
}

// Receipts reads every shard's receipt. One that is missing or of another plan is an error: commit must wait for it.
func Receipts(ctx context.Context, store storage.Store, root storage.URI, digest string, shards int) ([]*Receipt, error) {
	out := make([]*Receipt, shards)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelReceipts)
	for i := range out {
		g.Go(func() error {
			r, err := Done(ctx, store, root, digest, i)
			if err == nil && r == nil {
				err = fmt.Errorf("sharding: shard %d has no receipt", i)
			}
			out[i] = r
			return err
		})
	}
	return out, g.Wait()
}
