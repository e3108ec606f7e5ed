package sharding

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// assembler puts a plan's outputs together.
type assembler struct {
	store    storage.Store
	root     storage.URI
	plan     *Plan
	receipts *Receipts
	opt      CommitOptions
	first    []int // see summarise
	shared   *recent[storage.URI, []byte]

	mu      sync.Mutex
	done    []*ManifestOutput // by output
	ended   []bool            // by output
	through int               // outputs before which none is missing
}

func newAssembler(store storage.Store, root storage.URI, plan *Plan, receipts *Receipts, first []int, opt CommitOptions) *assembler {
	return &assembler{
		store: store, root: root, plan: plan, receipts: receipts, opt: opt, first: first,
		shared: newRecent[storage.URI, []byte](sharedKept), done: make([]*ManifestOutput, len(plan.Outputs)), ended: make([]bool, len(plan.Outputs)),
	}
}

// run assembles all outputs, some at once, and lists them in the manifest in the plan's order.
func (a *assembler) run(ctx context.Context, m *Manifest) error {
	for from := 0; from < len(a.plan.Outputs); {
		to := from + slices.IndexFunc(a.plan.Outputs[from:], func(o Output) bool { return o.Format == Literal })
		if to < from {
			to = len(a.plan.Outputs)
		}
		if err := a.some(ctx, from, to); err != nil {
			return err
		}
		m.list(a.done[from:to])
		if from = to; from == len(a.plan.Outputs) {
			break
		}
		out := a.plan.Outputs[from]
		done, err := writeLiteral(ctx, a.store, out, m.Outputs, a.opt)
		if err != nil {
			return fmt.Errorf("sharding: assemble %s: %w", out.URI, err)
		}
		a.end(from, done)
		m.list(a.done[from : from+1])
		from++
	}
	return nil
}

// some assembles outputs from (inclusive) to (exclusive).
func (a *assembler) some(ctx context.Context, from, to int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, a.opt.Parallel))
	for i := from; i < to && ctx.Err() == nil; i++ {
		g.Go(func() error {
			done, err := a.output(ctx, a.plan.Outputs[i], i < a.opt.From)
			if err != nil {
				return fmt.Errorf("sharding: assemble %s: %w", a.plan.Outputs[i].URI, err)
			}
			a.end(i, done)
			return nil
		})
	}
	return g.Wait()
}

// end notes an output, which is nil if nothing is to be written for it.
func (a *assembler) end(i int, done *ManifestOutput) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done[i], a.ended[i] = done, true
	before := a.through
	for a.through < len(a.ended) && a.ended[a.through] {
		a.through++
	}
	if a.through > before && a.opt.Assembled != nil {
		a.opt.Assembled(a.through)
	}
}

// output puts one output together; with skip it only computes what an earlier attempt has written. Nil if no fragment has
// rows and the output is optional, or nothing says what a file without rows looks like.
func (a *assembler) output(ctx context.Context, out Output, skip bool) (*ManifestOutput, error) {
	uri, err := storage.ParseURI(out.URI)
	if err != nil {
		return nil, err
	}
	staged, err := a.staged(ctx, out)
	if err != nil {
		return nil, err
	}
	staged = filled(staged)
	if len(staged) == 0 && (out.Optional || out.Format == Parquet && out.Empty == nil) {
		return nil, nil
	}
	parts, done, err := out.parts(ctx, a.store, staged)
	if err != nil {
		return nil, err
	}
	done.URI, done.ContentType = out.URI, out.ContentType
	if skip {
		return done, nil
	}
	if len(staged) == 1 {
		if err := a.takeShared(ctx, staged[0], parts); err != nil {
			return nil, err
		}
	}
	_, err = a.store.Compose(ctx, uri, parts, storage.PutOptions{})
	return done, err
}

// staged finds what the shards have staged for an output, in order.
func (a *assembler) staged(ctx context.Context, out Output) (all []stagedPart, err error) {
	from, to := 0, a.receipts.shards
	if out.Input >= 0 {
		// The shard that ends with a later input may begin with this one.
		from, to = a.first[out.Input], min(a.first[out.Input+1]+1, to)
	}
	err = a.receipts.each(ctx, from, to, func(r *Receipt) error {
		f := r.Fragments[out.Fragment]
		parts := f.Parts
		if out.Input >= 0 {
			parts = partsOf(parts, out.Input)
		}
		for _, p := range parts {
			all = append(all, stagedPart{
				FragmentPart: p, uri: FragmentURI(a.root, r.Shard, out.Fragment), size: f.Size, etag: f.ETag, shared: len(f.Parts) > 1,
			})
		}
		return nil
	})
	return all, err
}

// filled leaves out parts without rows, but for the first where none has any: a table without rows is a file, too.
func filled(staged []stagedPart) []stagedPart {
	if i := slices.IndexFunc(staged, func(s stagedPart) bool { return s.Rows > 0 }); i < 0 {
		return staged[:min(1, len(staged))]
	}
	return slices.DeleteFunc(staged, func(s stagedPart) bool { return s.Rows == 0 })
}

// partsOf selects an input's part; parts are in input order.
func partsOf(parts []FragmentPart, input int) []FragmentPart {
	at, found := sort.Find(len(parts), func(i int) int { return input - parts[i].Input })
	if !found {
		return nil
	}
	return parts[at : at+1]
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

// stagedPart is a part of a fragment with the object it lies in.
type stagedPart struct {
	FragmentPart
	uri    storage.URI
	size   int64
	etag   string
	shared bool // by the parts of other runs
}

// parts lists what the output is composed of, with its rows, size and checksum, none of which needs the data read again.
func (out Output) parts(ctx context.Context, store storage.Store, staged []stagedPart) ([]storage.Part, *ManifestOutput, error) {
	c := new(composition)
	for _, s := range staged {
		c.done.Rows += s.Rows
	}
	switch {
	case out.Format == Lines:
		c.literal(out.Header)
		for i, s := range staged {
			if i > 0 {
				c.literal(out.Between)
			}
			c.add(s, s.Offset, s.Length, s.CRC)
		}
		c.literal(out.Footer)
	case len(staged) == 0:
		c.literal(out.Empty)
	case len(staged) == 1: // what one writer wrote is what assembling would make of it
		c.add(staged[0], staged[0].Offset, staged[0].Length, staged[0].CRC)
	default:
		if err := c.addParquet(ctx, store, staged); err != nil {
			return nil, nil, err
		}
	}
	return c.parts, &c.done, nil
}

// composition is an output in the making.
type composition struct {
	parts []storage.Part
	done  ManifestOutput
}

func (c *composition) literal(data []byte) {
	if len(data) == 0 {
		return
	}
	c.count(int64(len(data)), Checksum(storage.CRC64(data)))
	c.parts = append(c.parts, storage.Part{Bytes: data, Length: int64(len(data))})
}

// add adds a range of a fragment. What lies behind the range added last becomes one with it.
func (c *composition) add(s stagedPart, offset, length int64, crc Checksum) {
	c.count(length, crc)
	if n := len(c.parts); n > 0 {
		if last := &c.parts[n-1]; last.Source == s.uri && last.Offset+last.Length == offset {
			last.Length += length
			return
		}
	}
	c.parts = append(c.parts, storage.Part{Source: s.uri, ETag: s.etag, Offset: offset, Length: length})
}

func (c *composition) count(length int64, crc Checksum) {
	c.done.CRC64NVME = c.done.CRC64NVME.then(crc, length)
	c.done.Bytes += length
}

// addParquet makes one file of several. Each is a fragment by itself: an input that is read by several shards shares none of them.
func (c *composition) addParquet(ctx context.Context, store storage.Store, staged []stagedPart) error {
	objs := make([]dataset.Object, len(staged))
	for i, s := range staged {
		objs[i] = storage.NewObject(store, storage.Info{URI: s.uri, Size: s.size, ETag: s.etag})
	}
	pieces, err := dataset.AssembleParquet(ctx, objs)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		if p.Bytes != nil {
			c.literal(p.Bytes)
			continue
		}
		s := staged[p.Fragment]
		if p.Offset != s.Offset+s.Body[0] || p.Length != s.Body[1] {
			return fmt.Errorf("fragment %s: data region is [%d, +%d), receipt says [%d, +%d)", s.uri, p.Offset, p.Length, s.Offset+s.Body[0], s.Body[1])
		}
		c.add(s, p.Offset, p.Length, s.BodyCRC)
	}
	return nil
}
