// Package sharding is the plan / shards / commit protocol: how one job's output is made by many attempts on many
// machines and yet appears once, whole, with the same bytes.
//
// A plan lists pinned inputs, their units and the shards units are grouped into; it is written once. A shard stages its
// output and then leaves a receipt; both are atomic puts with names and bytes that depend on the plan alone. Commit
// assembles the staged fragments in input order, then writes the manifest, which is the commit. The package knows the
// store and file formats; it knows no algorithm and no Temporal.
package sharding

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// Plan is everything attempts must agree on. It depends on the document and the input only.
type Plan struct {
	Version int
	Kind    string // workflow type
	Job     string
	// Owner is the workflow run that made the plan: what an earlier run of the same name left behind is not taken over.
	Owner  string
	Root   string  // s3:// URI of <S3OutputPath>/_batchmill/<job>/
	Inputs []Input // in key order
	Shards []Shard // in input order, see Cut
	// Outputs lists the final objects, in order of name; fragments of output o come from its input's shards.
	Outputs []Output
	// Params is what the job's own steps need to agree on besides (schema, model, split decision ...).
	Params json.RawMessage `json:",omitempty"`
}

// Input is one pinned input object.
type Input struct {
	URI  string
	Size int64
	ETag string
}

// Shard is what one attempt does: a run of a large input, or several small inputs, each whole. It says all that is to be known of
// its inputs.
type Shard struct {
	Runs []Run // in input order
}

// Run is a run of consecutive units of one input.
type Run struct {
	Input  int // its place in the plan
	Object Input
	Units  []dataset.Unit
}

// Output is one final object, assembled from the fragments named Fragment of the shards of one input, or of all inputs
// if Input is negative.
type Output struct {
	URI      string
	Input    int
	Fragment string // which of a shard's staged fragments
	Optional bool   `json:",omitempty"` // written only if some fragment has rows
	Format   Format
	Header   []byte `json:",omitempty"` // stands before the first fragment; line formats only
	// ContentType, with parameters, is how the assembled object is read; empty if it is not a table.
	ContentType string `json:",omitempty"`
}

// Format says how fragments are put together.
type Format string

const (
	// Lines fragments are joined byte for byte.
	Lines Format = "lines"
	// Parquet fragments become one Parquet file.
	Parquet Format = "parquet"
	// Literal outputs have no fragments: their content is made at commit.
	Literal Format = "literal"
)

// Object returns the input as a dataset object pinned to its ETag.
func (in Input) Object(store storage.Store) (dataset.Object, error) {
	uri, err := storage.ParseURI(in.URI)
	if err != nil {
		return nil, err
	}
	return storage.NewObject(store, storage.Info{URI: uri, Size: in.Size, ETag: in.ETag}), nil
}

// Rows is the number of records in the plan's units, -1 if some unit does not know.
func (p *Plan) Rows() int64 {
	var n int64
	for _, shard := range p.Shards {
		for _, run := range shard.Runs {
			for _, u := range run.Units {
				if u.Rows < 0 {
					return -1
				}
				n += u.Rows
			}
		}
	}
	return n
}

// Bytes is the size of all inputs.
func (p *Plan) Bytes() int64 {
	var n int64
	for _, in := range p.Inputs {
		n += in.Size
	}
	return n
}

// WritePlan stores the plan if none of its owner is there yet, and returns the one that is there: a second planner reads
// the first one's. The digest is of the stored bytes. A leftover of another run is removed first.
func WritePlan(ctx context.Context, store storage.Store, root storage.URI, p *Plan) (*Plan, string, error) {
	uri := PlanURI(root)
	p.Version, p.Root = planVersion, root.String()
	data, err := json.Marshal(p)
	if err != nil {
		return nil, "", fmt.Errorf("sharding: encode plan: %w", err)
	}
	_, err = store.Put(ctx, uri, bytes.NewReader(data), int64(len(data)),
		storage.PutOptions{IfNoneMatch: true, ContentType: "application/json"})
	if errors.Is(err, storage.ErrPrecondition) {
		return adoptPlan(ctx, store, root, p)
	}
	if err != nil {
		return nil, "", fmt.Errorf("sharding: write plan: %w", err)
	}
	return p, digest(data), nil
}

// adoptPlan takes the plan that is there, or clears it away and writes ours if it is another run's.
func adoptPlan(ctx context.Context, store storage.Store, root storage.URI, p *Plan) (*Plan, string, error) {
	there, sum, err := ReadPlan(ctx, store, PlanURI(root))
	if err != nil || there.Owner == p.Owner {
		return there, sum, err
	}
	m, err := ReadManifest(ctx, store, ManifestURI(root))
	if err != nil {
		return nil, "", err
	}
	if m != nil {
		return nil, "", fmt.Errorf("sharding: %s: %w", root, ErrCommitted)
	}
	if _, err := Rollback(ctx, store, root); err != nil {
		return nil, "", err
	}
	return WritePlan(ctx, store, root, p)
}

// ErrCommitted refuses a plan where another run's output is committed already.
var ErrCommitted = errors.New("the output of another run of this name is committed there")

// ReadPlan loads a plan and its digest.
func ReadPlan(ctx context.Context, store storage.Store, uri storage.URI) (*Plan, string, error) {
	data, _, err := storage.ReadAll(ctx, store, uri)
	if err != nil {
		return nil, "", fmt.Errorf("sharding: read plan: %w", err)
	}
	p := new(Plan)
	if err := json.Unmarshal(data, p); err != nil {
		return nil, "", fmt.Errorf("sharding: plan %s: %w", uri, err)
	}
	if p.Version != planVersion {
		return nil, "", fmt.Errorf("sharding: plan %s has version %d, this program knows %d", uri, p.Version, planVersion)
	}
	return p, digest(data), nil
}

const planVersion = 2

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
