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
	Head
	Inputs []Input // in key order
	// Outputs lists the final objects, in order of name; fragments of output o come from its input's shards.
	Outputs []Output
	// Shards, in input order, is what Cut makes. A plan that is read back has none: they are read a few at a time.
	Shards []Shard
}

// Head is what is stored as the plan: all but its lists, which lie in pages where they are long. So an attempt at a few of very
// many shards reads no more than it needs.
type Head struct {
	Version int
	Kind    string // workflow type
	Job     string
	// Owner is the workflow run that made the plan: what an earlier run of the same name left behind is not taken over.
	Owner string
	Root  string // s3:// URI of <S3OutputPath>/_batchmill/<job>/
	// Params is what the job's own steps need to agree on besides (schema, model, split decision ...).
	Params json.RawMessage `json:",omitempty"`

	InputCount int
	ShardCount int
	Bytes      int64 // of all inputs
	Rows       int64 // of all units, -1 if some unit does not know
	Pages      pages
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
	// Header stands before the first fragment, Between between two of them, Footer behind the last; line formats only.
	Header  []byte `json:",omitempty"`
	Between []byte `json:",omitempty"`
	Footer  []byte `json:",omitempty"`
	// Empty is the file without rows that is written where no shard reads the input; Parquet only. A shard that finds no rows stages such a
	// file.
	Empty []byte `json:",omitempty"`
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

// rows is the number of records in the plan's units, -1 if some unit does not know.
func (p *Plan) rows() int64 {
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

// bytes is the size of all inputs.
func (p *Plan) bytes() int64 {
	var n int64
	for _, in := range p.Inputs {
		n += in.Size
	}
	return n
}

// WritePlan stores the plan if none of its owner is there yet, and returns the head of the one that is there: a second planner
// reads the first one's. The digest is of the head, which holds those of its pages. A leftover of another run is removed first.
func WritePlan(ctx context.Context, store storage.Store, root storage.URI, p *Plan) (*Head, string, error) {
	p.Version, p.Root = planVersion, root.String()
	p.InputCount, p.ShardCount, p.Bytes, p.Rows = len(p.Inputs), len(p.Shards), p.bytes(), p.rows()
	if err := p.writePages(ctx, store, root); err != nil {
		return nil, "", err
	}
	data, err := json.Marshal(p.Head)
	if err != nil {
		return nil, "", fmt.Errorf("sharding: encode plan: %w", err)
	}
	_, err = store.Put(ctx, PlanURI(root), bytes.NewReader(data), int64(len(data)),
		storage.PutOptions{IfNoneMatch: true, ContentType: "application/json"})
	if errors.Is(err, storage.ErrPrecondition) {
		return adoptPlan(ctx, store, root, p)
	}
	if err != nil {
		return nil, "", fmt.Errorf("sharding: write plan: %w", err)
	}
	return &p.Head, digest(data), nil
}

// adoptPlan takes the plan that is there, or clears it away and writes ours if it is another run's.
func adoptPlan(ctx context.Context, store storage.Store, root storage.URI, p *Plan) (*Head, string, error) {
	there, sum, err := ReadHead(ctx, store, PlanURI(root))
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

// ReadHead loads a plan's head and its digest.
func ReadHead(ctx context.Context, store storage.Store, uri storage.URI) (*Head, string, error) {
	data, _, err := storage.ReadAll(ctx, store, uri)
	if err != nil {
		return nil, "", fmt.Errorf("sharding: read plan: %w", err)
	}
	h := new(Head)
	if err := json.Unmarshal(data, h); err != nil {
		return nil, "", fmt.Errorf("sharding: plan %s: %w", uri, err)
	}
	if h.Version != planVersion {
		return nil, "", fmt.Errorf("sharding: plan %s has version %d, this program knows %d", uri, h.Version, planVersion)
	}
	return h, digest(data), nil
}

const planVersion = 2

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
