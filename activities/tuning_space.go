package activities

import (
	"math"
	"strconv"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/tuning"
)

// scales are the axes of a document's ScalingType.
var scales = map[string]tuning.Scale{
	"": tuning.Auto, jobs.ScalingAuto: tuning.Auto, jobs.ScalingLinear: tuning.Linear,
	jobs.ScalingLogarithmic: tuning.Logarithmic, jobs.ScalingReverseLogarithmic: tuning.ReverseLogarithmic,
}

// spaceOf is the space that ranges span. The document's checks have read the bounds before.
func spaceOf(r jobs.ParameterRanges) (tuning.Space, error) {
	var space tuning.Space
	numeric := func(kind tuning.Kind, name, low, high, scale string) error {
		p := tuning.Parameter{Name: name, Kind: kind, Scale: scales[scale]}
		var err error
		if p.Min, err = strconv.ParseFloat(low, 64); err != nil {
			return clientf("range of %s: MinValue: %w", name, err)
		}
		if p.Max, err = strconv.ParseFloat(high, 64); err != nil {
			return clientf("range of %s: MaxValue: %w", name, err)
		}
		space = append(space, p)
		return nil
	}
	for _, p := range r.IntegerParameterRanges {
		if err := numeric(tuning.Integer, p.Name, p.MinValue, p.MaxValue, p.ScalingType); err != nil {
			return nil, err
		}
	}
	for _, p := range r.ContinuousParameterRanges {
		if err := numeric(tuning.Continuous, p.Name, p.MinValue, p.MaxValue, p.ScalingType); err != nil {
			return nil, err
		}
	}
	for _, p := range r.CategoricalParameterRanges {
		space = append(space, tuning.Parameter{Name: p.Name, Kind: tuning.Categorical, Values: p.Values})
	}
	return space, nil
}

// Autotune's choices where the document leaves them out.
const (
	autotuneTrainings  = 20 // and autotunePerRange more for each range
	autotunePerRange   = 10
	autotuneMaximum    = 200
	autotuneHintFactor = 10 // an AutoParameter without a declared range is searched from a tenth of its hint to ten times it
)

// autotune fills in what the document of an autotuned job leaves out (contract 4.3).
func autotune(job *jobs.HyperParameterTuningJob, declared func(*jobs.HyperParameterTrainingJobDefinition) (algorithms.HyperParameters, error)) error {
	config, ranges := &job.HyperParameterTuningJobConfig, 0
	if config.ParameterRanges != nil { // from now on each definition has its own
		for _, d := range job.Definitions() {
			own := *config.ParameterRanges
			d.HyperParameterRanges = &own
		}
		config.ParameterRanges = nil
	}
	for _, d := range job.Definitions() {
		parameters, err := declared(d)
		if err != nil {
			return err
		}
		own := job.Ranges(d)
		if len(own.Names()) == 0 {
			own = declaredRanges(parameters, d.StaticHyperParameters, config.Strategy)
		}
		for _, p := range own.AutoParameters {
			if err := addAutoRange(&own, p, parameters); err != nil {
				return err
			}
		}
		own.AutoParameters = nil
		d.HyperParameterRanges = &own
		ranges = max(ranges, len(own.Names()))
	}
	if config.ResourceLimits.MaxNumberOfTrainingJobs == 0 && config.Strategy != jobs.StrategyGrid {
		config.ResourceLimits.MaxNumberOfTrainingJobs = min(autotuneTrainings+autotunePerRange*ranges, autotuneMaximum)
	}
	if config.TrainingJobEarlyStoppingType == "" && config.Strategy != jobs.StrategyHyperband {
		config.TrainingJobEarlyStoppingType = "Auto"
	}
	if config.TuningJobCompletionCriteria == nil {
		config.TuningJobCompletionCriteria = &jobs.TuningJobCompletionCriteria{ConvergenceDetected: &jobs.ConvergenceDetected{CompleteOnConvergence: "Enabled"}}
	}
	return nil
}

// declaredRanges are the ranges that an algorithm advises, but for static hyperparameters and, where the strategy deals out
// rounds itself, their number.
func declaredRanges(parameters algorithms.HyperParameters, static map[string]string, strategy string) jobs.ParameterRanges {
	var r jobs.ParameterRanges
	for _, p := range parameters {
		if _, fixed := static[p.Name]; !fixed && p.Tunable != nil && (strategy != jobs.StrategyHyperband || p.Name != "num_round") {
			addRange(&r, p, p.Tunable.Min, p.Tunable.Max, string(p.Tunable.Scale))
		}
	}
	return r
}

func addRange(r *jobs.ParameterRanges, p algorithms.HyperParameter, low, high float64, scale string) {
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	if p.Type == algorithms.Integer {
		text = func(v float64) string { return strconv.FormatFloat(math.Round(v), 'f', 0, 64) }
		r.IntegerParameterRanges = append(r.IntegerParameterRanges, jobs.IntegerParameterRange{Name: p.Name, MinValue: text(low), MaxValue: text(high), ScalingType: scale})
		return
	}
	r.ContinuousParameterRanges = append(r.ContinuousParameterRanges, jobs.ContinuousParameterRange{Name: p.Name, MinValue: text(low), MaxValue: text(high), ScalingType: scale})
}

// addAutoRange gives a range to a hyperparameter of which only a likely value is known: the declared one, made to hold the
// value.
func addAutoRange(r *jobs.ParameterRanges, p jobs.AutoParameter, parameters algorithms.HyperParameters) error {
	declared, ok := parameters.Lookup(p.Name)
	if !ok {
		return clientf("autoParameters: Extraneous hyperparameter found: %s", p.Name)
	}
	if declared.Type == algorithms.Categorical {
		r.CategoricalParameterRanges = append(r.CategoricalParameterRanges, jobs.CategoricalParameterRange{Name: p.Name, Values: declared.Values})
		return nil
	}
	hint, err := strconv.ParseFloat(p.ValueHint, 64)
	if err != nil || declared.Type == algorithms.FreeText || !declared.Range.Contains(hint) {
		return clientf("autoParameters: Hyperparameter %s: %s is not in %s", p.Name, p.ValueHint, declared.Allowed())
	}
	low, high, scale := hint/autotuneHintFactor, hint*autotuneHintFactor, jobs.ScalingAuto
	if declared.Tunable != nil {
		low, high, scale = min(hint, declared.Tunable.Min), max(hint, declared.Tunable.Max), string(declared.Tunable.Scale)
	}
	low, high = min(low, high), max(low, high)
	for _, end := range []*float64{&low, &high} {
		if !declared.Range.Contains(*end) {
			*end = hint
		}
	}
	addRange(r, declared, low, high, scale)
	return nil
}
