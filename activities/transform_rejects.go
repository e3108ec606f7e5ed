package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// rejectsFile is the base name of the reject file.
const rejectsFile = "rejects.jsonl"

// rejectedRow is one line of the reject file.
type rejectedRow struct {
	Object   string `json:"object"`
	RowGroup *int   `json:"row_group,omitempty"`
	Line     int64  `json:"line,omitempty"`
	Instance int64  `json:"instance,omitempty"`
	Row      int64  `json:"row,omitempty"`
	Column   string `json:"column,omitempty"`
	Reason   string `json:"reason"`
	Raw      string `json:"raw,omitempty"`
}

// firstRejects is how many bad records a failure names.
const firstRejects = 10

// reject notes a bad record. Once the job cannot but fail, and there are enough of them to name, it returns the failure.
func (t *transformShard) reject(e *dataset.RecordError) error {
	if !t.params.KeepRejected { // else the row is counted with the others
		t.Receipt.Rows++
	}
	t.Receipt.Rejected++
	t.notes.rejected(e)
	if len(t.bad) < firstRejects {
		t.bad = append(t.bad, e)
	}
	if len(t.bad) == firstRejects && t.tooMany() {
		return t.rejectError()
	}
	row := rejectedRow{Object: e.Object, Line: e.Line, Instance: e.Instance, Row: e.Row, Column: e.Column, Reason: e.Reason, Raw: e.Raw}
	if e.RowGroup >= 0 {
		row.RowGroup = &e.RowGroup
	}
	t.Count(fragmentRejects, 1)
	return t.rejects.Encode(row)
}

// tooMany says whether the shard alone has more bad records than the job may reject. A share can be told of all shards only.
func (t *transformShard) tooMany() bool {
	return t.params.Max.Percent == 0 && t.Receipt.Rejected > t.params.Max.Records
}

// rejectError names the first bad records.
func (t *transformShard) rejectError() error {
	if len(t.bad) == 1 {
		return t.bad[0]
	}
	texts := make([]string, len(t.bad))
	for i, e := range t.bad {
		texts[i] = e.Error()
	}
	return &jobs.Failure{Class: jobs.ClientError, Err: &rejectsError{
		text: fmt.Sprintf("at least %d records are bad, %s", t.Receipt.Rejected, rejectsAllowed(t.params.Max)), first: texts, cause: t.bad[0],
	}}
}

// rejectsError says that too many records are bad, and which the first are.
type rejectsError struct {
	text  string
	first []string
	cause error // the first, where it is known as an error
}

func (e *rejectsError) Error() string {
	if len(e.first) == 0 {
		return e.text
	}
	return e.text + "; the first: " + strings.Join(e.first, "; ")
}

func (e *rejectsError) Unwrap() error { return e.cause }

func rejectsAllowed(bound jobs.Rejected) string {
	return fmt.Sprintf("BATCHMILL_MAX_REJECTED_RECORDS allows %s", bound)
}

// checkRejects holds the job to BATCHMILL_MAX_REJECTED_RECORDS.
func checkRejects(bound jobs.Rejected, rows, rejected int64) error {
	if bound.Allows(rejected, rows) {
		return nil
	}
	return &rejectsError{text: fmt.Sprintf("%d of %d records were rejected, %s", rejected, rows, rejectsAllowed(bound))}
}

// nameRejects adds the first bad records to a failure for too many of them: they are in the staged reject file.
func (a *Activities) nameRejects(ctx context.Context, base storage.URI, err error) error {
	var many *rejectsError
	if !errors.As(err, &many) {
		return err
	}
	staged, readErr := sharding.FirstLines(ctx, a.store, base, fragmentRejects, firstRejects)
	if readErr != nil {
		return readErr
	}
	for _, line := range staged {
		var r rejectedRow
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("activities: staged rejects: %w", err)
		}
		many.first = append(many.first, r.err().Error())
	}
	return &jobs.Failure{Class: jobs.ClientError, Err: many}
}

// err is the record's error as the reader had it.
func (r *rejectedRow) err() *dataset.RecordError {
	e := &dataset.RecordError{Object: r.Object, RowGroup: -1, Line: r.Line, Instance: r.Instance, Row: r.Row, Column: r.Column, Reason: r.Reason, Raw: r.Raw}
	if r.RowGroup != nil {
		e.RowGroup = *r.RowGroup
	}
	return e
}
