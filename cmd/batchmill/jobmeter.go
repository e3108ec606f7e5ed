package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

// plainEvery is how often a job's progress is worth a line where no bar can be drawn.
const plainEvery = 5 * time.Second

// jobMeter shows how far a job is: a bar on a terminal, elsewhere a line now and then.
type jobMeter struct {
	w        io.Writer
	title    string
	progress *mpb.Progress // nil where no bar can be drawn
	bar      *mpb.Bar

	mu      sync.Mutex
	now     jobs.Progress
	stage   string
	since   time.Time // rows are counted from here
	printed time.Time
}

func newJobMeter(w io.Writer, job *client.Job) *jobMeter {
	m := &jobMeter{w: w, title: word(job.Kind) + " " + job.Name, since: time.Now()}
	if !isTerminal(w) {
		return m
	}
	m.progress = mpb.New(mpb.WithOutput(w), mpb.WithWidth(32), mpb.WithAutoRefresh())
	m.bar = m.progress.AddBar(0,
		mpb.PrependDecorators(decor.Name(m.title+"  "), decor.Any(func(decor.Statistics) string { return m.current().Stage + " " })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return m.line() }), decor.Elapsed(decor.ET_STYLE_GO, decor.WC{W: 6})))
	return m
}

func (m *jobMeter) current() jobs.Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// update takes the job's latest state.
func (m *jobMeter) update(p jobs.Progress) {
	m.mu.Lock()
	changed := p.Stage != m.stage
	if changed && p.Rows < m.now.Rows {
		m.since = time.Now()
	}
	m.now, m.stage = p, p.Stage
	due := changed || time.Since(m.printed) >= plainEvery
	if due {
		m.printed = time.Now()
	}
	m.mu.Unlock()
	switch {
	case m.bar != nil:
		m.bar.SetTotal(max(p.Total, p.Done, 1), false)
		m.bar.SetCurrent(min(p.Done, max(p.Total, p.Done, 1)))
	case due && p.Stage != "":
		printf(m.w, "%s: %s %s\n", m.title, p.Stage, strings.TrimSpace(m.line()))
	}
}

// line is the text behind the bar.
func (m *jobMeter) line() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	since := m.since
	if m.now.Began != nil { // also where the job was there before anybody looked
		since = m.now.Began.Time
	}
	return progressLine(m.now, time.Since(since))
}

// stop removes the bar.
func (m *jobMeter) stop() {
	if m.bar != nil {
		m.bar.Abort(true)
		m.progress.Wait()
		m.bar = nil
	}
}

// progressLine says how far a job is after working for d: rounds and metrics of a training, rows and rows/s of others.
func progressLine(p jobs.Progress, d time.Duration) string {
	var parts []string
	switch {
	case p.Unit == "rounds" && p.Total > 0:
		parts = append(parts, fmt.Sprintf("round %s/%s", count(p.Done), count(p.Total)))
	case p.Total > 0:
		parts = append(parts, fmt.Sprintf("%s/%s %s", count(p.Done), count(p.Total), p.Unit))
	case p.Done > 0:
		parts = append(parts, count(p.Done)+" "+p.Unit)
	}
	if p.Rows > 0 && p.Unit != "rounds" && d >= time.Second {
		parts = append(parts, count(int64(float64(p.Rows)/d.Seconds()))+" rows/s")
	}
	if s := p.Shards; s != nil {
		shards := fmt.Sprintf("shards %s/%s, %d running", count(int64(s.Done)), count(int64(s.Total)), s.Running)
		if s.Retried > 0 {
			shards += ", " + count(int64(s.Retried)) + " retried"
		}
		parts = append(parts, shards)
	}
	if p.Bytes > 0 {
		parts = append(parts, size(p.Bytes))
	}
	if left, ok := p.Left(d); ok {
		parts = append(parts, left.String()+" left")
	}
	for _, name := range sortedMetrics(p.Metrics) {
		parts = append(parts, name+" "+number(p.Metrics[name]))
	}
	if p.Rejected > 0 {
		parts = append(parts, count(p.Rejected)+" rejected")
	}
	if p.Message != "" {
		parts = append(parts, p.Message)
	}
	return " " + strings.Join(parts, "  ") + " "
}
