package activities

import (
	"fmt"
	"math"
	"slices"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/tuning"
)

// search is a tuning job's search with all its trials. It changes by advance alone, so the same steps on the same plan
// always give the same search; it marshals to JSON.
type search struct {
	Seq         int // steps taken
	Searches    []*tuning.Search
	Brackets    []*tuning.Brackets `json:",omitempty"` // of a Hyperband search, one for each definition
	Plateau     tuning.Plateau
	Convergence tuning.Convergence
	Converged   bool `json:",omitempty"`
	Trials      []trialRecord
	Best        int    `json:",omitempty"` // number of the best trial, 0 before there is one
	Done        string `json:",omitempty"`
	Kept        [2]int // steps of the last two states kept
	Spent       []bool `json:",omitempty"` // by definition: its space holds no more points
	// AdoptAt holds for each definition the step at which its search adopts the open refit, 0 without one.
	AdoptAt []int `json:",omitempty"`

	refits []*refit // that run, by definition
	job    *jobs.HyperParameterTuningJob
	arn    string // of the tuning job
	quotas []int  // trials of each definition
}

// trialRecord is one trial.
type trialRecord struct {
	protocol.TrialEntry
	Definition int  `json:",omitempty"`
	ID         int  // in its definition's search
	Paused     bool `json:",omitempty"`
}

func (t *trialRecord) ended() bool { return t.Summary.TrainingJobStatus.Terminal() }

// newSearch begins a search by the plan.
func newSearch(plan *tuningPlan) (*search, error) {
	s := new(search)
	if err := s.bind(plan); err != nil {
		return nil, err
	}
	config := s.job.HyperParameterTuningJobConfig
	goal := tuning.Goal(s.job.Objective(s.job.Definitions()[0]).Type)
	s.Plateau.Goal, s.Convergence.Goal = goal, goal
	for i, d := range s.job.Definitions() {
		space, err := spaceOf(s.job.Ranges(d))
		if err != nil {
			return nil, err
		}
		s.Convergence.Parameters = max(s.Convergence.Parameters, len(space))
		one, err := tuning.New(space, tuning.Options{Strategy: strategyOf(config.Strategy), Goal: goal, Seed: plan.Seed + uint64(i), Ahead: true})
		if err != nil {
			return nil, clientf("%w", err)
		}
		if err := one.Warm(plan.Warm[d.DefinitionName]); err != nil {
			return nil, clientf("%w", err)
		}
		s.Searches = append(s.Searches, one)
		if config.Strategy != jobs.StrategyHyperband {
			continue
		}
		least, most := s.job.Resource(d)
		brackets, err := tuning.NewBrackets(tuning.BracketOptions{Goal: goal, Min: least, Max: most}) // how many there may be is for mayAsk
		if err != nil {
			return nil, clientf("%w", err)
		}
		s.Brackets = append(s.Brackets, brackets)
	}
	return s, nil
}

// strategyOf is how a search of that strategy draws its points.
func strategyOf(strategy string) tuning.Strategy {
	if strategy == jobs.StrategyHyperband {
		return tuning.Random
	}
	return tuning.Strategy(strategy)
}

// bind ties a search to its plan, which its JSON leaves out.
func (s *search) bind(plan *tuningPlan) error {
	job, err := jobs.ParseHyperParameterTuningJob(plan.Document)
	if err != nil {
		return err
	}
	s.job, s.arn, s.quotas = job, plan.ARN, quotasOf(job)
	return nil
}

// mostOf is how many training jobs a search may have.
func mostOf(job *jobs.HyperParameterTuningJob) int {
	n := 0
	for _, q := range quotasOf(job) {
		n += q
	}
	return n
}

// quotasOf shares the training jobs of a search among its definitions: of a grid each has its own, else each has as many.
func quotasOf(job *jobs.HyperParameterTuningJob) []int {
	config, definitions := job.HyperParameterTuningJobConfig, job.Definitions()
	most := config.ResourceLimits.MaxNumberOfTrainingJobs
	if most == 0 {
		most = jobs.MaxTrainings(config.Strategy)
	}
	quotas := make([]int, len(definitions))
	for i, d := range definitions {
		quotas[i] = most / len(definitions)
		if i < most%len(definitions) {
			quotas[i]++
		}
		if config.Strategy == jobs.StrategyGrid {
			quotas[i] = job.Ranges(d).GridSize()
		}
	}
	return quotas
}

// advance takes a step.
func (s *search) advance(step protocol.TuningStep) (protocol.TuningMoves, error) {
	var moves protocol.TuningMoves
	before := s.Best
	for _, r := range step.Reports {
		moves.Objectives = append(moves.Objectives, s.objectiveOf(r.Trial))
		if err := s.report(r, &moves); err != nil {
			return moves, err
		}
	}
	s.adopt(step.Seq)
	for slots := step.Slots - len(moves.Resume); slots > 0 && s.Done == ""; slots-- {
		more, err := s.next(step, &moves)
		if err != nil {
			return moves, err
		}
		if !more {
			break
		}
	}
	s.settle(step, &moves)
	s.Seq = step.Seq
	s.refit()
	moves.Done, moves.NotImproving, moves.Converged = s.Done, s.Plateau.NotImproving, s.Converged
	if s.Best != before {
		best := s.Trials[s.Best-1].Summary
		moves.Best = &best
	}
	return moves, nil
}

// settle notes that the search is exhausted, and finishes what is paused for good then.
func (s *search) settle(step protocol.TuningStep, moves *protocol.TuningMoves) {
	if s.Done != "" || step.Slots == 0 {
		return
	}
	if s.Brackets == nil {
		if s.exhausted() {
			s.Done = protocol.DoneExhausted
		}
		return
	}
	if slices.ContainsFunc(s.Trials, func(t trialRecord) bool { return !t.ended() && !t.Paused }) {
		return
	}
	for i := range s.Trials {
		if t := &s.Trials[i]; t.Paused && !t.ended() && !slices.Contains(moves.Finish, i+1) {
			moves.Finish = append(moves.Finish, i+1)
		}
	}
	s.Done = protocol.DoneExhausted
}

// exhausted tells whether no definition may have another trial.
func (s *search) exhausted() bool {
	for d := range s.Searches {
		if s.mayAsk(d) {
			return false
		}
	}
	return true
}

// mayAsk tells whether a definition may have another trial: one of its share, or of what those leave over whose spaces hold
// no more points.
func (s *search) mayAsk(d int) bool {
	if s.spent(d) {
		return false
	}
	if s.Searches[d].Asked() < s.quotas[d] {
		return true
	}
	left := 0
	for i, one := range s.Searches {
		if s.spent(i) || one.Asked() > s.quotas[i] {
			left += s.quotas[i] - one.Asked()
		}
	}
	return left > 0
}

func (s *search) spent(d int) bool { return s.Spent != nil && s.Spent[d] }

// objectiveOf is the metric of a trial.
func (s *search) objectiveOf(number int) string {
	if number < 1 || number > len(s.Trials) {
		return ""
	}
	return s.job.Objective(s.job.Definitions()[s.Trials[number-1].Definition]).MetricName
}

// report takes in what became of a trial.
func (s *search) report(r protocol.TrialReport, moves *protocol.TuningMoves) error {
	if r.Trial < 1 || r.Trial > len(s.Trials) {
		return fmt.Errorf("activities: tuning: report on trial %d of %d", r.Trial, len(s.Trials))
	}
	t := &s.Trials[r.Trial-1]
	if t.ended() {
		return nil
	}
	r.AddTo(&t.TrialEntry, s.objectiveOf(r.Trial))
	if r.Paused() {
		return s.paused(r, t, moves)
	}
	value, _ := t.Summary.Value()
	result := tuning.Result{Value: value, Failed: t.Summary.ObjectiveStatus != jobs.ObjectiveSucceeded}
	if s.Brackets != nil && !t.Paused {
		if err := s.Brackets[t.Definition].End(t.ID, result); err != nil {
			return err
		}
	}
	t.Paused = false
	if err := s.Searches[t.Definition].Tell(t.ID, lesson(r, result)); err != nil {
		return err
	}
	s.judge(r.Trial, result)
	return nil
}

// lesson is what a trial teaches the search: of one stopped early, what it would have come to. Its last value would say above
// all when it was stopped.
func lesson(r protocol.TrialReport, result tuning.Result) tuning.Result {
	if r.EarlyStopped && r.Forecast != nil && !result.Failed {
		result.Value = *r.Forecast
	}
	return result
}

// paused asks the brackets what becomes of a trial at a rung.
func (s *search) paused(r protocol.TrialReport, t *trialRecord, moves *protocol.TuningMoves) error {
	if s.Brackets == nil || t.Paused {
		return nil
	}
	result := tuning.Result{Failed: true}
	if r.Value != nil {
		result = tuning.Result{Value: *r.Value}
	}
	verdict, err := s.Brackets[t.Definition].Report(t.ID, r.Rounds, result)
	if err != nil {
		return err
	}
	t.Paused = true
	switch verdict {
	case tuning.Continue:
		t.Paused = false
		moves.Resume = append(moves.Resume, protocol.Trial{Number: r.Trial, Until: s.Brackets[t.Definition].Rung(t.ID)})
	case tuning.Done:
		moves.Finish = append(moves.Finish, r.Trial)
	}
	return nil
}

// judge holds a trial's result against the best one and the criteria for completion.
func (s *search) judge(number int, result tuning.Result) {
	if !result.Failed && (s.Best == 0 || s.Plateau.Goal.Better(result.Value, s.bestValue())) {
		s.Best = number
	}
	s.Plateau.Tell(result)
	s.Converged = s.Converged || s.Convergence.Tell(result) // which looks at all values, so not again
	c := s.job.HyperParameterTuningJobConfig.TuningJobCompletionCriteria
	if c == nil || s.Done != "" && s.Done != protocol.DoneExhausted {
		return
	}
	target, patience := c.TargetObjectiveMetricValue, c.BestObjectiveNotImproving
	switch {
	case target != nil && s.Best > 0 && !s.Plateau.Goal.Better(*target, s.bestValue()):
		s.Done = protocol.DoneTarget
	case patience != nil && patience.MaxNumberOfTrainingJobsNotImproving > 0 && s.Plateau.NotImproving >= patience.MaxNumberOfTrainingJobsNotImproving:
		s.Done = protocol.DoneNotImproving
	case s.Converged && c.ConvergenceDetected != nil && c.ConvergenceDetected.CompleteOnConvergence == "Enabled":
		s.Done = protocol.DoneConverged
	}
}

func (s *search) bestValue() float64 {
	if v, ok := s.Trials[s.Best-1].Summary.Value(); ok {
		return v
	}
	return math.NaN()
}

// next starts or resumes one trial, of the definition that has had the fewest; false when there is nothing to run now.
func (s *search) next(step protocol.TuningStep, moves *protocol.TuningMoves) (bool, error) {
	for range 2 { // in the first round a definition may turn out to leave its share to others
		for _, d := range s.order() {
			found, err := s.nextOf(d, step, moves)
			if found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}

// order lists the definitions by how many trials they have had.
func (s *search) order() []int {
	all := make([]int, len(s.Searches))
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, func(a, b int) int { return s.Searches[a].Asked() - s.Searches[b].Asked() })
	return all
}

// nextOf resumes a paused trial of a definition, or starts a new one where it may have one.
func (s *search) nextOf(d int, step protocol.TuningStep, moves *protocol.TuningMoves) (bool, error) {
	if promoted, err := s.promote(d, moves); promoted || err != nil {
		return promoted, err
	}
	if !s.mayAsk(d) {
		return false, nil
	}
	return s.ask(d, step, moves)
}

// promote resumes a paused trial of a Hyperband search.
func (s *search) promote(d int, moves *protocol.TuningMoves) (bool, error) {
	if s.Brackets == nil {
		return false, nil
	}
	for {
		run, ok := s.Brackets[d].Promote()
		if !ok {
			return false, nil
		}
		i := slices.IndexFunc(s.Trials, func(t trialRecord) bool { return t.Definition == d && t.ID == run.Trial })
		if s.Trials[i].ended() { // it was stopped from outside while it was paused
			if err := s.Brackets[d].End(run.Trial, tuning.Result{Failed: true}); err != nil {
				return false, err
			}
			continue
		}
		s.Trials[i].Paused = false
		moves.Resume = append(moves.Resume, protocol.Trial{Number: i + 1, Until: run.To})
		return true, nil
	}
}

// ask starts a new trial; false if the space holds no more points.
func (s *search) ask(d int, step protocol.TuningStep, moves *protocol.TuningMoves) (bool, error) {
	asked, err := s.Searches[d].Ask(1)
	if err != nil {
		return false, err
	}
	if len(asked) == 0 {
		if s.Spent == nil {
			s.Spent = make([]bool, len(s.Searches))
		}
		s.Spent[d] = true
		return false, nil
	}
	until := 0
	if s.Brackets != nil {
		run, _ := s.Brackets[d].Start() // as many as there are points; the bracket's trials have the search's IDs
		until = run.To
	}
	s.start(d, asked[0], until, step, moves)
	return true, nil
}

// start records a new trial.
func (s *search) start(d int, t tuning.Trial, until int, step protocol.TuningStep, moves *protocol.TuningMoves) {
	number := len(s.Trials) + 1
	name := jobs.ChildName(s.job.HyperParameterTuningJobName, number)
	trial := protocol.Trial{Number: number, Definition: d, Name: s.job.Definitions()[d].DefinitionName, Values: t.Values, Until: until}
	s.Trials = append(s.Trials, trialRecord{Definition: d, ID: t.ID, TrialEntry: trial.Entry(name, jobs.SiblingARN(s.arn, jobs.TrainingKind, name), step.At)})
	moves.Start = append(moves.Start, trial)
}
