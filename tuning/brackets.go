package tuning

import (
	"fmt"
	"math"
)

// Brackets decides which trials get how much resource (epochs, rounds): asynchronous Hyperband, which is the brackets of
// Li et al. (2018, Hyperband, JMLR 18) with the promotions of Li et al. (2020, A System for Massively Parallel
// Hyperparameter Tuning, MLSys: ASHA), so that no trial waits for another to end.
//
// A trial runs up to a rung of its bracket. There it goes on if it is among the best 1/Factor that got so far, else it is
// paused and may be promoted later, when others turn out worse: it then resumes from its checkpoint. Every bracket's last
// rung is Max. Its state marshals to JSON.
type Brackets struct {
	options BracketOptions
	rungs   [][]int // of each bracket, the one that starts with the least resource first
	shares  []int   // trials of each bracket in one round of Hyperband
	trials  []bracketed
}

// BracketOptions say how resource is spread.
type BracketOptions struct {
	Goal   Goal `json:"goal"`
	Min    int  `json:"min"`              // resource of the first rung, at least 1
	Max    int  `json:"max"`              // resource of a whole training, at least Min
	Factor int  `json:"factor,omitempty"` // one trial in so many is promoted, and its resource grows by as much; 0 is 3
	Trials int  `json:"trials,omitempty"` // how many trials to start; 0 is without limit
}

// Step is what to run next.
type Step struct {
	Trial int // from 1; a new one has the ID that the next Search.Ask gives, if each new Step asks once
	From  int // resource it has had: 0 for a new trial, else resume it from its checkpoint
	To    int // resource at which it is to be reported at the latest
}

// Verdict is what becomes of a running trial.
type Verdict int

// The verdicts.
const (
	Continue Verdict = iota // run on, up to Rung
	Pause                   // stop it, keep its checkpoint: Next may promote it
	Done                    // it had all it gets
)

// String names the verdict.
func (v Verdict) String() string {
	switch v {
	case Continue:
		return "continue"
	case Pause:
		return "pause"
	}
	return "done"
}

// bracketed is a trial in a bracket.
type bracketed struct {
	Bracket int       `json:"bracket"`
	Rung    int       `json:"rung"`             // it runs towards, or is paused at
	Values  []float64 `json:"values,omitempty"` // at each rung it has reached
	Paused  bool      `json:"paused,omitempty"`
	Over    bool      `json:"over,omitempty"` // had Max, ended by itself or failed
}

// NewBrackets makes the schedule. It fails with an *OptionError.
func NewBrackets(o BracketOptions) (*Brackets, error) {
	if o.Factor == 0 {
		o.Factor = 3
	}
	if o.Goal == "" {
		o.Goal = Minimize
	}
	switch {
	case o.Goal != Minimize && o.Goal != Maximize:
		return nil, &OptionError{"Goal", fmt.Sprintf("unknown goal %q", o.Goal)}
	case o.Min < 1:
		return nil, &OptionError{"Min", fmt.Sprintf("%d is below 1", o.Min)}
	case o.Max < o.Min:
		return nil, &OptionError{"Max", fmt.Sprintf("%d is below Min, %d", o.Max, o.Min)}
	case o.Factor < 2:
		return nil, &OptionError{"Factor", fmt.Sprintf("%d is below 2", o.Factor)}
	case o.Trials < 0:
		return nil, &OptionError{"Trials", fmt.Sprintf("%d is negative", o.Trials)}
	}
	b := &Brackets{options: o}
	b.plan()
	return b, nil
}

// plan lays the brackets out: bracket s, from the most to the least, starts at Max/Factor^s.
func (b *Brackets) plan() {
	most := 0
	for r := b.options.Max / b.options.Factor; r >= b.options.Min; r /= b.options.Factor {
		most++
	}
	for s := most; s >= 0; s-- {
		var rungs []int
		for k := s; k >= 0; k-- {
			rungs = append(rungs, int(math.Round(float64(b.options.Max)/math.Pow(float64(b.options.Factor), float64(k)))))
		}
		b.rungs = append(b.rungs, rungs)
		b.shares = append(b.shares, int(math.Ceil(float64(most+1)/float64(s+1)*math.Pow(float64(b.options.Factor), float64(s)))))
	}
}

// Next is what to run on a free slot: what Promote says, else what Start does. False when there is nothing to run now: after
// a Report there may be.
func (b *Brackets) Next() (Step, bool) {
	if step, ok := b.Promote(); ok {
		return step, true
	}
	return b.Start()
}

// Promote lets a paused trial go on: the best on the highest rung on which one may. False where none may now.
func (b *Brackets) Promote() (Step, bool) {
	i, ok := b.promotable()
	if !ok {
		return Step{}, false
	}
	t := &b.trials[i]
	from := b.rungs[t.Bracket][t.Rung]
	t.Paused = false
	t.Rung++
	return Step{Trial: i + 1, From: from, To: b.Rung(i + 1)}, true
}

// Start begins a new trial in the bracket that is furthest behind its share; false when there are as many as there may be.
func (b *Brackets) Start() (Step, bool) {
	if b.options.Trials > 0 && len(b.trials) >= b.options.Trials {
		return Step{}, false
	}
	b.trials = append(b.trials, bracketed{Bracket: b.emptiest()})
	n := len(b.trials)
	return Step{Trial: n, To: b.Rung(n)}, true
}

// Finished tells whether nothing runs and nothing more will.
func (b *Brackets) Finished() bool {
	for _, t := range b.trials {
		if !t.Paused && !t.Over {
			return false
		}
	}
	_, more := b.promotable()
	return !more && b.options.Trials > 0 && len(b.trials) >= b.options.Trials
}

// Rung is the resource up to which a trial runs, or is paused at; 0 for an unknown trial.
func (b *Brackets) Rung(trial int) int {
	if trial < 1 || trial > len(b.trials) {
		return 0
	}
	t := b.trials[trial-1]
	return b.rungs[t.Bracket][t.Rung]
}

// Report notes what a running trial has reached with the resource it has used so far, and says what becomes of it. Between
// rungs that is Continue, so every epoch can be reported. A failed result ends the trial. It fails with a *TrialError if
// the trial does not run.
func (b *Brackets) Report(trial, resource int, r Result) (Verdict, error) {
	t, err := b.running(trial)
	if err != nil {
		return Done, err
	}
	if r.failed() {
		t.Over = true
		return Done, nil
	}
	rungs := b.rungs[t.Bracket]
	for resource >= rungs[t.Rung] {
		t.Values = append(t.Values, r.Value)
		if t.Rung == len(rungs)-1 {
			t.Over = true
			return Done, nil
		}
		if !b.leads(trial - 1) {
			t.Paused = true
			return Pause, nil
		}
		t.Rung++
	}
	return Continue, nil
}

// End notes that a running trial ended by itself short of its rung, with this result: it converged, say. It is not run again,
// but its value counts on the rung it was bound for. It fails with a *TrialError if the trial does not run.
func (b *Brackets) End(trial int, r Result) error {
	t, err := b.running(trial)
	if err != nil {
		return err
	}
	t.Over = true
	if !r.failed() {
		t.Values = append(t.Values, r.Value)
	}
	return nil
}

func (b *Brackets) running(trial int) (*bracketed, error) {
	if trial < 1 || trial > len(b.trials) {
		return nil, &TrialError{ID: trial}
	}
	t := &b.trials[trial-1]
	if t.Paused || t.Over {
		return nil, &TrialError{ID: trial, Told: true}
	}
	return t, nil
}

// promotable finds the paused trial to promote: on the highest rung, and there the best.
func (b *Brackets) promotable() (int, bool) {
	found := -1
	for i, t := range b.trials {
		if !t.Paused || !b.leads(i) {
			continue
		}
		if found < 0 || b.before(i, found) {
			found = i
		}
	}
	return found, found >= 0
}

// before orders promotions: more resource first, then the better value, then the older trial.
func (b *Brackets) before(i, j int) bool {
	ri, rj := b.Rung(i+1), b.Rung(j+1)
	if ri != rj {
		return ri > rj
	}
	s, t := b.trials[i], b.trials[j]
	return b.options.Goal.Better(s.Values[s.Rung], t.Values[t.Rung])
}

// leads tells whether a trial is among the best 1/Factor of those that reached its rung in its bracket.
func (b *Brackets) leads(i int) bool {
	me := b.trials[i]
	reached, ahead := 0, 0
	for j, t := range b.trials {
		if t.Bracket != me.Bracket || len(t.Values) <= me.Rung {
			continue
		}
		reached++
		v, w := t.Values[me.Rung], me.Values[me.Rung]
		if b.options.Goal.Better(v, w) || v == w && j < i {
			ahead++
		}
	}
	return ahead < reached/b.options.Factor
}

// emptiest is the bracket that is furthest behind its share of the trials.
func (b *Brackets) emptiest() int {
	counts := make([]int, len(b.rungs))
	for _, t := range b.trials {
		counts[t.Bracket]++
	}
	least := 0
	for s := range counts {
		if counts[s]*b.shares[least] < counts[least]*b.shares[s] {
			least = s
		}
	}
	return least
}
