package sharding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/storage"
)

// Receipt is the small object a finished shard leaves. It exists only if every fragment it names is staged.
type Receipt struct {
	Plan      string // digest of the plan the shard belongs to
	Shard     int
	Rows      int64 // read
	Rejected  int64
	Runs      []RunRows // of the shard, in order
	Fragments map[string]Fragment
	// Notes say how the shard went, in a form that the kind of job knows: times, attempts. They are for reports, and go into nothing
	// that is committed.
	Notes json.RawMessage `json:",omitempty"`
}

// RunRows says how many rows were read of a run's input.
type RunRows struct {
	Input int
	Rows  int64
}

// Fragment is one staged object of a shard: what its runs write to the outputs of one name, one behind the other.
type Fragment struct {
	Size  int64
	ETag  string
	Parts []FragmentPart // of the runs that have rows in it, in order
}

// FragmentPart is what one run contributes to a fragment: lines, or a whole Parquet file.
type FragmentPart struct {
	Input          int
	Offset, Length int64 // where in the fragment it lies
	Rows           int64
	CRC            Checksum
	// Body is the data region of a Parquet file (between its leading magic and its footer), as offset within the part and
	// length, and BodyCRC its checksum.
	Body    [2]int64 `json:",omitzero"`
	BodyCRC Checksum `json:",omitzero"`
}

// Rows is the number of records in the fragment.
func (f Fragment) Rows() int64 {
	var n int64
	for _, p := range f.Parts {
		n += p.Rows
	}
	return n
}

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

// SuspectURI is where it is noted what is known of a shard that attempts were lost with.
func SuspectURI(root storage.URI, shard int) storage.URI {
	return root.Join("suspects", fmt.Sprintf("%06d.json", shard))
}
