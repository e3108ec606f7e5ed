package sharding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/storage"
)

// CommitOptions steer Commit. The zero value commits from the start, without details, and removes what was staged.
type CommitOptions struct {
	// From is the output to go on with: those before it are known to be assembled by an earlier attempt.
	From int
	// Assembled is called when the number of outputs grows before which none is missing. It is never called twice at once.
	Assembled func(n int)
	// Record keeps what the receipts note, which are removed in the end. It is called first, so that it keeps also what a job that Check
	// refuses had come to, and again on every attempt.
	Record func(ctx context.Context, plan *Plan, receipts *Receipts) error
	// Check may refuse the commit, for example because too many rows were rejected. Nothing is visible yet.
	Check func(rows, rejected int64) error
	// Claim may refuse the commit, too; it is called after Check, and again on every attempt, with the plan and its digest.
	Claim func(ctx context.Context, plan *Plan, digest string) error
	// Details makes the manifest's details from the plan and the receipts.
	Details func(ctx context.Context, plan *Plan, receipts *Receipts) (json.RawMessage, error)
	// Literal makes the content of an output of format Literal from the outputs assembled before it.
	Literal func(out Output, before []ManifestOutput) ([]byte, error)
	// Parallel is how many outputs are assembled at once; 1 if zero.
	Parallel int
	// Keep leaves plan, fragments and receipts in place.
	Keep bool
}

// Commit makes the output of a planned job visible. Steps, each of which may be repeated after a crash: note what is at
// the outputs' places now; assemble every output from staged fragments; write the manifest if there is none; remove what
// was staged. A manifest that is there already means an earlier attempt got that far.
func Commit(ctx context.Context, store storage.Store, root storage.URI, opt CommitOptions) (*Manifest, error) {
	m, err := ReadManifest(ctx, store, ManifestURI(root))
	if err != nil {
		return nil, err
	}
	if m == nil {
		if m, err = assemble(ctx, store, root, opt); err != nil {
			return nil, err
		}
	}
	if opt.Keep {
		return m, nil
	}
	return m, RemoveStaged(ctx, store, root)
}

func assemble(ctx context.Context, store storage.Store, root storage.URI, opt CommitOptions) (*Manifest, error) {
	head, digest, err := ReadHead(ctx, store, PlanURI(root))
	if err != nil {
		return nil, err
	}
	plan, err := head.Lists(ctx, store)
	if err != nil {
		return nil, err
	}
	receipts := newReceipts(store, root, digest, head.ShardCount)
	m, first, err := summarise(ctx, plan, receipts)
	if err != nil {
		return nil, err
	}
	if opt.Record != nil {
		if err := opt.Record(ctx, plan, receipts); err != nil {
			return nil, err
		}
	}
	if opt.Check != nil {
		if err := opt.Check(m.Rows, m.Rejected); err != nil {
			return nil, err
		}
	}
	if opt.Claim != nil {
		if err := opt.Claim(ctx, plan, digest); err != nil {
			return nil, err
		}
	}
	if opt.Details != nil {
		if m.Details, err = opt.Details(ctx, plan, receipts); err != nil {
			return nil, err
		}
	}
	if err := noteBefore(ctx, store, root, plan); err != nil {
		return nil, err
	}
	if err := newAssembler(store, root, plan, receipts, first, opt).run(ctx, m); err != nil {
		return nil, err
	}
	return m, writeManifest(ctx, store, root, m)
}

// summarise begins the manifest and finds, by input, the first shard that reads it or one behind it, with one more at the end:
// shards are in input order.
func summarise(ctx context.Context, plan *Plan, receipts *Receipts) (m *Manifest, first []int, err error) {
	m = &Manifest{Version: manifestVersion, Kind: plan.Kind, Job: plan.Job, Inputs: make([]ManifestInput, len(plan.Inputs))}
	for i, in := range plan.Inputs {
		m.Inputs[i] = ManifestInput{URI: in.URI, ETag: in.ETag, Size: in.Size}
	}
	err = receipts.Each(ctx, func(r *Receipt) error {
		for _, run := range r.Runs {
			m.Inputs[run.Input].Rows += run.Rows
		}
		for last := r.Runs[len(r.Runs)-1].Input; len(first) <= last; {
			first = append(first, r.Shard)
		}
		m.Rows += r.Rows
		m.Rejected += r.Rejected
		return nil
	})
	for len(first) <= len(plan.Inputs) {
		first = append(first, receipts.shards)
	}
	return m, first, err
}

func writeManifest(ctx context.Context, store storage.Store, root storage.URI, m *Manifest) error {
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("sharding: encode manifest: %w", err)
	}
	_, err = storage.WriteAll(ctx, store, ManifestURI(root), append(data, '\n'),
		storage.PutOptions{IfNoneMatch: true, ContentType: "application/json"})
	if err != nil && !errors.Is(err, storage.ErrPrecondition) {
		return fmt.Errorf("sharding: write manifest: %w", err)
	}
	// ErrPrecondition: another attempt committed the same plan meanwhile, with the same bytes.
	return nil
}
