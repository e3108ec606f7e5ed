package protocol

import (
	"fmt"

	"github.com/batchmill/batchmill/jobs"
)

// Where things lie, as key elements below a prefix: below a job's output path, and below BATCHMILL_STATE_URI. Workers write
// there, clients read there.

// JobFolder is a job's own folder below its output path.
func JobFolder(job string) []string { return []string{"_batchmill", job, ""} }

// LogFolder is where, within a job's folder, the pieces of its log lie; read in key order they are the whole log.
const LogFolder = "logs"

// ModelFolder is where, below the state prefix, the documents of registered models lie.
const ModelFolder = "models"

// ModelObject is the document of a registered model.
func ModelObject(name string) []string { return []string{ModelFolder, name + ".json"} }

// DescriptionObject is the description of a finished job.
func DescriptionObject(kind jobs.Kind, job string) []string {
	return []string{"jobs", kind.IDPrefix, kind.Key(job) + ".json"}
}

// JournalObject is what is kept of how a job's shards went.
func JournalObject(kind jobs.Kind, job string) []string {
	return []string{"journals", kind.IDPrefix, kind.Key(job) + ".json"}
}

// SeriesFolder is where, below the state prefix, the entries of a series lie, numbered from 0.
func SeriesFolder(name string) []string { return []string{"series", name, ""} }

// SeriesEntry is one entry of a series.
func SeriesEntry(name string, number int) []string {
	return []string{"series", name, fmt.Sprintf("%08d.json", number)}
}

// Below TuningFolder of the state prefix lies what a search has recorded.

// TuningFolder is a tuning job's folder.
func TuningFolder(job string) []string { return []string{"tuning", jobs.TuningKind.Key(job), ""} }

// Names within a tuning job's folder.
const (
	TuningPlanObject = "plan.json"   // the document as it is carried out, and the warm start
	TuningSteps      = "steps"       // each step with its moves, by number
	TuningStates     = "states"      // the search after some steps, by number
	TuningTrials     = "trials.json" // all trials of a finished search
	TuningCurves     = "curves"      // the objective by round of each trial, and of all that ended
)

// NumberedObject is the name of a step or state, such that names sort as the numbers do.
func NumberedObject(n int) string { return fmt.Sprintf("%08d.json", n) }
