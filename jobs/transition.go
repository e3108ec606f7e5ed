package jobs

import (
	"fmt"
	"time"
)

// TransitionError says that a job cannot go from one status to another: it has ended, or is stopping.
type TransitionError struct{ From, To string }

func (e *TransitionError) Error() string {
	return fmt.Sprintf("jobs: a job in status %s cannot become %s", e.From, e.To)
}

// Transition records that the job is now in that secondary status (contract 3.2). In the same status only the message of
// the current entry is replaced; otherwise the current entry ends when the new one starts, and a terminal entry has no
// length. An empty message is the contract's for that status. Status, times and durations follow. A job that has ended
// stays as it is: *TransitionError.
func (d *TrainingJobDescription) Transition(to SecondaryStatus, message string, at time.Time) error {
	if d.TrainingJobStatus.Terminal() {
		return &TransitionError{string(d.TrainingJobStatus), string(to)}
	}
	if message == "" {
		message = messages[to]
	}
	d.TrainingJobStatus, d.SecondaryStatus = to.primary(d.TrainingJobStatus), to
	d.LastModifiedTime = At(at)
	d.record(to, message, at)
	if d.TrainingStartTime.IsZero() && (to == SecondaryStatusDownloading || to == SecondaryStatusTraining) {
		d.TrainingStartTime = At(at)
	}
	if d.TrainingJobStatus.Terminal() {
		d.TrainingEndTime = At(at)
		d.measure(at)
		d.BillableTimeInSeconds = d.TrainingTimeInSeconds
	}
	return nil
}

// record appends or changes the last entry of SecondaryStatusTransitions.
func (d *TrainingJobDescription) record(to SecondaryStatus, message string, at time.Time) {
	all := d.SecondaryStatusTransitions
	if n := len(all); n > 0 {
		last := &all[n-1]
		if last.Status == to {
			if message != "" {
				last.StatusMessage = message
			}
			return
		}
		last.EndTime = At(at)
	}
	entry := SecondaryStatusTransition{Status: to, StartTime: At(at), StatusMessage: message}
	if d.TrainingJobStatus.Terminal() {
		entry.EndTime = At(at)
	}
	d.SecondaryStatusTransitions = append(all, entry)
}

// measure sets TrainingTimeInSeconds to the whole seconds since the training started.
func (d *TrainingJobDescription) measure(at time.Time) {
	if !d.TrainingStartTime.IsZero() {
		d.TrainingTimeInSeconds = int(at.Sub(d.TrainingStartTime.Time) / time.Second)
	}
}

// Measured is the description as Describe returns it at that moment: a running job's TrainingTimeInSeconds counts up to it.
func (d TrainingJobDescription) Measured(at time.Time) TrainingJobDescription {
	if !d.TrainingJobStatus.Terminal() {
		d.measure(at)
	}
	return d
}

// Fail ends the job with the FailureReason of err.
func (d *TrainingJobDescription) Fail(err error, at time.Time) error {
	if e := d.Transition(SecondaryStatusFailed, "", at); e != nil {
		return e
	}
	d.FailureReason = FailureReason(err)
	return nil
}

// Transition records that the job is now in that status. The first InProgress is when work starts: TransformStartTime.
func (d *TransformJobDescription) Transition(to TransformJobStatus, at time.Time) error {
	if err := checkTransition(string(d.TransformJobStatus), string(to)); err != nil {
		return err
	}
	d.TransformJobStatus, d.LastModifiedTime = to, At(at)
	if to == TransformJobStatusInProgress && d.TransformStartTime.IsZero() {
		d.TransformStartTime = At(at)
	}
	if to.Terminal() {
		d.TransformEndTime = At(at)
	}
	return nil
}

// Fail ends the job with the FailureReason of err.
func (d *TransformJobDescription) Fail(err error, at time.Time) error {
	if e := d.Transition(TransformJobStatusFailed, at); e != nil {
		return e
	}
	d.FailureReason = FailureReason(err)
	return nil
}

// Transition records that the job is now in that status. The first InProgress is when work starts: SplitStartTime.
func (d *SplitJobDescription) Transition(to SplitJobStatus, at time.Time) error {
	if err := checkTransition(string(d.SplitJobStatus), string(to)); err != nil {
		return err
	}
	d.SplitJobStatus, d.LastModifiedTime = to, At(at)
	if to == SplitJobStatusInProgress && d.SplitStartTime.IsZero() {
		d.SplitStartTime = At(at)
	}
	if to.Terminal() {
		d.SplitEndTime = At(at)
	}
	return nil
}

// Fail ends the job with the FailureReason of err.
func (d *SplitJobDescription) Fail(err error, at time.Time) error {
	if e := d.Transition(SplitJobStatusFailed, at); e != nil {
		return e
	}
	d.FailureReason = FailureReason(err)
	return nil
}

// Transition records that the job is now in that status.
func (d *HyperParameterTuningJobDescription) Transition(to HyperParameterTuningJobStatus, at time.Time) error {
	if err := checkTransition(string(d.HyperParameterTuningJobStatus), string(to)); err != nil {
		return err
	}
	d.HyperParameterTuningJobStatus, d.LastModifiedTime = to, At(at)
	if to.Terminal() {
		d.HyperParameterTuningEndTime = At(at)
		d.ConsumedResources = &HyperParameterTuningJobConsumedResources{RuntimeInSeconds: int(at.Sub(d.CreationTime.Time) / time.Second)}
	}
	return nil
}

// Fail ends the job with the FailureReason of err.
func (d *HyperParameterTuningJobDescription) Fail(err error, at time.Time) error {
	if e := d.Transition(TuningJobStatusFailed, at); e != nil {
		return e
	}
	d.FailureReason = FailureReason(err)
	return nil
}

func checkTransition(from, to string) error {
	if terminal(from) || from == "Stopping" && to == "InProgress" {
		return &TransitionError{from, to}
	}
	return nil
}
