package sharding

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// VerifyInputs checks a committed output against what it was made of: every input is still there with the size and the ETag it was
// read with, and the rows read of all inputs are those that the manifest accounts for. An input that was removed or replaced since is a
// problem of its own, not the output's.
func VerifyInputs(ctx context.Context, store storage.Store, m *Manifest, manifestURI storage.URI) ([]Problem, error) {
	found := make([]*Problem, len(m.Inputs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelLooks)
	for i, in := range m.Inputs {
		g.Go(func() (err error) {
			found[i], err = in.verify(gctx, store)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("sharding: verify inputs: %w", err)
	}
	var problems []Problem
	for _, p := range found {
		if p != nil {
			problems = append(problems, *p)
		}
	}
	return append(problems, m.sums(manifestURI)...), nil
}

// verify is nil if the input is as it was read.
func (in ManifestInput) verify(ctx context.Context, store storage.Store) (*Problem, error) {
	uri, err := storage.ParseURI(in.URI)
	if err != nil {
		return nil, err
	}
	info, err := store.Stat(ctx, uri)
	switch {
	case isAbsent(err):
		return &Problem{in.URI, Stale, "it was read, but is not there any more"}, nil
	case err != nil:
		return nil, err
	case info.Size != in.Size || info.ETag != in.ETag:
		return &Problem{in.URI, Stale, fmt.Sprintf("was replaced: %d bytes, ETag %s; read were %d bytes, ETag %s", info.Size, info.ETag, in.Size, in.ETag)}, nil
	}
	return nil, nil
}

// sums checks the manifest's counts against each other.
func (m *Manifest) sums(at storage.URI) (problems []Problem) {
	var read, written int64
	for _, in := range m.Inputs {
		read += in.Rows
	}
	if read != m.Rows {
		problems = append(problems, Problem{at.String(), Sums, fmt.Sprintf("%d rows in all, but %d of its inputs", m.Rows, read)})
	}
	if m.Kind != jobs.TransformKind.Name {
		return problems
	}
	for _, out := range m.Outputs {
		written += out.Rows
	}
	// Rejected records are in the reject file, and in an output, too, where they keep their place.
	if written != m.Rows && written != m.Rows+m.Rejected {
		problems = append(problems, Problem{at.String(), Sums, fmt.Sprintf("%d rows were read, but %d are in its outputs and reject file", m.Rows, written)})
	}
	return problems
}
