package tuning

import (
	"cmp"
	"math"
	"slices"
)

const (
	finishedTrials = 5   // trials run to their end that it takes before one is stopped
	firstJudged    = 4   // the first epoch after which a trial may be stopped
	neighbours     = 3   // finished trials of the most similar course, by which a trial is judged
	alike          = 1   // is how far apart the shapes of two similar courses may be
	benefit        = 1.5 // times the greatest progress among them is what a trial is given the benefit of
)

// Stopper tells which running trial is hopeless: even if from here on it makes half as much progress again as any of the
// three finished trials whose course was most like its own, it ends worse than the best of them all. Progress is measured
// against how much the objective moved lately, so trials that learn slowly are held against such as do.
//
// It takes the place of the median rule of Golovin et al. (2017, Google Vizier, KDD), which SageMaker's guide describes. That
// one compares epoch by epoch, and so stops trials that learn slowly and end well. The idea to go by the course of earlier
// trials is that of Domhan, Springenberg and Hutter (2015, Speeding up automatic hyperparameter optimization of deep neural
// networks by extrapolation of learning curves, IJCAI), without their families of curves.
//
// The fields are the state and marshal to JSON. What it says depends on the curves alone, not on their order.
type Stopper struct {
	Goal Goal `json:"goal"`
	// MinTrials is how many other trials must have run to their end before one is stopped. 0 is 5.
	MinTrials int `json:"minTrials,omitempty"`
	// MinEpochs is how many epochs every trial is given, at least 4. 0 is 4.
	MinEpochs int `json:"minEpochs,omitempty"`
	// Curves holds what each trial reported, by trial ID.
	Curves map[int]*Curve `json:"curves,omitempty"`
}

// Report notes a trial's value after its next epoch, of total planned, and tells whether to stop it. One that reports what
// is no number is stopped as soon as there are finished trials enough, and teaches nothing.
func (s *Stopper) Report(trial, total int, value float64) bool {
	if s.Curves == nil {
		s.Curves = map[int]*Curve{}
	}
	c := s.Curves[trial]
	if c == nil {
		c = &Curve{}
		s.Curves[trial] = c
	}
	judged := c.add(total, value) && c.Epochs < total && c.Epochs >= cmp.Or(s.MinEpochs, firstJudged)
	if !judged || len(s.finished(trial)) < cmp.Or(s.MinTrials, finishedTrials) {
		return false
	}
	if c.Broken {
		return true
	}
	now, near, ok := s.near(trial)
	if !ok {
		return false
	}
	most := slices.MaxFunc(near, func(a, b course) int { return cmp.Compare(a.rest, b.rest) }).rest
	return s.Goal.Better(s.best(trial), now.after(s.Goal, benefit*most))
}

// Finish notes that a trial has run to its end: others are held against it.
func (s *Stopper) Finish(trial int) {
	if c := s.Curves[trial]; c != nil {
		c.Finished = true
	}
}

// Forecast is the value that a trial would end with if it made as much progress as the middle one of the three finished
// trials most like it; false if too little is known. For one that was stopped it says more about its point than its last
// value does, which depends on when it was stopped.
func (s *Stopper) Forecast(trial int) (value float64, ok bool) {
	now, near, ok := s.near(trial)
	if !ok {
		return 0, false
	}
	slices.SortFunc(near, func(a, b course) int { return cmp.Compare(a.rest, b.rest) })
	value = now.after(s.Goal, near[len(near)/2].rest)
	return value, finite(value)
}

// finished are the curves of other trials that have ended by themselves.
func (s *Stopper) finished(except int) []*Curve {
	var out []*Curve
	for id, c := range s.Curves {
		if id != except && c.Finished && !c.Broken && c.Epochs > 0 {
			out = append(out, c)
		}
	}
	return out
}

// best is the best value that a finished trial ended with.
func (s *Stopper) best(except int) float64 {
	best := s.Goal.sign() * math.Inf(1)
	for _, c := range s.finished(except) {
		if s.Goal.Better(c.Last, best) {
			best = c.Last
		}
	}
	return best
}

// near is the course of a trial so far and those of the finished trials most like it; false if there are too few, or the
// last epoch is not one looked at. A trial that was to be shorter than this one tells nothing about its later epochs.
func (s *Stopper) near(trial int) (now course, near []course, ok bool) {
	c := s.Curves[trial]
	if c == nil {
		return now, nil, false
	}
	if now, ok = c.course(s.Goal, c.Epochs); !ok {
		return now, nil, false
	}
	for _, o := range s.finished(trial) {
		if then, ok := o.course(s.Goal, c.Epochs); ok && o.Total >= c.Total && then.like(now) {
			near = append(near, then)
		}
	}
	if len(near) < neighbours {
		return now, nil, false
	}
	slices.SortFunc(near, func(a, b course) int {
		return cmp.Or(cmp.Compare(math.Abs(a.shape-now.shape), math.Abs(b.shape-now.shape)), cmp.Compare(b.rest, a.rest))
	})
	return now, near[:neighbours], true
}
