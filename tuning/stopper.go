package tuning

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

const (
	finishedTrials = 5    // trials run to their end that it takes before one is stopped
	firstJudged    = 4    // the first epoch after which a trial may be stopped
	leastCourses   = 3    // finished trials, as long at least, that it takes to forecast one
	mostStopped    = 8    // trials are stopped one after the other; the next one is to show whether that was right
	hopeless       = 0.07 // is the chance to become the best at which one is stopped
)

// Stopper tells which running trial is hopeless: it becomes better than the best finished one with a probability of at most 7 %,
// as far as the curves of finished trials tell that were much like its own by the same epoch (see outlook). Where none was like it,
// little is known and it goes on. What is stopped teaches nothing, so when all are for a while, one goes on all the same.
//
// It takes the place of the median rule of Golovin et al. (2017, Google Vizier, KDD), which SageMaker's guide describes. That
// one compares epoch by epoch, and so stops trials that learn slowly and end well. To stop by the chance of becoming the best,
// forecast from the curve, is the predictive termination of Domhan, Springenberg and Hutter (2015, Speeding up automatic hyperparameter
// optimization of deep neural networks by extrapolation of learning curves, IJCAI); to learn the forecast from the curves of earlier
// trials instead of from families of functions is that of Baker et al. (2017, Accelerating neural architecture search using
// performance prediction, arXiv:1705.10823).
//
// The fields are the state and marshal to JSON. What it says depends on the curves and IDs alone, not on the order in which they came.
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
	if judged {
		c.Stopped = s.stops(trial, c)
	}
	return c.Stopped
}

// stops tells whether a trial is stopped after an epoch looked at.
func (s *Stopper) stops(trial int, c *Curve) bool {
	finished := s.finished(trial)
	if len(finished) < cmp.Or(s.MinTrials, finishedTrials) {
		return false
	}
	if c.Broken {
		return true
	}
	o, ok := s.outlook(c, finished)
	return ok && o.atBest(hopeless) > o.best && s.stoppedBefore(trial) < mostStopped
}

// stoppedBefore is how many of the trials asked just before this one were stopped, since the last that came to its end.
func (s *Stopper) stoppedBefore(trial int) int {
	n := 0
	for _, id := range slices.Sorted(maps.Keys(s.Curves)) {
		switch c := s.Curves[id]; {
		case id >= trial:
			return n
		case c.Finished:
			n = 0
		case c.Stopped:
			n++
		}
	}
	return n
}

// Finish notes that a trial has run to its end: others are held against it.
func (s *Stopper) Finish(trial int) {
	if c := s.Curves[trial]; c != nil {
		c.Finished = true
	}
}

// Forecast is the value that a trial most likely ends with; false if too little is known. For one that was stopped it says more
// about its point than its last value does, which depends on when it was stopped.
func (s *Stopper) Forecast(trial int) (value float64, ok bool) {
	c := s.Curves[trial]
	if c == nil {
		return 0, false
	}
	o, ok := s.outlook(c, s.finished(trial))
	return s.Goal.sign() * o.expected(), ok
}

// finished are the curves of other trials that have ended by themselves, in the order of their IDs: sums depend on it.
func (s *Stopper) finished(except int) []*Curve {
	var out []*Curve
	for _, id := range slices.Sorted(maps.Keys(s.Curves)) {
		if c := s.Curves[id]; id != except && c.Finished && !c.Broken && len(c.Values) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// outlook is that of a trial after its last epoch; false if there are too few finished ones to go by, or the epoch is not one looked at.
// A trial that was to be shorter than this one tells nothing about its later epochs.
func (s *Stopper) outlook(c *Curve, finished []*Curve) (outlook, bool) {
	now, ok := c.course(s.Goal, c.Epochs)
	if !ok {
		return outlook{}, false
	}
	best := math.Inf(1)
	var then []course
	var ways []float64
	for _, o := range finished {
		best = min(best, s.Goal.sign()*o.Last)
		if k, ok := o.course(s.Goal, c.Epochs); ok && o.Total >= c.Total {
			then, ways = append(then, k), append(ways, extent(o.Values))
		}
	}
	if len(then) < leastCourses {
		return outlook{}, false
	}
	slices.Sort(ways)
	return newOutlook(now, then, best, stillShare*ways[len(ways)/2])
}
