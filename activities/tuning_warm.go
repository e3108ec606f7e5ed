package activities

import (
	"context"
	"errors"
	"strconv"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/tuning"
)

// maxWarmChanges is how many hyperparameters may become static, or as static change their value, from a parent to the
// search that starts from it (contract 4.2).
const maxWarmChanges = 10

// parentSearch is a tuning job to start from.
type parentSearch struct {
	name   string
	d      jobs.HyperParameterTuningJobDescription
	trials []protocol.TrialEntry
}

// warmStart checks the parents and puts what they observed into the plan.
func (a *Activities) warmStart(ctx context.Context, job *jobs.HyperParameterTuningJob, plan *tuningPlan) error {
	w := job.WarmStartConfig
	if w == nil {
		return nil
	}
	plan.Warm = map[string][]tuning.Observation{}
	total := mostOf(job)
	for _, ref := range w.ParentHyperParameterTuningJobs {
		p, err := a.parent(ctx, ref.HyperParameterTuningJobName)
		if err != nil {
			return err
		}
		total += len(p.trials)
		if err := p.addTo(plan, job, w.WarmStartType); err != nil {
			return err
		}
	}
	if most := jobs.MaxTrainings(job.HyperParameterTuningJobConfig.Strategy); total > most {
		return clientf("warmStartConfig: the tuning job may have %d training jobs together with those of its parents, not %d", most, total)
	}
	return nil
}

// parent reads a tuning job that has ended.
func (a *Activities) parent(ctx context.Context, name string) (*parentSearch, error) {
	p := &parentSearch{name: name}
	err := a.readJSON(ctx, a.state.Join(protocol.DescriptionObject(jobs.TuningKind, name)...), &p.d)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket) {
		if _, err := a.store.Stat(ctx, a.tuningPlace(name, protocol.TuningPlanObject)); err == nil {
			return nil, clientf("warmStartConfig: tuning job %s has not ended: a parent must be Completed, Failed or Stopped", name)
		}
		return nil, clientf("warmStartConfig: %w", jobs.NotFound(jobs.TuningKind, name))
	}
	if err != nil {
		return nil, err
	}
	var trials protocol.Trials
	err = a.readJSON(ctx, a.tuningPlace(name, protocol.TuningTrials), &trials)
	if err != nil && !errors.Is(err, storage.ErrNotFound) { // one that failed to be planned has no trials
		return nil, err
	}
	p.trials = trials.Trials
	return p, nil
}

// addTo adds the parent's observations to the plan, definition by definition.
func (p *parentSearch) addTo(plan *tuningPlan, job *jobs.HyperParameterTuningJob, kind string) error {
	for _, d := range job.Definitions() {
		from := p.definition(d.DefinitionName)
		if from == nil {
			return clientf("warmStartConfig: tuning job %s has no definition %q", p.name, d.DefinitionName)
		}
		if err := p.check(job, d, from, kind); err != nil {
			return err
		}
		for _, t := range p.trials {
			if t.Summary.TrainingJobDefinitionName != d.DefinitionName {
				continue
			}
			if o, ok := observation(t, job.Ranges(d).Names(), from.StaticHyperParameters); ok {
				if kind == jobs.WarmStartTransfer {
					o.Task = p.name
				}
				plan.Warm[d.DefinitionName] = append(plan.Warm[d.DefinitionName], o)
			}
		}
	}
	if kind == jobs.WarmStartIdentical {
		p.offerBest(plan, job)
	}
	return nil
}

func (p *parentSearch) definition(name string) *jobs.HyperParameterTrainingJobDefinition {
	for _, d := range p.d.Definitions() {
		if d.DefinitionName == name {
			return d
		}
	}
	return nil
}

// observation is what a trial teaches about the hyperparameters of those names; one that was static in the trial has its
// static value.
func observation(t protocol.TrialEntry, names []string, static map[string]string) (tuning.Observation, bool) {
	value, found := t.Summary.Value()
	o := tuning.Observation{Values: map[string]string{}, Value: value, Failed: !found || t.Summary.ObjectiveStatus != jobs.ObjectiveSucceeded}
	for _, name := range names {
		text, ok := t.Summary.TunedHyperParameters[name]
		if !ok {
			text, ok = static[name]
		}
		if !ok {
			return o, false
		}
		o.Values[name] = text
	}
	return o, t.Summary.TrainingJobStatus.Terminal()
}

// offerBest keeps the parent's own best training job if it is the best of the parents so far. A warm start is not recursive
// (contract 4.2): the best of the parent's parents counts where they are named too.
func (p *parentSearch) offerBest(plan *tuningPlan, job *jobs.HyperParameterTuningJob) {
	if p.d.BestTrainingJob == nil {
		return
	}
	own := *p.d.BestTrainingJob
	own.TuningJobName = p.name
	value, ok := own.Value()
	if !ok {
		return
	}
	if plan.ParentBest != nil {
		if before, _ := plan.ParentBest.Value(); !jobs.Better(job.Objective(job.Definitions()[0]).Type, value, before) {
			return
		}
	}
	plan.ParentBest = &own
}

// check compares a definition with the parent's (contract 4.2).
func (p *parentSearch) check(job *jobs.HyperParameterTuningJob, d, from *jobs.HyperParameterTrainingJobDefinition, kind string) error {
	mine, its := job.Objective(d), p.d.Objective(from)
	if its == nil || *mine != *its {
		return clientf("warmStartConfig: the objective must be that of tuning job %s", p.name)
	}
	now, before := kindsOf(job.Ranges(d), d.StaticHyperParameters), kindsOf(p.d.Ranges(from), from.StaticHyperParameters)
	if len(now) != len(before) {
		return clientf("warmStartConfig: there must be as many static and tunable hyperparameters as in tuning job %s: %d, not %d", p.name, len(before), len(now))
	}
	changes := 0
	for name, k := range now {
		was, ok := before[name]
		if !ok {
			return clientf("warmStartConfig: tuning job %s has no hyperparameter %s", p.name, name)
		}
		switch {
		case k == "" && (was != "" || d.StaticHyperParameters[name] != from.StaticHyperParameters[name]):
			changes++
		case k != "" && was != "" && k != was:
			return clientf("warmStartConfig: hyperparameter %s is %s in tuning job %s, not %s", name, was, p.name, k)
		case k != "" && was == "" && k != algorithms.Categorical && !isNumber(from.StaticHyperParameters[name]):
			return clientf("warmStartConfig: hyperparameter %s is %q in tuning job %s, which is no number", name, from.StaticHyperParameters[name], p.name)
		}
	}
	if changes > maxWarmChanges {
		return clientf("warmStartConfig: at most %d hyperparameters may become static or change their static value since tuning job %s, not %d", maxWarmChanges, p.name, changes)
	}
	if kind == jobs.WarmStartIdentical && !sameWork(d, from) {
		return clientf("warmStartConfig: for %s, algorithm and input data must be those of tuning job %s", kind, p.name)
	}
	return nil
}

func isNumber(text string) bool { _, err := strconv.ParseFloat(text, 64); return err == nil }

// kindsOf tells the type of each tunable hyperparameter, and none for the static ones.
func kindsOf(r jobs.ParameterRanges, static map[string]string) map[string]algorithms.Type {
	all := map[string]algorithms.Type{}
	for name := range static {
		if name != jobs.TuningObjectiveKey {
			all[name] = ""
		}
	}
	for _, p := range r.IntegerParameterRanges {
		all[p.Name] = algorithms.Integer
	}
	for _, p := range r.ContinuousParameterRanges {
		all[p.Name] = algorithms.Continuous
	}
	for _, p := range r.CategoricalParameterRanges {
		all[p.Name] = algorithms.Categorical
	}
	return all
}

// sameWork tells whether two definitions train the same algorithm on the same data.
func sameWork(a, b *jobs.HyperParameterTrainingJobDefinition) bool {
	if a.AlgorithmSpecification.TrainingImage != b.AlgorithmSpecification.TrainingImage ||
		a.AlgorithmSpecification.AlgorithmName != b.AlgorithmSpecification.AlgorithmName || len(a.InputDataConfig) != len(b.InputDataConfig) {
		return false
	}
	places := map[string]jobs.S3DataSource{}
	for _, c := range a.InputDataConfig {
		if s := c.DataSource.S3DataSource; s != nil {
			places[c.ChannelName] = jobs.S3DataSource{S3Uri: s.S3Uri, S3DataType: s.S3DataType}
		}
	}
	for _, c := range b.InputDataConfig {
		s, before := c.DataSource.S3DataSource, places[c.ChannelName]
		if s == nil || before.S3Uri != s.S3Uri || before.S3DataType != s.S3DataType {
			return false
		}
	}
	return true
}
