package sharding

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// A page of a plan holds up to pageShards shards, fewer where these have more than pageItems units, or pageItems inputs or outputs.
const (
	pageShards = 256
	pageItems  = 4096
)

// parallelPages is how many pages are written or read at once.
const parallelPages = 8

// pages says where a plan's lists lie: in one page within the head, or in objects named by what they hold.
type pages struct {
	Only    *page     `json:",omitempty"`
	Inputs  []pageRef `json:",omitempty"`
	Outputs []pageRef `json:",omitempty"`
	Shards  []pageRef `json:",omitempty"`
}

// pageRef names a page. Two planners that see different inputs write different pages, and the one whose head is stored has won.
type pageRef struct {
	First  int    // of what the page lists
	Digest string // of its bytes
}

// page is a part of a plan's lists.
type page struct {
	Inputs  []Input  `json:",omitempty"`
	Outputs []Output `json:",omitempty"`
	Shards  []Shard  `json:",omitempty"`
}

// pagesURI is the folder of an owner's pages. Another run's are not touched: its head may not be there yet.
func pagesURI(root storage.URI, owner string) storage.URI {
	return root.Join("plan", digest([]byte(owner)), "")
}

func pageURI(root storage.URI, owner string, ref pageRef, list string) storage.URI {
	return pagesURI(root, owner).Join(fmt.Sprintf("%s-%06d-%s.json", list, ref.First, ref.Digest))
}

// Names of a plan's lists.
const (
	listInputs  = "inputs"
	listOutputs = "outputs"
	listShards  = "shards"
)

// writePages stores the plan's lists and notes where.
func (p *Plan) writePages(ctx context.Context, store storage.Store, root storage.URI) error {
	p.Pages = pages{}
	shards := shardBounds(p.Shards)
	if len(shards) <= 1 && len(p.Inputs)+len(p.Outputs) <= pageItems {
		p.Pages.Only = &page{Inputs: p.Inputs, Outputs: p.Outputs, Shards: p.Shards}
		return nil
	}
	var err error
	write := func(list string, bounds []int, end int, of func(from, to int) page) (refs []pageRef) {
		if err == nil {
			refs, err = writeList(ctx, store, bounds, end, of, func(ref pageRef) storage.URI { return pageURI(root, p.Owner, ref, list) })
		}
		return refs
	}
	p.Pages.Inputs = write(listInputs, everyPage(len(p.Inputs)), len(p.Inputs), func(i, j int) page { return page{Inputs: p.Inputs[i:j]} })
	p.Pages.Outputs = write(listOutputs, everyPage(len(p.Outputs)), len(p.Outputs), func(i, j int) page { return page{Outputs: p.Outputs[i:j]} })
	p.Pages.Shards = write(listShards, shards, len(p.Shards), func(i, j int) page { return page{Shards: p.Shards[i:j]} })
	return err
}

// everyPage is where pages of a list of n begin.
func everyPage(n int) (bounds []int) {
	for i := 0; i < n; i += pageItems {
		bounds = append(bounds, i)
	}
	return bounds
}

// shardBounds is where pages of shards begin.
func shardBounds(shards []Shard) (bounds []int) {
	units := 0
	for i, s := range shards {
		n := 0
		for _, r := range s.Runs {
			n += len(r.Units)
		}
		if len(bounds) == 0 || i-bounds[len(bounds)-1] == pageShards || units+n > pageItems {
			bounds, units = append(bounds, i), 0
		}
		units += n
	}
	return bounds
}

// writeList stores the pages that begin at bounds, the last of which ends at end.
func writeList(ctx context.Context, store storage.Store, bounds []int, end int, of func(from, to int) page, at func(pageRef) storage.URI) ([]pageRef, error) {
	refs := make([]pageRef, len(bounds))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelPages)
	for i, from := range bounds {
		to := end
		if i+1 < len(bounds) {
			to = bounds[i+1]
		}
		g.Go(func() error {
			data, err := json.Marshal(of(from, to))
			if err != nil {
				return fmt.Errorf("sharding: encode plan: %w", err)
			}
			refs[i] = pageRef{First: from, Digest: digest(data)}
			if _, err := storage.WriteAll(ctx, store, at(refs[i]), data, storage.PutOptions{ContentType: "application/json"}); err != nil {
				return fmt.Errorf("sharding: write plan: %w", err)
			}
			return nil
		})
	}
	return refs, g.Wait()
}

// Lists reads the inputs and outputs of the plan.
func (h *Head) Lists(ctx context.Context, store storage.Store) (*Plan, error) {
	p := &Plan{Head: *h}
	inputs, err := h.readAll(ctx, store, listInputs, h.Pages.Inputs)
	if err != nil {
		return nil, err
	}
	outputs, err := h.readAll(ctx, store, listOutputs, h.Pages.Outputs)
	if err != nil {
		return nil, err
	}
	for _, page := range inputs {
		p.Inputs = append(p.Inputs, page.Inputs...)
	}
	for _, page := range outputs {
		p.Outputs = append(p.Outputs, page.Outputs...)
	}
	return p, nil
}

// ReadShards reads shards from (inclusive) to (exclusive), and none of the pages that hold only others.
func (h *Head) ReadShards(ctx context.Context, store storage.Store, from, to int) ([]Shard, error) {
	if from < 0 || to > h.ShardCount || from > to {
		return nil, fmt.Errorf("sharding: shards %d to %d of %d do not exist", from, to, h.ShardCount)
	}
	if h.Pages.Only != nil {
		return h.Pages.Only.Shards[from:to], nil
	}
	if from == to {
		return nil, nil
	}
	refs := h.Pages.Shards
	behind := func(shard int) int {
		return sort.Search(len(refs), func(i int) bool { return refs[i].First > shard })
	}
	refs = refs[behind(from)-1 : behind(to-1)]
	read, err := h.readAll(ctx, store, listShards, refs)
	if err != nil {
		return nil, err
	}
	var shards []Shard
	for _, page := range read {
		shards = append(shards, page.Shards...)
	}
	first := refs[0].First
	return slices.Clone(shards[from-first : to-first]), nil
}

// readAll reads the pages of a list.
func (h *Head) readAll(ctx context.Context, store storage.Store, list string, refs []pageRef) ([]*page, error) {
	if h.Pages.Only != nil {
		return []*page{h.Pages.Only}, nil
	}
	root, err := storage.ParseURI(h.Root)
	if err != nil {
		return nil, err
	}
	read := make([]*page, len(refs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelPages)
	for i, ref := range refs {
		g.Go(func() (err error) {
			read[i], err = readPage(ctx, store, pageURI(root, h.Owner, ref, list), ref)
			return err
		})
	}
	return read, g.Wait()
}

func readPage(ctx context.Context, store storage.Store, uri storage.URI, ref pageRef) (*page, error) {
	data, _, err := storage.ReadAll(ctx, store, uri)
	if err != nil {
		return nil, fmt.Errorf("sharding: read plan: %w", err)
	}
	if digest(data) != ref.Digest {
		return nil, jobs.Failf(jobs.ClientError, "plan %s was changed while the job was running", uri)
	}
	p := new(page)
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("sharding: plan %s: %w", uri, err)
	}
	return p, nil
}

// RemovePages removes the pages of a plan whose head was never stored.
func RemovePages(ctx context.Context, store storage.Store, root storage.URI, owner string) error {
	return removeUnder(ctx, store, pagesURI(root, owner), func(string) bool { return false })
}
