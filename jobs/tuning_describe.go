package jobs

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// HyperParameterTuningJobDescription is what DescribeHyperParameterTuningJob returns (contract 4.4, 14.1). Progress is
// Batchmill's own.
type HyperParameterTuningJobDescription struct {
	HyperParameterTuningJob
	HyperParameterTuningJobArn    string
	HyperParameterTuningJobStatus HyperParameterTuningJobStatus // set by Transition
	CreationTime                  Time                          `json:",omitzero"`
	HyperParameterTuningEndTime   Time                          `json:",omitzero"`
	LastModifiedTime              Time                          `json:",omitzero"`
	TrainingJobStatusCounters     TrainingJobStatusCounters
	ObjectiveStatusCounters       ObjectiveStatusCounters
	BestTrainingJob               *HyperParameterTrainingJobSummary         `json:",omitempty"`
	OverallBestTrainingJob        *HyperParameterTrainingJobSummary         `json:",omitempty"`
	FailureReason                 string                                    `json:",omitempty"`
	TuningJobCompletionDetails    *HyperParameterTuningJobCompletionDetails `json:",omitempty"`
	ConsumedResources             *HyperParameterTuningJobConsumedResources `json:",omitempty"`
	Progress                      *Progress                                 `json:",omitempty"`
}

// TrainingJobStatusCounters count a search's training jobs by status. Retryable errors are the platform's, others the
// user's.
type TrainingJobStatusCounters struct {
	Completed         int
	InProgress        int
	RetryableError    int
	NonRetryableError int
	Stopped           int
}

// Ended is how many training jobs have ended.
func (c TrainingJobStatusCounters) Ended() int {
	return c.Completed + c.RetryableError + c.NonRetryableError + c.Stopped
}

// Failed is how many training jobs have failed.
func (c TrainingJobStatusCounters) Failed() int { return c.RetryableError + c.NonRetryableError }

// ObjectiveStatusCounters count a search's training jobs by whether they have a value of the objective.
type ObjectiveStatusCounters struct {
	Succeeded int
	Pending   int
	Failed    int
}

// HyperParameterTrainingJobSummary is a training job of a search. TuningJobName is set where it is another search's.
type HyperParameterTrainingJobSummary struct {
	TrainingJobDefinitionName                   string `json:",omitempty"`
	TrainingJobName                             string
	TrainingJobArn                              string
	TuningJobName                               string `json:",omitempty"`
	CreationTime                                Time
	TrainingStartTime                           Time `json:",omitzero"`
	TrainingEndTime                             Time `json:",omitzero"`
	TrainingJobStatus                           TrainingJobStatus
	TunedHyperParameters                        map[string]string
	FailureReason                               string                                       `json:",omitempty"`
	FinalHyperParameterTuningJobObjectiveMetric *FinalHyperParameterTuningJobObjectiveMetric `json:",omitempty"`
	ObjectiveStatus                             ObjectiveStatus                              `json:",omitempty"`
}

// FinalHyperParameterTuningJobObjectiveMetric is the objective's last value.
type FinalHyperParameterTuningJobObjectiveMetric struct {
	Type       string `json:",omitempty"`
	MetricName string
	Value      float64
}

// HyperParameterTuningJobCompletionDetails say how far a search is from ending by itself.
type HyperParameterTuningJobCompletionDetails struct {
	NumberOfTrainingJobsObjectiveNotImproving int  `json:",omitempty"`
	ConvergenceDetectedTime                   Time `json:",omitzero"`
}

// HyperParameterTuningJobConsumedResources is what a search took.
type HyperParameterTuningJobConsumedResources struct {
	RuntimeInSeconds int
}

// HyperParameterTuningJobSummary is a tuning job in a list.
type HyperParameterTuningJobSummary struct {
	HyperParameterTuningJobName   string
	HyperParameterTuningJobArn    string
	HyperParameterTuningJobStatus HyperParameterTuningJobStatus
	Strategy                      string
	CreationTime                  Time
	HyperParameterTuningEndTime   Time `json:",omitzero"`
	LastModifiedTime              Time `json:",omitzero"`
	TrainingJobStatusCounters     TrainingJobStatusCounters
	ObjectiveStatusCounters       ObjectiveStatusCounters
	ResourceLimits                *ResourceLimits `json:",omitempty"`
}

// DescribeTuning begins the description of a job created at that time: defaults filled in, Tags left out.
func DescribeTuning(job HyperParameterTuningJob, arn string, at time.Time) HyperParameterTuningJobDescription {
	job.copyDefinitions()
	job.SetDefaults()
	job.Tags = nil
	return HyperParameterTuningJobDescription{
		HyperParameterTuningJob: job, HyperParameterTuningJobArn: arn, HyperParameterTuningJobStatus: TuningJobStatusInProgress,
		CreationTime: At(at), LastModifiedTime: At(at),
	}
}

// Summary is the job's entry in a list.
func (d *HyperParameterTuningJobDescription) Summary() HyperParameterTuningJobSummary {
	limits := d.HyperParameterTuningJobConfig.ResourceLimits
	return HyperParameterTuningJobSummary{
		HyperParameterTuningJobName: d.HyperParameterTuningJobName, HyperParameterTuningJobArn: d.HyperParameterTuningJobArn,
		HyperParameterTuningJobStatus: d.HyperParameterTuningJobStatus, Strategy: d.HyperParameterTuningJobConfig.Strategy,
		CreationTime: d.CreationTime, HyperParameterTuningEndTime: d.HyperParameterTuningEndTime, LastModifiedTime: d.LastModifiedTime,
		TrainingJobStatusCounters: d.TrainingJobStatusCounters, ObjectiveStatusCounters: d.ObjectiveStatusCounters, ResourceLimits: &limits,
	}
}

// Started counts a training job that begins.
func (d *HyperParameterTuningJobDescription) Started() {
	d.TrainingJobStatusCounters.InProgress++
	d.ObjectiveStatusCounters.Pending++
}

// Ended counts a training job that has ended and was Started before.
func (d *HyperParameterTuningJobDescription) Ended(s HyperParameterTrainingJobSummary) {
	c, o := &d.TrainingJobStatusCounters, &d.ObjectiveStatusCounters
	c.InProgress--
	o.Pending--
	switch s.TrainingJobStatus {
	case TrainingJobStatusCompleted:
		c.Completed++
	case TrainingJobStatusStopped:
		c.Stopped++
	default:
		if strings.HasPrefix(s.FailureReason, string(InternalServerError)) {
			c.RetryableError++
		} else {
			c.NonRetryableError++
		}
	}
	if s.ObjectiveStatus == ObjectiveSucceeded {
		o.Succeeded++
	} else {
		o.Failed++
	}
}

// Value is the objective's last value; false where the training job has none.
func (s *HyperParameterTrainingJobSummary) Value() (float64, bool) {
	if s.FinalHyperParameterTuningJobObjectiveMetric == nil {
		return 0, false
	}
	return s.FinalHyperParameterTuningJobObjectiveMetric.Value, true
}

// SetValue records the objective's last value. One that is no finite number counts as none: the training job never
// reported anything to go by.
func (s *HyperParameterTrainingJobSummary) SetValue(metric string, value float64, found bool) {
	s.FinalHyperParameterTuningJobObjectiveMetric, s.ObjectiveStatus = nil, ObjectiveFailed
	if found && isFinite(value) {
		s.FinalHyperParameterTuningJobObjectiveMetric = &FinalHyperParameterTuningJobObjectiveMetric{MetricName: metric, Value: value}
		if s.TrainingJobStatus != TrainingJobStatusFailed {
			s.ObjectiveStatus = ObjectiveSucceeded
		}
	}
}

// Better tells whether a value is better than another, given the objective's type.
func Better(objective string, a, b float64) bool {
	if objective == Maximize {
		return a > b
	}
	return a < b
}

// TrialOrders are what a search's training jobs can be sorted by (contract 1.8).
func TrialOrders() []string {
	return []string{"Name", "CreationTime", "Status", "FinalObjectiveMetricValue"}
}

// SortTrials sorts a search's training jobs. Sorted by FinalObjectiveMetricValue, those without a value are left out
// (contract 1.8).
func SortTrials(trials []HyperParameterTrainingJobSummary, by string, descending bool) ([]HyperParameterTrainingJobSummary, error) {
	compare, ok := map[string]func(a, b HyperParameterTrainingJobSummary) int{
		"Name": func(a, b HyperParameterTrainingJobSummary) int {
			return strings.Compare(a.TrainingJobName, b.TrainingJobName)
		},
		"CreationTime": func(a, b HyperParameterTrainingJobSummary) int { return a.CreationTime.Compare(b.CreationTime.Time) },
		"Status": func(a, b HyperParameterTrainingJobSummary) int {
			return strings.Compare(string(a.TrainingJobStatus), string(b.TrainingJobStatus))
		},
		"FinalObjectiveMetricValue": func(a, b HyperParameterTrainingJobSummary) int {
			va, _ := a.Value()
			vb, _ := b.Value()
			switch {
			case va < vb:
				return -1
			case va > vb:
				return 1
			}
			return 0
		},
	}[by]
	if !ok {
		return nil, fmt.Errorf("jobs: training jobs are sorted by one of %s, not %q", strings.Join(TrialOrders(), ", "), by)
	}
	trials = slices.Clone(trials)
	if by == "FinalObjectiveMetricValue" {
		trials = slices.DeleteFunc(trials, func(s HyperParameterTrainingJobSummary) bool { _, ok := s.Value(); return !ok })
	}
	slices.SortStableFunc(trials, func(a, b HyperParameterTrainingJobSummary) int {
		if descending {
			return compare(b, a)
		}
		return compare(a, b)
	})
	return trials, nil
}

// SetMetricDefinitions fills in the metrics of a built-in algorithm (contract 4.3): all of them, and one named
// ObjectiveMetric that finds the objective.
func (j *HyperParameterTuningJob) SetMetricDefinitions(d *HyperParameterTrainingJobDefinition, metrics map[string]string) {
	var all []MetricDefinition
	for _, name := range sortedKeys(metrics) {
		all = append(all, MetricDefinition{name, metrics[name]})
	}
	if regex, ok := metrics[j.Objective(d).MetricName]; ok {
		all = append(all, MetricDefinition{"ObjectiveMetric", regex})
	}
	d.AlgorithmSpecification.MetricDefinitions = all
}
