package activities

import (
	"context"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
)

// outcome is how working a span ended.
type outcome struct {
	Rows   int64  // records read
	Reason string `json:",omitempty"` // why it cannot be worked; empty if it can
}

// isolation finds what cannot be worked in a shard by working ever smaller parts of it.
type isolation struct {
	shard sharding.Shard
	open  func(sharding.Run) (dataset.Object, dataset.Media, error)
	// try works a span, whose output is thrown away. An error says nothing of the span.
	try func(context.Context, span) (outcome, error)

	found faults
}

// run tries each unit of the shard.
func (s *isolation) run(ctx context.Context) (faults, error) {
	s.found = make(faults)
	for r, run := range s.shard.Runs {
		for u := range run.Units {
			whole, err := s.try(ctx, span{Run: r, Unit: u})
			if err != nil {
				return nil, err
			}
			if whole.Reason == "" {
				continue
			}
			if err := s.unit(ctx, at{r, u}, whole.Reason); err != nil {
				return nil, err
			}
		}
	}
	return s.found, nil
}

// unit searches a unit that cannot be worked as a whole. One whose halves all can is not at fault by itself.
func (s *isolation) unit(ctx context.Context, u at, reason string) error {
	object, media, err := s.open(s.shard.Runs[u.run])
	if err != nil {
		return err
	}
	unit := s.shard.Runs[u.run].Units[u.unit]
	f := new(unitFaults)
	if _, cuttable, err := dataset.Halve(ctx, object, media, unit); err != nil {
		return err
	} else if cuttable {
		if err := s.parts(ctx, u, object, media, unit, reason, f); err != nil {
			return err
		}
		if len(f.parts) > 1 || f.parts[0].reason != "" {
			s.found[u] = f
		}
		return nil
	}
	read, err := s.try(ctx, span{Run: u.run, Unit: u.unit, Rows: &rowRange{}})
	if err != nil {
		return err
	}
	if f.whole = read.Reason; f.whole == "" {
		f.rows = make(map[int64]string)
		if err := s.rows(ctx, u, rowRange{0, read.Rows}, f.rows); err != nil {
			return err
		}
	}
	if f.whole != "" || len(f.rows) > 0 {
		s.found[u] = f
	}
	return nil
}

// parts halves bytes that cannot be worked.
func (s *isolation) parts(ctx context.Context, u at, object dataset.Object, media dataset.Media, unit dataset.Unit, reason string, f *unitFaults) error {
	h, _, err := dataset.Halve(ctx, object, media, unit)
	if err != nil {
		return err
	}
	if h.Front == nil {
		if h.First == nil { // not a record's fault: what stands above the first one, or a blank line
			return clientf("%s: %s", object.Name(), reason)
		}
		o, err := s.try(ctx, span{Run: u.run, Unit: u.unit, Part: h.First})
		if err != nil {
			return err
		}
		if o.Reason == "" {
			f.parts = append(f.parts, part{Unit: unit})
		} else {
			f.parts = append(f.parts, part{*h.First, o.Reason})
		}
		return nil
	}
	before, bad := len(f.parts), false
	for _, half := range []*dataset.Unit{h.Front, h.Back} {
		o, err := s.try(ctx, span{Run: u.run, Unit: u.unit, Part: half})
		if err != nil {
			return err
		}
		if o.Reason == "" {
			f.parts = append(f.parts, part{Unit: *half})
			continue
		}
		bad = true
		if err := s.parts(ctx, u, object, media, *half, o.Reason, f); err != nil {
			return err
		}
	}
	if !bad { // only together they cannot be worked: they are left as they were
		f.parts = append(f.parts[:before], part{Unit: unit})
	}
	return nil
}

// rows halves records that cannot be worked.
func (s *isolation) rows(ctx context.Context, u at, r rowRange, bad map[int64]string) error {
	if r.To-r.From <= 1 {
		o, err := s.try(ctx, span{Run: u.run, Unit: u.unit, Rows: &r})
		if o.Reason != "" {
			bad[r.From] = o.Reason
		}
		return err
	}
	middle := r.From + (r.To-r.From)/2
	for _, half := range []rowRange{{r.From, middle}, {middle, r.To}} {
		o, err := s.try(ctx, span{Run: u.run, Unit: u.unit, Rows: &half})
		if err != nil {
			return err
		}
		if o.Reason == "" {
			continue
		}
		if err := s.rows(ctx, u, half, bad); err != nil {
			return err
		}
	}
	return nil
}
