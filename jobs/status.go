package jobs

// TrainingJobStatus is where a training job stands (contract 3.2).
type TrainingJobStatus string

// The statuses of a training job.
const (
	TrainingJobStatusInProgress TrainingJobStatus = "InProgress"
	TrainingJobStatusCompleted  TrainingJobStatus = "Completed"
	TrainingJobStatusFailed     TrainingJobStatus = "Failed"
	TrainingJobStatusStopping   TrainingJobStatus = "Stopping"
	TrainingJobStatusStopped    TrainingJobStatus = "Stopped"
	TrainingJobStatusDeleting   TrainingJobStatus = "Deleting"
)

// Terminal tells whether a job in this status has ended.
func (s TrainingJobStatus) Terminal() bool { return terminal(string(s)) }

// TransformJobStatus is where a transform job stands (contract 5.2).
type TransformJobStatus string

// The statuses of a transform job.
const (
	TransformJobStatusInProgress TransformJobStatus = "InProgress"
	TransformJobStatusCompleted  TransformJobStatus = "Completed"
	TransformJobStatusFailed     TransformJobStatus = "Failed"
	TransformJobStatusStopping   TransformJobStatus = "Stopping"
	TransformJobStatusStopped    TransformJobStatus = "Stopped"
)

// Terminal tells whether a job in this status has ended.
func (s TransformJobStatus) Terminal() bool { return terminal(string(s)) }

// SplitJobStatus is where a split job stands. It is a transform job's.
type SplitJobStatus string

// The statuses of a split job.
const (
	SplitJobStatusInProgress SplitJobStatus = "InProgress"
	SplitJobStatusCompleted  SplitJobStatus = "Completed"
	SplitJobStatusFailed     SplitJobStatus = "Failed"
	SplitJobStatusStopping   SplitJobStatus = "Stopping"
	SplitJobStatusStopped    SplitJobStatus = "Stopped"
)

// Terminal tells whether a job in this status has ended.
func (s SplitJobStatus) Terminal() bool { return terminal(string(s)) }

// HyperParameterTuningJobStatus is where a tuning job stands (contract 4.4).
type HyperParameterTuningJobStatus string

// The statuses of a tuning job.
const (
	TuningJobStatusInProgress   HyperParameterTuningJobStatus = "InProgress"
	TuningJobStatusCompleted    HyperParameterTuningJobStatus = "Completed"
	TuningJobStatusFailed       HyperParameterTuningJobStatus = "Failed"
	TuningJobStatusStopping     HyperParameterTuningJobStatus = "Stopping"
	TuningJobStatusStopped      HyperParameterTuningJobStatus = "Stopped"
	TuningJobStatusDeleting     HyperParameterTuningJobStatus = "Deleting"
	TuningJobStatusDeleteFailed HyperParameterTuningJobStatus = "DeleteFailed"
)

// Terminal tells whether a job in this status has ended.
func (s HyperParameterTuningJobStatus) Terminal() bool { return terminal(string(s)) }

// ObjectiveStatus tells whether a training job of a search has a value of the objective.
type ObjectiveStatus string

// The objective statuses.
const (
	ObjectiveSucceeded ObjectiveStatus = "Succeeded"
	ObjectivePending   ObjectiveStatus = "Pending" // it is still running
	ObjectiveFailed    ObjectiveStatus = "Failed"  // it failed, or never reported the metric
)

func terminal(status string) bool {
	return status == "Completed" || status == "Failed" || status == "Stopped"
}

// SecondaryStatus is what a training job is doing (contract 3.2).
type SecondaryStatus string

// The secondary statuses in use.
const (
	SecondaryStatusStarting            SecondaryStatus = "Starting"
	SecondaryStatusPending             SecondaryStatus = "Pending"
	SecondaryStatusDownloading         SecondaryStatus = "Downloading"
	SecondaryStatusTraining            SecondaryStatus = "Training"
	SecondaryStatusInterrupted         SecondaryStatus = "Interrupted"
	SecondaryStatusUploading           SecondaryStatus = "Uploading"
	SecondaryStatusStopping            SecondaryStatus = "Stopping"
	SecondaryStatusStopped             SecondaryStatus = "Stopped"
	SecondaryStatusMaxRuntimeExceeded  SecondaryStatus = "MaxRuntimeExceeded"
	SecondaryStatusMaxWaitTimeExceeded SecondaryStatus = "MaxWaitTimeExceeded"
	SecondaryStatusCompleted           SecondaryStatus = "Completed"
	SecondaryStatusFailed              SecondaryStatus = "Failed"
	SecondaryStatusUpdating            SecondaryStatus = "Updating"
	SecondaryStatusRestarting          SecondaryStatus = "Restarting"
)

// The messages of transitions, in the words clients show (contract 3.2).
const (
	MessageStarting            = "Starting the training job" // right after create
	MessageLaunching           = "Launching requested ML instances"
	MessagePreparing           = "Preparing the instances for training"
	MessageDownloading         = "Downloading input data"
	MessageDownloadingImage    = "Downloading the training image"
	MessageTraining            = "Training image download completed. Training in progress."
	MessageUploading           = "Uploading generated training model"
	MessageCompleted           = "Training job completed"
	MessageFailed              = "Training job failed"
	MessageStopping            = "Stopping the training job"
	MessageStopped             = "Training job stopped"
	MessageInterrupted         = "Training job interrupted"
	MessageMaxRuntimeExceeded  = "Training job runtime exceeded MaxRuntimeInSeconds provided"
	MessagePaused              = "Paused until its search goes on with it"                                                // ours
	MessageEarlyStopped        = "Training job stopped early: it would not have become better than earlier training jobs" // ours
	MessageMaxWaitTimeExceeded = "Training job wait time exceeded MaxWaitTimeInSeconds provided"                          // ours: the contract has no text
)

// messages are the first message of each secondary status.
var messages = map[SecondaryStatus]string{
	SecondaryStatusStarting:            MessageStarting,
	SecondaryStatusDownloading:         MessageDownloading,
	SecondaryStatusTraining:            MessageTraining,
	SecondaryStatusInterrupted:         MessageInterrupted,
	SecondaryStatusUploading:           MessageUploading,
	SecondaryStatusStopping:            MessageStopping,
	SecondaryStatusStopped:             MessageStopped,
	SecondaryStatusMaxRuntimeExceeded:  MessageMaxRuntimeExceeded,
	SecondaryStatusMaxWaitTimeExceeded: MessageMaxWaitTimeExceeded,
	SecondaryStatusCompleted:           MessageCompleted,
	SecondaryStatusFailed:              MessageFailed,
}

// primary is the status that goes with a secondary status, given the status so far: a job that is stopping still uploads.
func (s SecondaryStatus) primary(now TrainingJobStatus) TrainingJobStatus {
	switch s {
	case SecondaryStatusCompleted:
		return TrainingJobStatusCompleted
	case SecondaryStatusFailed:
		return TrainingJobStatusFailed
	case SecondaryStatusStopped, SecondaryStatusMaxRuntimeExceeded, SecondaryStatusMaxWaitTimeExceeded:
		return TrainingJobStatusStopped
	case SecondaryStatusStopping:
		return TrainingJobStatusStopping
	}
	if now == TrainingJobStatusStopping {
		return now
	}
	return TrainingJobStatusInProgress
}
