package sharding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// CommitOptions steer Commit. The zero value commits from the start, without details, and removes what was staged.
type CommitOptions struct {
	// From is the output to go on with: those before it are known to be assembled by an earlier attempt.
	From int
	// Assembled is called after each output, with the number assembled so far.
	Assembled func(n int)
	// Check may refuse the commit, for example because too many rows were rejected. Nothing is visible yet.
	Check func(rows, rejected int64) error
	// Claim may refuse the commit, too; it is called after Check, and again on every attempt, with the plan and its digest.
	Claim func(ctx context.Context, plan *Plan, digest string) error
	// Details makes the manifest's details from the receipts.
	Details func(ctx context.Context, receipts []*Receipt) (json.RawMessage, error)
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
	plan, digest, err := ReadPlan(ctx, store, PlanURI(root))
	if err != nil {
		return nil, err
	}
	receipts, err := Receipts(ctx, store, root, digest, len(plan.Shards))
	if err != nil {
		return nil, err
	}
	m := summarise(plan, receipts)
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
		if m.Details, err = opt.Details(ctx, receipts); err != nil {
			return nil, err
		}
	}
	if err := noteBefore(ctx, store, root, plan); err != nil {
		return nil, err
	}
	a := &assembler{store: store, root: root, plan: plan, receipts: receipts, opt: opt, first: firstShards(plan)}
	if err := a.run(ctx, m); err != nil {
		return nil, err
	}
	return m, writeManifest(ctx, store, root, m)
}

func summarise(plan *Plan, receipts []*Receipt) *Manifest {
	m := &Manifest{Version: manifestVersion, Kind: plan.Kind, Job: plan.Job, Inputs: make([]ManifestInput, len(plan.Inputs))}
	for i, in := range plan.Inputs {
		m.Inputs[i] = ManifestInput{URI: in.URI, ETag: in.ETag, Size: in.Size}
	}
	for i, r := range receipts {
		m.Inputs[plan.Shards[i].Input].Rows += r.Rows
		m.Rows += r.Rows
		m.Rejected += r.Rejected
	}
	return m
}

// assembler puts a plan's outputs together.
type assembler struct {
	store    storage.Store
	root     storage.URI
	plan     *Plan
	receipts []*Receipt
	opt      CommitOptions
	first    []int // by input, its first shard; one more at the end
}

// firstShards finds where each input's shards begin: shards are in input order.
func firstShards(plan *Plan) []int {
	first := make([]int, len(plan.Inputs)+1)
	at := 0
	for i := range first {
		for at < len(plan.Shards) && plan.Shards[at].Input < i {
			at++
		}
		first[i] = at
	}
	return first
}

// run assembles all outputs, some at once, and lists them in the manifest in the plan's order.
func (a *assembler) run(ctx context.Context, m *Manifest) error {
	step := max(1, a.opt.Parallel)
	for from := 0; from < len(a.plan.Outputs); from += step {
		outputs := a.plan.Outputs[from:min(from+step, len(a.plan.Outputs))]
		done := make([]*ManifestOutput, len(outputs))
		g, gctx := errgroup.WithContext(ctx)
		for i, out := range outputs {
			if out.Format == Literal {
				continue
			}
			g.Go(func() (err error) {
				if done[i], err = a.output(gctx, out, from+i < a.opt.From); err != nil {
					return fmt.Errorf("sharding: assemble %s: %w", out.URI, err)
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for i, out := range outputs {
			if out.Format == Literal {
				var err error
				if done[i], err = writeLiteral(ctx, a.store, out, m.Outputs, a.opt); err != nil {
					return fmt.Errorf("sharding: assemble %s: %w", out.URI, err)
				}
			}
			if done[i] != nil {
				m.Outputs = append(m.Outputs, *done[i])
				m.Bytes += done[i].Bytes
			}
		}
		if a.opt.Assembled != nil {
			a.opt.Assembled(from + len(outputs))
		}
	}
	return nil
}

// output puts one output together; with skip it only computes what an earlier attempt has written. Nil if no fragment has
// rows and the format needs some to be a file at all.
func (a *assembler) output(ctx context.Context, out Output, skip bool) (*ManifestOutput, error) {
	uri, err := storage.ParseURI(out.URI)
	if err != nil {
		return nil, err
	}
	from, to := 0, len(a.plan.Shards)
	if out.Input >= 0 {
		from, to = a.first[out.Input], a.first[out.Input+1]
	}
	var frags []fragment
	for i := from; i < to; i++ {
		if f, ok := a.receipts[i].Fragments[out.Fragment]; ok {
			frags = append(frags, fragment{f, FragmentURI(a.root, i, out.Fragment)})
		}
	}
	if len(frags) == 0 && (out.Format == Parquet || out.Optional) {
		return nil, nil
	}
	parts, done, err := out.parts(ctx, a.store, frags)
	if err != nil {
		return nil, err
	}
	done.URI, done.ContentType = out.URI, out.ContentType
	if skip {
		return done, nil
	}
	_, err = a.store.Compose(ctx, uri, parts, storage.PutOptions{})
	return done, err
}

// writeLiteral writes an output that is made at commit, such as a list of other outputs.
func writeLiteral(ctx context.Context, store storage.Store, out Output, before []ManifestOutput, opt CommitOptions) (*ManifestOutput, error) {
	uri, err := storage.ParseURI(out.URI)
	if err != nil {
		return nil, err
	}
	data, err := opt.Literal(out, before)
	if err != nil {
		return nil, err
	}
	if _, err := storage.WriteAll(ctx, store, uri, data, storage.PutOptions{}); err != nil {
		return nil, err
	}
	return &ManifestOutput{URI: out.URI, Bytes: int64(len(data)), CRC64NVME: Checksum(storage.CRC64(data))}, nil
}

type fragment struct {
	Fragment
	uri storage.URI
}

// parts lists what the output is composed of, with its rows, size and checksum, none of which needs the data read again.
func (out Output) parts(ctx context.Context, store storage.Store, frags []fragment) ([]storage.Part, *ManifestOutput, error) {
	done := &ManifestOutput{}
	var parts []storage.Part
	add := func(p storage.Part, crc Checksum) {
		parts = append(parts, p)
		done.CRC64NVME = done.CRC64NVME.then(crc, p.Length)
		done.Bytes += p.Length
	}
	for _, f := range frags {
		done.Rows += f.Rows
	}
	if out.Format == Lines {
		if len(out.Header) > 0 {
			add(storage.Part{Bytes: out.Header, Length: int64(len(out.Header))}, Checksum(storage.CRC64(out.Header)))
		}
		for _, f := range frags {
			add(storage.Part{Source: f.uri, ETag: f.ETag, Length: f.Size}, f.CRC)
		}
		return parts, done, nil
	}
	if len(frags) == 1 { // what one writer wrote is what assembling would make of it
		f := frags[0]
		add(storage.Part{Source: f.uri, ETag: f.ETag, Length: f.Size}, f.Whole)
		return parts, done, nil
	}
	objs := make([]dataset.Object, len(frags))
	for i, f := range frags {
		objs[i] = storage.NewObject(store, storage.Info{URI: f.uri, Size: f.Size, ETag: f.ETag})
	}
	pieces, err := dataset.AssembleParquet(ctx, objs)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range pieces {
		if p.Bytes != nil {
			add(storage.Part{Bytes: p.Bytes, Length: int64(len(p.Bytes))}, Checksum(storage.CRC64(p.Bytes)))
			continue
		}
		f := frags[p.Fragment]
		if p.Offset != f.Body[0] || p.Length != f.Body[1] {
			return nil, nil, fmt.Errorf("fragment %s: data region is [%d, +%d), receipt says [%d, +%d)", f.uri, p.Offset, p.Length, f.Body[0], f.Body[1])
		}
		add(storage.Part{Source: f.uri, ETag: f.ETag, Offset: p.Offset, Length: p.Length}, f.CRC)
	}
	return parts, done, nil
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
