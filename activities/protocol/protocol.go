// Package protocol names the activities and declares what they are given and give back. It is the one thing workflows
// know about activities: plain data, small enough for Temporal payloads; everything big stays in the store.
package protocol

import (
	"time"

	"github.com/batchmill/batchmill/jobs"
)

// Task queues. Workflows and light activities run on Queue; work that keeps a core busy runs on ComputeQueue, so that a
// long training never delays another job's planning or commit.
const (
	Queue        = "batchmill"
	ComputeQueue = "batchmill-compute"
)

// Search attributes and memo keys every job sets.
const (
	AttributeJobName = "BatchmillJobName"
	AttributeKind    = "BatchmillKind"
	AttributeStatus  = "BatchmillStatus"
	MemoDescription  = "Description"
	MemoTimeZone     = "TimeZone" // of the schedule that starts a job
	QueryProgress    = "progress"
)

// SearchAttributes are what a namespace needs for jobs to be listed by, all of type Keyword.
func SearchAttributes() []string { return []string{AttributeJobName, AttributeKind, AttributeStatus} }

// Activity names.
const (
	PlanTransform   = "PlanTransform"
	TransformShards = "TransformShards"
	PlanSplit       = "PlanSplit"
	ScanShards      = "ScanShards"
	DecideSplit     = "DecideSplit"
	SplitShards     = "SplitShards"
	Commit          = "Commit"
	Withdraw        = "Withdraw"
	CleanUp         = "CleanUp"
	PlanTraining    = "PlanTraining"
	Train           = "Train"
	PublishModel    = "PublishModel"
	SaveDescription = "SaveDescription"
)

// HeartbeatTimeout is how long a silent activity is believed alive: what a SIGKILL costs before its work is retried.
const HeartbeatTimeout = 10 * time.Second

// Job identifies the job an activity works for, with its document (placeholders expanded).
type Job struct {
	Name     string
	Document jobs.Document
}

// Planned is what a plan activity reports: where the plan lies, and how much there is to do.
type Planned struct {
	PlanURI string // object holding the plan
	Digest  string // of the plan's bytes; receipts carry it
	Shards  int
	PerTask int // shards one activity takes
	// Order is the numbers of the tasks in the order in which they are handed out; none: as they lie.
	Order   []int `json:",omitempty"`
	Bytes   int64
	Rows    int64 // -1 if unknown before reading
	Objects int
	Scan    bool // split: a scan of all rows comes before the shards
	// Series is the series that left nothing to do, with no Objects.
	Series string `json:",omitempty"`
}

// Range asks for shards From (inclusive) to To (exclusive) of a plan.
type Range struct {
	Job      Job
	PlanURI  string
	Digest   string
	From, To int
}

// RangeDone sums up the shards of a Range.
type RangeDone struct {
	Rows     int64 // read
	Rejected int64
	Bytes    int64 // written
	Retried  int   `json:",omitempty"` // shards whose range took more than one attempt
	// Left is how many shards, at the end of the range, were not begun: other jobs' ranges come first.
	Left int `json:",omitempty"`
}

// PlanRef asks for a step over a whole plan.
type PlanRef struct {
	Job     Job
	Kind    string
	PlanURI string
	Digest  string
	Shards  int
}

// Committed is what a commit reports.
type Committed struct {
	ManifestURI string
	Rows        int64
	Rejected    int64
	Bytes       int64
	Objects     int
	Sides       []jobs.SplitSideResult // of a split
}

// TrainPlanned is what planning a training reports.
type TrainPlanned struct {
	PlanURI     string
	Digest      string
	Algorithm   string
	ArtifactURI string
	Rows        int64
}

// TrainRef asks for a training step.
type TrainRef struct {
	Job     Job
	PlanURI string
	Digest  string
	Tuned   *Tuned `json:",omitempty"` // Until is the round to pause at
	Fresh   bool   `json:",omitempty"` // nothing has been trained yet: at the first attempt there is no checkpoint to look for
}

// Trained is a finished training, its model staged in the store.
type Trained struct {
	StagedURI string
	Rounds    int
	Stopped   bool // ended early by a stop; the model holds the rounds done
	Hopeless  bool `json:",omitempty"` // ended early: it would not have become the best of its tuning job
	Paused    bool `json:",omitempty"` // ended at TrainRef.Until, to go on from its checkpoint
	Metrics   Metrics
	// Forecast is what a hopeless training would have come to, nil where too little is known.
	Forecast *float64 `json:",omitempty"`
}

// PublishRef asks to make a staged model visible.
type PublishRef struct {
	Job       Job
	PlanURI   string
	StagedURI string
}

// Published is where the artifact lies.
type Published struct {
	ArtifactURI string
}

// Description is a finished job's description, to be kept in the store beyond Temporal's retention.
type Description struct {
	Kind string
	Name string
	JSON jobs.Document
}

// Beat is what long activities heartbeat: where they are, for progress displays, and a cursor for the next attempt.
type Beat struct {
	Stage    string   `json:",omitempty"`
	Done     int64    `json:",omitempty"` // rows, or rounds when training
	Total    int64    `json:",omitempty"`
	Rejected int64    `json:",omitempty"`
	Cursor   int      `json:",omitempty"`
	Metrics  Metrics  `json:",omitempty"`
	Trouble  *Trouble `json:",omitempty"` // of a range whose last attempts failed
}

// Trouble is what a range of shards goes on failing with, for the next attempt to know when it is enough.
type Trouble struct {
	Since    time.Time // the first failure in a row
	Failures int       // in a row, without a shard done in between
	Shard    int       // that could not be worked
}
