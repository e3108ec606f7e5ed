package activities

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// PlanTuning checks what the document alone does not tell: objective, static hyperparameters and ranges against the
// algorithms, warm start against the parents. It fills in what Autotune leaves to us, and writes the plan that every step
// of the search follows.
//
// It returns a pointer because an error's empty answer is encoded too, and an empty document cannot be.
func (a *Activities) PlanTuning(ctx context.Context, ref protocol.TuningRef) (*protocol.TuningPlanned, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	job, err := jobs.ParseHyperParameterTuningJob(ref.Job.Document)
	if err != nil {
		return nil, err
	}
	at := a.tuningPlace(ref.Job.Name, protocol.TuningPlanObject)
	plan := new(tuningPlan)
	switch err := a.readJSON(ctx, at, plan); {
	case err == nil: // an earlier attempt's, which steps may follow already
		return a.planned(ref.Job.Name, plan)
	case !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrNoBucket):
		return nil, err
	}
	if plan, err = a.planTuning(ctx, ref, job); err != nil {
		return nil, err
	}
	if _, err := newSearch(plan); err != nil { // what a search would refuse is refused now
		return nil, err
	}
	if err := a.store.EnsureBucket(ctx, a.state.Bucket); err != nil {
		return nil, err
	}
	err = a.writeJSON(ctx, at, plan, storage.PutOptions{IfNoneMatch: true})
	if errors.Is(err, storage.ErrPrecondition) {
		err = a.readJSON(ctx, at, plan)
	}
	if err != nil {
		return nil, err
	}
	return a.planned(ref.Job.Name, plan)
}

func (a *Activities) planned(name string, plan *tuningPlan) (*protocol.TuningPlanned, error) {
	job, err := jobs.ParseHyperParameterTuningJob(plan.Document)
	if err != nil {
		return nil, err
	}
	return &protocol.TuningPlanned{
		Document: plan.Document, Most: mostOf(job), ParentBest: plan.ParentBest,
		Curves: a.tuningPlace(name, protocol.TuningCurves, "").String(),
	}, nil
}

func (a *Activities) planTuning(ctx context.Context, ref protocol.TuningRef, job *jobs.HyperParameterTuningJob) (*tuningPlan, error) {
	if job.Autotuned() {
		if err := autotune(job, a.declared); err != nil {
			return nil, err
		}
		if err := job.Validate(); err != nil {
			return nil, err
		}
	}
	for _, d := range job.Definitions() {
		if err := a.checkDefinition(job, d); err != nil {
			return nil, err
		}
	}
	plan := &tuningPlan{ARN: ref.ARN, Seed: seedOf(job)}
	if err := a.warmStart(ctx, job, plan); err != nil {
		return nil, err
	}
	var err error
	plan.Document, err = jobs.Encode(job)
	return plan, err
}

// seedOf is the document's RandomSeed; without one, a seed that comes of the job's name, so that a worker that plans anew
// plans the same.
func seedOf(job *jobs.HyperParameterTuningJob) uint64 {
	if seed := job.HyperParameterTuningJobConfig.RandomSeed; seed != nil {
		return uint64(*seed)
	}
	sum := sha256.Sum256([]byte(job.HyperParameterTuningJobName))
	return binary.BigEndian.Uint64(sum[:])
}

// declared are the hyperparameters of a definition's algorithm.
func (a *Activities) declared(d *jobs.HyperParameterTrainingJobDefinition) (algorithms.HyperParameters, error) {
	algorithm, err := a.algorithmOf(d)
	if err != nil {
		return nil, err
	}
	return algorithm.HyperParameters(), nil
}

func (a *Activities) algorithmOf(d *jobs.HyperParameterTrainingJobDefinition) (algorithms.Algorithm, error) {
	algorithm, err := a.registry.Find(orElse(d.AlgorithmSpecification.TrainingImage, d.AlgorithmSpecification.AlgorithmName))
	if err != nil {
		return nil, clientf("algorithmSpecification: %w", err)
	}
	return algorithm, nil
}

// errNoObjective is the service's text where nothing reports the objective (contract 1.6).
var errNoObjective = clientf("A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions.")

// checkDefinition holds a definition against its algorithm, and fills in the algorithm's metrics.
func (a *Activities) checkDefinition(job *jobs.HyperParameterTuningJob, d *jobs.HyperParameterTrainingJobDefinition) error {
	algorithm, err := a.algorithmOf(d)
	if err != nil {
		return err
	}
	if err := checkHyperParameters(algorithm.HyperParameters(), job, d); err != nil {
		return err
	}
	channels := make(map[string]*algorithms.Data, len(d.InputDataConfig))
	for _, c := range d.InputDataConfig {
		channels[c.ChannelName] = new(algorithms.Data)
	}
	if err := algorithms.CheckChannels(algorithm, channels); err != nil {
		return err
	}
	objective := job.Objective(d).MetricName
	defined := slices.ContainsFunc(d.AlgorithmSpecification.MetricDefinitions, func(m jobs.MetricDefinition) bool { return m.Name == objective })
	reporter, ok := algorithm.(algorithms.Reporter)
	if !ok {
		if !defined {
			return errNoObjective
		}
		return nil
	}
	if channel, _, _ := strings.Cut(objective, ":"); !defined && (!reporter.Reports(objective) || channels[channel] == nil) {
		return errNoObjective
	}
	if !defined {
		job.SetMetricDefinitions(d, reporter.MetricPatterns(objective))
	}
	return nil
}

// checkHyperParameters checks the static hyperparameters together with each end of the ranges, as if there were two
// training jobs with all the lowest and all the highest values, and each value of the categories by itself.
func checkHyperParameters(declared algorithms.HyperParameters, job *jobs.HyperParameterTuningJob, d *jobs.HyperParameterTrainingJobDefinition) error {
	ranges := job.Ranges(d)
	low, high := map[string]string{}, map[string]string{}
	for _, p := range ranges.IntegerParameterRanges {
		low[p.Name], high[p.Name] = p.MinValue, p.MaxValue
	}
	for _, p := range ranges.ContinuousParameterRanges {
		low[p.Name], high[p.Name] = p.MinValue, p.MaxValue
	}
	trials := []map[string]string{low, high}
	for _, p := range ranges.CategoricalParameterRanges {
		low[p.Name], high[p.Name] = p.Values[0], p.Values[0]
	}
	for _, p := range ranges.CategoricalParameterRanges {
		for _, value := range p.Values[1:] {
			one := cloneWith(low, p.Name, value)
			trials = append(trials, one)
		}
	}
	for _, values := range trials {
		if _, err := declared.Parse(job.Child(d, "", values).HyperParameters); err != nil {
			return err
		}
	}
	return nil
}

func cloneWith(m map[string]string, name, value string) map[string]string {
	c := make(map[string]string, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	c[name] = value
	return c
}
