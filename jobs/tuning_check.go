package jobs

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Limits of a tuning job (contract 4.2).
const (
	maxRanges               = 30     // hyperparameters searched
	maxHyperParameters      = 100    // searched and static ones, with the objective's
	maxParallelTrainings    = 100    // the service's own limit where it was raised
	maxTrainings            = 750    // training jobs of a search
	maxIndependentTrainings = 10_000 // of a search whose points do not depend on each other
	maxHyperbandResource    = 20_000
)

// TuningObjectiveKey is the hyperparameter by which a training job is told the objective of its search.
const TuningObjectiveKey = "_tuning_objective_metric"

// MaxTrainings is how many training jobs a search of that strategy may have.
func MaxTrainings(strategy string) int {
	if strategy == StrategyRandom || strategy == StrategySobol {
		return maxIndependentTrainings
	}
	return maxTrainings
}

func (j *HyperParameterTuningJob) crossCheck(r *report) {
	j.checkDefinitions(r)
	j.checkLimits(r)
	j.checkHyperband(r)
	j.checkWarmStart(r)
}

// definitionPath is where the i-th definition stands in the document.
func (j *HyperParameterTuningJob) definitionPath(i int) string {
	if j.TrainingJobDefinition != nil {
		return "trainingJobDefinition"
	}
	return fmt.Sprintf("trainingJobDefinitions.%d.member", i+1)
}

func (j *HyperParameterTuningJob) checkDefinitions(r *report) {
	config := &j.HyperParameterTuningJobConfig
	switch {
	case j.TrainingJobDefinition != nil && len(j.TrainingJobDefinitions) > 0:
		r.add("trainingJobDefinitions", showValue(j.TrainingJobDefinitions), "Member must be absent when TrainingJobDefinition is given")
	case j.TrainingJobDefinition == nil && len(j.TrainingJobDefinitions) == 0:
		if !r.has("trainingJobDefinitions") && !r.has("trainingJobDefinition") {
			r.add("trainingJobDefinition", nil, "Member must not be null")
		}
	case j.TrainingJobDefinition != nil:
		j.checkSingle(r)
	default:
		const path = "hyperParameterTuningJobConfig."
		if config.HyperParameterTuningJobObjective != nil {
			r.add(path+"hyperParameterTuningJobObjective", showValue(config.HyperParameterTuningJobObjective),
				"Member must be absent when TrainingJobDefinitions are given: each has its TuningObjective")
		}
		if config.ParameterRanges != nil {
			r.add(path+"parameterRanges", showValue(config.ParameterRanges),
				"Member must be absent when TrainingJobDefinitions are given: each has its HyperParameterRanges")
		}
		j.checkListed(r)
	}
	for i, d := range j.Definitions() {
		j.checkDefinition(r, d, j.definitionPath(i))
	}
}

// checkSingle checks that objective and ranges of the only definition are given once.
func (j *HyperParameterTuningJob) checkSingle(r *report) {
	d, config := j.TrainingJobDefinition, &j.HyperParameterTuningJobConfig
	const objective, ranges = "hyperParameterTuningJobConfig.hyperParameterTuningJobObjective", "hyperParameterTuningJobConfig.parameterRanges"
	switch {
	case d.TuningObjective == nil && config.HyperParameterTuningJobObjective == nil:
		if !r.has(objective) && !r.has("trainingJobDefinition.tuningObjective") {
			r.add(objective, nil, "Member must not be null")
		}
	case d.TuningObjective != nil && config.HyperParameterTuningJobObjective != nil:
		r.add(objective, showValue(config.HyperParameterTuningJobObjective), "Member must be absent when the definition has its TuningObjective")
	}
	switch {
	case d.HyperParameterRanges == nil && config.ParameterRanges == nil:
		if !j.Autotuned() && !r.has(ranges) && !r.has("trainingJobDefinition.hyperParameterRanges") {
			r.add(ranges, nil, "Member must not be null")
		}
	case d.HyperParameterRanges != nil && config.ParameterRanges != nil:
		r.add(ranges, showValue(config.ParameterRanges), "Member must be absent when the definition has its HyperParameterRanges")
	}
}

// checkListed checks that each of several definitions has a name, an objective and ranges of its own.
func (j *HyperParameterTuningJob) checkListed(r *report) {
	seen := map[string]bool{}
	for i, d := range j.Definitions() {
		path := j.definitionPath(i)
		switch {
		case d.DefinitionName == "":
			if !r.has(path + ".definitionName") {
				r.add(path+".definitionName", nil, "Member must not be null when TrainingJobDefinitions are given")
			}
		case seen[d.DefinitionName]:
			r.add(path+".definitionName", d.DefinitionName, "Member must be unique")
		}
		seen[d.DefinitionName] = true
		first := j.TrainingJobDefinitions[0].TuningObjective
		switch {
		case d.TuningObjective == nil:
			if !r.has(path + ".tuningObjective") {
				r.add(path+".tuningObjective", nil, "Member must not be null when TrainingJobDefinitions are given")
			}
		case first != nil && d.TuningObjective.Type != first.Type && !r.has(path+".tuningObjective.type"):
			r.add(path+".tuningObjective.type", d.TuningObjective.Type, "Member must be the same in all TrainingJobDefinitions")
		}
		if d.HyperParameterRanges == nil && !j.Autotuned() && !r.has(path+".hyperParameterRanges") {
			r.add(path+".hyperParameterRanges", nil, "Member must not be null when TrainingJobDefinitions are given")
		}
	}
}

func (j *HyperParameterTuningJob) checkDefinition(r *report, d *HyperParameterTrainingJobDefinition, path string) {
	ranges, at := j.Ranges(d), "hyperParameterTuningJobConfig.parameterRanges"
	if d.HyperParameterRanges != nil || len(j.TrainingJobDefinitions) > 0 {
		at = path + ".hyperParameterRanges"
	}
	j.checkRanges(r, ranges, at, d.StaticHyperParameters)
	if value, ok := d.StaticHyperParameters[TuningObjectiveKey]; ok {
		if o := j.Objective(d); o == nil || o.MetricName != value {
			r.add(path+".staticHyperParameters."+TuningObjectiveKey, value, "Member must be absent: it is set to the objective's MetricName")
		}
	}
	if n := len(ranges.Names()) + len(withObjective(d.StaticHyperParameters, "")); n > maxHyperParameters {
		r.add(path+".staticHyperParameters", showValue(d.StaticHyperParameters),
			"Member must have, with the ranges and %s, at most %d entries, not %d", TuningObjectiveKey, maxHyperParameters, n)
	}
	d.checkResources(r, path)
	d.checkTraining(r, path)
}

func (d *HyperParameterTrainingJobDefinition) checkResources(r *report, path string) {
	c := d.HyperParameterTuningResourceConfig
	if c == nil {
		return
	}
	path += ".hyperParameterTuningResourceConfig"
	if d.ResourceConfig != nil {
		r.add(path, showValue(c), "Member must be absent when ResourceConfig is given")
	}
	if len(c.InstanceConfigs) > 0 && (c.InstanceType != "" || c.InstanceCount != 0) {
		r.add(path+".instanceConfigs", showValue(c.InstanceConfigs), "Member must be absent when InstanceType or InstanceCount is given")
	}
	if c.AllocationStrategy != "" && len(c.InstanceConfigs) == 0 {
		r.add(path+".allocationStrategy", c.AllocationStrategy, "Member must be absent unless InstanceConfigs are given")
	}
}

// checkTraining holds what the definition shares with a training job to a training job's constraints.
func (d *HyperParameterTrainingJobDefinition) checkTraining(r *report, path string) {
	sub := &report{}
	job := d.training()
	job.crossCheck(sub)
	for _, v := range sub.violations {
		if v.Path = path + "." + v.Path; !r.has(v.Path) {
			r.violations = append(r.violations, v)
		}
	}
}

func (j *HyperParameterTuningJob) checkLimits(r *report) {
	const path = "hyperParameterTuningJobConfig.resourceLimits."
	config := j.HyperParameterTuningJobConfig
	limits := config.ResourceLimits
	if most := MaxTrainings(config.Strategy); limits.MaxNumberOfTrainingJobs > most {
		r.add(path+"maxNumberOfTrainingJobs", limits.MaxNumberOfTrainingJobs, "Member must have value less than or equal to %d for strategy %s", most, config.Strategy)
	}
	if limits.MaxParallelTrainingJobs > maxParallelTrainings {
		r.add(path+"maxParallelTrainingJobs", limits.MaxParallelTrainingJobs, "Member must have value less than or equal to %d", maxParallelTrainings)
	}
	if config.Strategy != StrategyGrid || j.Autotuned() {
		return
	}
	size := 0
	for _, d := range j.Definitions() {
		size += j.Ranges(d).GridSize()
	}
	if n := limits.MaxNumberOfTrainingJobs; n != 0 && n != size {
		r.add(path+"maxNumberOfTrainingJobs", n, "Member must be absent or the number of points of the grid, which is %d", size)
	} else if size > maxTrainings {
		r.add("hyperParameterTuningJobConfig.strategy", config.Strategy, "Member must have a grid of at most %d points, not %d", maxTrainings, size)
	}
}

// checkRanges checks the ranges of a definition, whose other hyperparameters are static.
func (j *HyperParameterTuningJob) checkRanges(r *report, ranges ParameterRanges, path string, static map[string]string) {
	names := ranges.Names()
	if len(names) == 0 && !j.Autotuned() && !r.has(path) {
		r.add(path, showValue(ranges), "Member must have at least one range")
	}
	if len(names) > maxRanges {
		r.add(path, showValue(ranges), "Member must have at most %d ranges, not %d", maxRanges, len(names))
	}
	if len(ranges.AutoParameters) > 0 && !j.Autotuned() {
		r.add(path+".autoParameters", showValue(ranges.AutoParameters), "Member must be absent unless Autotune is Enabled")
	}
	for i, name := range names {
		switch _, fixed := static[name]; {
		case name == TuningObjectiveKey:
			r.add(path, name, "Member must not have a range of this name: it is set to the objective's MetricName")
		case fixed:
			r.add(path, name, "Member must not have a range of this name: it is among the StaticHyperParameters")
		case slices.Index(names, name) < i && name != "":
			r.add(path, name, "Member must not have two ranges of this name")
		}
	}
	if s := j.HyperParameterTuningJobConfig.Strategy; s == StrategyGrid && len(ranges.CategoricalParameterRanges) < len(names) {
		r.add(path, showValue(ranges), "Member must have CategoricalParameterRanges only for strategy %s", s)
	}
	for i, p := range ranges.IntegerParameterRanges {
		numeric{p.Name, p.MinValue, p.MaxValue, p.ScalingType, true}.check(r, fmt.Sprintf("%s.integerParameterRanges.%d.member", path, i+1))
	}
	for i, p := range ranges.ContinuousParameterRanges {
		numeric{p.Name, p.MinValue, p.MaxValue, p.ScalingType, false}.check(r, fmt.Sprintf("%s.continuousParameterRanges.%d.member", path, i+1))
	}
	for i, p := range ranges.CategoricalParameterRanges {
		for k, value := range p.Values {
			if slices.Index(p.Values, value) < k {
				r.add(fmt.Sprintf("%s.categoricalParameterRanges.%d.member.values.%d.member", path, i+1, k+1), value, "Member must be unique")
			}
		}
	}
}

// numeric is a range of numbers of either kind.
type numeric struct {
	name, min, max, scaling string
	whole                   bool
}

func (n numeric) check(r *report, path string) {
	if r.has(path+".minValue") || r.has(path+".maxValue") {
		return
	}
	low, okLow := n.bound(r, path+".minValue", n.min)
	high, okHigh := n.bound(r, path+".maxValue", n.max)
	if !okLow || !okHigh {
		return
	}
	switch {
	case low > high:
		r.add(path+".minValue", n.min, "Member must have value less than or equal to MaxValue, which is %s", n.max)
	case math.IsInf(high-low, 0):
		r.add(path+".minValue", n.min, "Member must not be farther from MaxValue, which is %s, than a number can express", n.max)
	case n.scaling == ScalingLogarithmic && low <= 0:
		r.add(path+".minValue", n.min, "Member must have value greater than 0 for scaling Logarithmic")
	case n.scaling == ScalingReverseLogarithmic && n.whole:
		r.add(path+".scalingType", n.scaling, "Member must be used with continuous ranges only")
	case n.scaling == ScalingReverseLogarithmic && (low < 0 || high >= 1):
		r.add(path+".scalingType", n.scaling, "Member must be used with ranges inside [0, 1) only, not [%s, %s]", n.min, n.max)
	}
}

// maxWhole bounds integers: beyond it, float64 does not hold every one.
const maxWhole = 1 << 53

func (n numeric) bound(r *report, path, text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		r.add(path, text, "Member must be a number")
	case n.whole && (v != math.Trunc(v) || math.Abs(v) > maxWhole):
		r.add(path, text, "Member must be a whole number within ±2^53")
	default:
		return v, true
	}
	return 0, false
}

// epochNames are the static hyperparameters that MaxResource is taken from where it is not given (contract 4.2), and
// XGBoost's, which the contract leaves out.
var epochNames = []string{"epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs", "num_round"}

// Resource is the least and the most epochs or rounds of a training job of that definition in a Hyperband search. most is
// 0 where neither the document nor a static hyperparameter says it.
func (j *HyperParameterTuningJob) Resource(d *HyperParameterTrainingJobDefinition) (least, most int) {
	least = 1
	if c := j.HyperParameterTuningJobConfig.StrategyConfig; c != nil && c.HyperbandStrategyConfig != nil {
		least, most = max(1, c.HyperbandStrategyConfig.MinResource), c.HyperbandStrategyConfig.MaxResource
	}
	for _, name := range epochNames {
		if most > 0 {
			break
		}
		if n, err := strconv.Atoi(d.StaticHyperParameters[name]); err == nil {
			most = n
		}
	}
	return least, most
}

func (j *HyperParameterTuningJob) checkHyperband(r *report) {
	const path = "hyperParameterTuningJobConfig."
	config := j.HyperParameterTuningJobConfig
	var given *HyperbandStrategyConfig
	if config.StrategyConfig != nil {
		given = config.StrategyConfig.HyperbandStrategyConfig
	}
	if config.Strategy != StrategyHyperband {
		if given != nil {
			r.add(path+"strategyConfig.hyperbandStrategyConfig", showValue(given), "Member must be absent unless Strategy is Hyperband")
		}
		return
	}
	if config.TrainingJobEarlyStoppingType == "Auto" {
		r.add(path+"trainingJobEarlyStoppingType", "Auto", "Member must be Off for strategy Hyperband, which stops training jobs itself")
	}
	const resource = path + "strategyConfig.hyperbandStrategyConfig."
	if given != nil && given.MaxResource > maxHyperbandResource {
		r.add(resource+"maxResource", given.MaxResource, "Member must have value less than or equal to %d", maxHyperbandResource)
	}
	for _, d := range j.Definitions() {
		least, most := j.Resource(d)
		switch {
		case most == 0 && !r.has(resource+"maxResource"):
			r.add(resource+"maxResource", nil, "Member must not be null unless StaticHyperParameters have one of epochs, numepochs, n-epochs, n_epochs, num_epochs, num_round")
		case least > most && most > 0 && !r.has(resource+"minResource"):
			r.add(resource+"minResource", least, "Member must have value less than or equal to MaxResource, which is %d", most)
		}
	}
}

func (j *HyperParameterTuningJob) checkWarmStart(r *report) {
	w := j.WarmStartConfig
	if w == nil {
		return
	}
	if s := j.HyperParameterTuningJobConfig.Strategy; s == StrategyGrid || s == StrategyHyperband {
		r.add("warmStartConfig", showValue(w), "Member must be absent for strategy %s", s)
	}
	seen := map[string]bool{}
	for i, p := range w.ParentHyperParameterTuningJobs {
		path, name := fmt.Sprintf("warmStartConfig.parentHyperParameterTuningJobs.%d.member.hyperParameterTuningJobName", i+1), p.HyperParameterTuningJobName
		key := TuningKind.Key(name)
		switch {
		case r.has(path):
		case name == "":
			r.add(path, nil, "Member must not be null")
		case key == TuningKind.Key(j.HyperParameterTuningJobName):
			r.add(path, name, "Member must not be the tuning job itself")
		case seen[key]:
			r.add(path, name, "Member must be unique")
		}
		seen[key] = true
	}
}
