package sharding

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// Report is what Verify found.
type Report struct {
	Kind     string
	Job      string
	Objects  int   // that the manifest lists
	Rows     int64 // read by the job
	Rejected int64
	Bytes    int64 // of the objects read back
	Problems []Problem
	Rescored int64 `json:",omitempty"` // rows that were predicted again
}

// OK tells whether the output is what the manifest says.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// Problem is one way in which an output differs from its manifest.
type Problem struct {
	URI    string
	Kind   ProblemKind
	Detail string
}

func (p Problem) String() string { return p.URI + ": " + string(p.Kind) + ": " + p.Detail }

// ProblemKind groups problems.
type ProblemKind string

// The kinds of problems.
const (
	Missing  ProblemKind = "missing"    // listed, but not there
	Size     ProblemKind = "size"       // has another length
	Damaged  ProblemKind = "checksum"   // has other bytes
	Miscount ProblemKind = "rows"       // holds another number of records, or cannot be read
	Extra    ProblemKind = "extra"      // is there, but no manifest lists it
	Stale    ProblemKind = "input"      // of inputs: is no longer what the job has read
	Sums     ProblemKind = "sums"       // of the manifest: what it counts does not add up
	Differs  ProblemKind = "prediction" // holds something else than is predicted again
	Unusable ProblemKind = "model"      // of the model: is not there, or no longer the one that was used
)

// parallelVerify is how many objects are read back at once.
const parallelVerify = 8

// Verify reads a committed output back. Every listed object must be there with its size, its CRC-64/NVME and its rows, and
// nothing else may lie where the job writes (see findExtra). progress, which may be nil, is told the bytes read so far and
// in all; it is never called twice at once. An output that is not what it should be is a Report with problems, not an
// error; no manifest is storage.ErrNotFound.
func Verify(ctx context.Context, store storage.Store, manifestURI storage.URI, progress func(done, total int64)) (*Report, error) {
	m, err := ReadManifest(ctx, store, manifestURI)
	if err == nil && m == nil {
		err = fmt.Errorf("sharding: manifest %s: %w", manifestURI, storage.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	v := &verifier{store: store, progress: progress, total: m.Bytes}
	found := make([]*Problem, len(m.Outputs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelVerify)
	for i, out := range m.Outputs {
		g.Go(func() (err error) {
			found[i], err = v.output(gctx, out)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("sharding: verify: %w", err)
	}
	r := &Report{Kind: m.Kind, Job: m.Job, Objects: len(m.Outputs), Rows: m.Rows, Rejected: m.Rejected, Bytes: v.done}
	for _, p := range found {
		if p != nil {
			r.Problems = append(r.Problems, *p)
		}
	}
	extra, err := findExtra(ctx, store, manifestURI, m)
	if err != nil {
		return nil, fmt.Errorf("sharding: verify: %w", err)
	}
	r.Problems = append(r.Problems, extra...)
	return r, nil
}

// verifier reads objects back and counts what it has read.
type verifier struct {
	store    storage.Store
	progress func(done, total int64)

	mu          sync.Mutex
	done, total int64
}

// Write counts bytes on their way into a checksum.
func (v *verifier) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done += int64(len(p))
	if v.progress != nil {
		v.progress(v.done, v.total)
	}
	return len(p), nil
}

// output checks one object, nil if it is as listed. Of several problems the first stands for those that follow from it.
func (v *verifier) output(ctx context.Context, want ManifestOutput) (*Problem, error) {
	problem := func(kind ProblemKind, format string, args ...any) (*Problem, error) {
		return &Problem{URI: want.URI, Kind: kind, Detail: fmt.Sprintf(format, args...)}, nil
	}
	uri, err := storage.ParseURI(want.URI)
	if err != nil {
		return nil, err
	}
	info, err := v.store.Stat(ctx, uri)
	switch {
	case isAbsent(err):
		return problem(Missing, "the manifest lists it, but it is not there")
	case err != nil:
		return nil, err
	case info.Size != want.Bytes:
		return problem(Size, "%d bytes, the manifest says %d", info.Size, want.Bytes)
	}
	sum, err := v.checksum(ctx, info)
	if err != nil {
		return nil, err
	}
	if sum != want.CRC64NVME {
		return problem(Damaged, "CRC-64/NVME %s, the manifest says %s", storage.FormatCRC64(uint64(sum)), storage.FormatCRC64(uint64(want.CRC64NVME)))
	}
	if want.ContentType == "" {
		return nil, nil // not a table
	}
	rows, err := countRows(ctx, storage.NewObject(v.store, info), want.ContentType)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return problem(Miscount, "cannot be read: %v", err)
	case rows != want.Rows:
		return problem(Miscount, "%d records, the manifest says %d", rows, want.Rows)
	}
	return nil, nil
}

func (v *verifier) checksum(ctx context.Context, info storage.Info) (Checksum, error) {
	h := storage.NewCRC64()
	if info.Size == 0 {
		return Checksum(h.Sum64()), nil
	}
	r, _, err := v.store.Get(ctx, info.URI, storage.GetOptions{IfMatch: info.ETag})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	_, err = io.Copy(h, io.TeeReader(r, v))
	return Checksum(h.Sum64()), err
}

// countRows counts an object's records: Parquet's by its footer, others by reading them.
func countRows(ctx context.Context, object dataset.Object, contentType string) (int64, error) {
	media, err := dataset.ParseMedia(contentType)
	if err != nil {
		return 0, err
	}
	// A target just below the size makes Units read lines through and count.
	units, err := dataset.Units(ctx, object, media, max(object.Size()-1, 1))
	if err != nil {
		return 0, err
	}
	var rows int64
	for _, u := range units {
		if u.Rows < 0 {
			return readRows(ctx, object, media)
		}
		rows += u.Rows
	}
	return rows, nil
}

// readRows counts the records of formats whose units do not know.
func readRows(ctx context.Context, object dataset.Object, media dataset.Media) (rows int64, err error) {
	r, err := dataset.NewReader(ctx, object, dataset.ReadOptions{Media: media})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return 0, err
		}
		rows += b.NumRows()
		b.Release()
	}
}

func sortProblems(p []Problem) []Problem {
	slices.SortFunc(p, func(a, b Problem) int { return strings.Compare(a.URI, b.URI) })
	return p
}
