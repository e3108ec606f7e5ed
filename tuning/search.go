package tuning

import (
	"slices"
)

// Search chooses trials. It is made by New or Resume, and is not safe for concurrent use.
type Search struct {
	space   Space
	options Options
	axes    []axis
	records []record // of trial i+1
	taken   map[string]struct{}
	drawn   int // points taken from the Sobol sequence
	warm    []Observation
	best    int // index of the best record, -1 before there is one
	belief  belief
}

// New starts a search. It fails with a *SpaceError or an *OptionError.
func New(space Space, o Options) (*Search, error) {
	o = o.withDefaults()
	if err := space.Check(); err != nil {
		return nil, err
	}
	if err := o.check(space); err != nil {
		return nil, err
	}
	space = slices.Clone(space)
	return &Search{space: space, options: o, axes: newAxes(space), taken: map[string]struct{}{}, best: -1}, nil
}

// Space is what is searched.
func (s *Search) Space() Space { return slices.Clone(s.space) }

// Options are those the search was made with, defaults filled in.
func (s *Search) Options() Options { return s.options }

// Asked is how many trials were given out.
func (s *Search) Asked() int { return len(s.records) }

// Ask gives out n new trials, which are pending until told. None equals an earlier one. There are fewer than n when the
// space holds no more.
func (s *Search) Ask(n int) ([]Trial, error) {
	var out []Trial
	for range n {
		r, ok := s.choose(len(s.records) + 1)
		if !ok {
			break
		}
		s.records = append(s.records, r)
		s.taken[r.point.key()] = struct{}{}
		out = append(out, s.trial(len(s.records)))
	}
	return out, nil
}

// choose picks the point of the next trial; false if the space holds no more.
func (s *Search) choose(id int) (record, bool) {
	var p point
	var ok bool
	switch s.options.Strategy {
	case Grid:
		p, ok = s.fromGrid(id)
	case Random:
		p, ok = s.fromRandom(id)
	case Sobol:
		p, ok = s.fromSobol(id)
	default:
		return s.fromModel(id)
	}
	return record{point: p}, ok
}

func (s *Search) isTaken(p point) bool {
	_, ok := s.taken[p.key()]
	return ok
}

// Tell says what became of a pending trial. It fails with a *TrialError.
func (s *Search) Tell(id int, r Result) error {
	if id < 1 || id > len(s.records) {
		return &TrialError{ID: id}
	}
	rec := &s.records[id-1]
	if rec.status != pending {
		return &TrialError{ID: id, Told: true}
	}
	if r.failed() {
		rec.status = failed
		return nil
	}
	rec.status, rec.value = told, r.Value
	s.noteBest(id - 1)
	return nil
}

// noteBest keeps the best record; of equal ones the one asked first.
func (s *Search) noteBest(i int) {
	if s.best < 0 {
		s.best = i
		return
	}
	was, is := s.records[s.best].value, s.records[i].value
	if s.options.Goal.Better(is, was) || is == was && i < s.best {
		s.best = i
	}
}

func (s *Search) trial(id int) Trial {
	return Trial{ID: id, Values: texts(s.axes, s.records[id-1].point)}
}

// Pending lists the trials that were given out and not told, in the order asked.
func (s *Search) Pending() []Trial {
	var out []Trial
	for i, r := range s.records {
		if r.status == pending {
			out = append(out, s.trial(i+1))
		}
	}
	return out
}

// Best is the trial with the best value and that value; false before any trial has one. Warm starts do not count.
func (s *Search) Best() (Trial, float64, bool) {
	if s.best < 0 {
		return Trial{}, 0, false
	}
	return s.trial(s.best + 1), s.records[s.best].value, true
}

// Observed lists the trials that were told, in the order asked.
func (s *Search) Observed() []Observation {
	var out []Observation
	for i, r := range s.records {
		if r.status != pending {
			out = append(out, Observation{Values: s.trial(i + 1).Values, Value: r.value, Failed: r.status == failed})
		}
	}
	return out
}
