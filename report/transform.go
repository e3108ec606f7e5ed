package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/jobs/journal"
)

// Transform is a transform job with what its shards noted.
type Transform struct {
	Description jobs.TransformJobDescription
	Journal     *journal.Journal
}

// shownShards is how many of the slowest shards the table names.
const shownShards = 100

// TransformHTML writes the page of a transform.
func TransformHTML(w io.Writer, t Transform) error {
	d, j := &t.Description, t.Journal
	page := struct {
		Name, Status, Model, Input, Output, Reason string
		Facts                                      [][2]string
		Charts                                     []Chart
		Rejects                                    journal.Rejects
		Rows                                       []shardRow
	}{
		Name: d.TransformJobName, Status: string(d.TransformJobStatus), Model: d.ModelName, Output: d.TransformOutput.S3OutputPath,
		Reason: d.FailureReason, Facts: t.facts(), Charts: TransformCharts(t), Rejects: j.Rejects,
	}
	if s := d.TransformInput.DataSource.S3DataSource; s.S3Uri != "" {
		page.Input = s.S3Uri
	}
	for _, s := range j.Slowest[:min(len(j.Slowest), shownShards)] {
		page.Rows = append(page.Rows, rowOfShard(&s))
	}
	var b bytes.Buffer
	if err := transformTemplate.Execute(&b, page); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// wall is the time from the job's start to its end, or, while it runs, from the first shard to the last so far.
func (t Transform) wall() time.Duration {
	d := &t.Description
	if !d.TransformStartTime.IsZero() && !d.TransformEndTime.IsZero() {
		return d.TransformEndTime.Sub(d.TransformStartTime.Time)
	}
	return t.Journal.Ended.Sub(t.Journal.Began)
}

func (t Transform) facts() [][2]string {
	j, wall := t.Journal, t.wall()
	shards := grouped(int64(j.Shards))
	if j.Shards < j.Planned {
		shards += " of " + grouped(int64(j.Planned))
	}
	facts := [][2]string{
		{"Rows", grouped(j.Rows)}, {"Rejected", grouped(j.Rejected)}, {"Bytes written", byteText(j.Bytes)}, {"Wall time", tookText(wall)},
		{"Rows/s", rateText(j.Rows, wall)}, {"Shards", shards}, {"Workers", strconv.Itoa(len(j.Workers))},
	}
	if j.Retried > 0 {
		facts = append(facts, [2]string{"Shards in a later attempt", grouped(int64(j.Retried))})
	}
	return facts
}

// shardRow is a shard in the table.
type shardRow struct {
	Shard, Attempt int
	Rejected       int64
	Worker, Reads  string
	Took, Sec      string // as shown, and as sorted by
	Rows, RowsKey  string
	Rate, RateKey  string
}

func rowOfShard(s *journal.Shard) shardRow {
	r := shardRow{
		Shard: s.Shard, Attempt: s.Attempt, Rejected: s.Rejected, Worker: s.Worker, Reads: s.Object,
		Took: tookText(s.Took()), Sec: fmt.Sprint(s.Took().Seconds()), Rows: grouped(s.Rows), RowsKey: strconv.FormatInt(s.Rows, 10),
		Rate: rateText(s.Rows, s.Took()), RateKey: strconv.FormatFloat(rate(s.Rows, s.Took()), 'f', 0, 64),
	}
	if s.Objects > 1 {
		r.Reads += fmt.Sprintf(" and %d more", s.Objects-1)
	}
	return r
}

func rate(rows int64, took time.Duration) float64 {
	return float64(rows) / max(took, time.Millisecond).Seconds()
}

func rateText(rows int64, took time.Duration) string { return grouped(int64(rate(rows, took) + 0.5)) }

func tookText(d time.Duration) string {
	if d < time.Minute {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// byteText is a size in the largest unit that leaves a number above 1.
func byteText(n int64) string {
	v, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for v >= 1024 && len(units) > 1 {
		v, units = v/1024, units[1:]
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + " " + units[0]
}
