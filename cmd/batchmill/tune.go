package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

func (a *app) tuneCommand() *cobra.Command {
	return a.submitCommand(jobs.TuningKind, "Search for the best hyperparameters",
		`Runs a tuning job: the document is the request that SageMaker's CreateHyperParameterTuningJob takes.
On a terminal, a table shows the best trials and those that run; elsewhere each trial is a line. The best
configuration comes last. "batchmill report tuning NAME" draws the search; "batchmill list train --tuning
NAME" lists its training jobs, the best first.`)
}

// tuneEvery is how often a followed search is looked at.
const tuneEvery = time.Second

// tuningView is a search at a moment.
type tuningView struct {
	at     time.Time
	d      jobs.HyperParameterTuningJobDescription
	trials []client.Trial
	rounds map[string]jobs.Progress // of training jobs that run, by name
}

// followTuning shows a search until it ends, then its best configuration.
func (a *app) followTuning(ctx context.Context, c *client.Client, job *client.Job, o outputFlag) error {
	watched, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	screen := newTuningScreen(a.errOut)
	reader := c.Trials(job.Name)
	for {
		view, err := lookAt(watched, c, job, reader, screen.live)
		switch {
		case errors.Is(err, context.Canceled) && watched.Err() != nil:
			printf(a.errOut, "tune %s runs on; stop it with \"batchmill stop tune %s\"\n", job.Name, job.Name)
			return &codedError{exitInterrupted, errReported}
		case errors.Is(err, client.ErrTemporal): // it comes back, or the user gives up
		case err != nil:
			return err
		default:
			screen.show(view)
			if view.d.HyperParameterTuningJobStatus.Terminal() {
				return a.concludeTuning(ctx, c, job, view, o)
			}
		}
		select {
		case <-watched.Done():
		case <-time.After(tuneEvery):
		}
	}
}

// concludeTuning prints how the search ended. One that did not complete is exit code 1.
func (a *app) concludeTuning(ctx context.Context, c *client.Client, job *client.Job, view *tuningView, o outputFlag) error {
	description, err := job.Describe(ctx)
	if err != nil {
		return err
	}
	if err := a.printDescription(ctx, c, job.Kind, description, o); err != nil {
		return err
	}
	if s := view.d.HyperParameterTuningJobStatus; s != jobs.TuningJobStatusCompleted {
		return &client.FailedError{Kind: job.Kind, Name: job.Name, Status: string(s), Reason: view.d.FailureReason}
	}
	return nil
}

// lookAt asks how the search stands; live asks its running training jobs too.
func lookAt(ctx context.Context, c *client.Client, job *client.Job, reader *client.Trials, live bool) (*tuningView, error) {
	description, err := job.Describe(ctx)
	if err != nil {
		return nil, err
	}
	view := &tuningView{at: time.Now(), rounds: map[string]jobs.Progress{}}
	if err := json.Unmarshal(description, &view.d); err != nil {
		return nil, err
	}
	if view.trials, err = reader.Read(ctx); err != nil {
		return nil, err
	}
	if live {
		for _, t := range view.running() {
			if p, err := c.Job(jobs.TrainingKind, t.Summary.TrainingJobName).Progress(ctx); err == nil {
				view.rounds[t.Summary.TrainingJobName] = p
			}
		}
	}
	return view, nil
}

// shownRunning bounds the running trials that are shown and asked.
const shownRunning = 10

func (v *tuningView) running() []client.Trial {
	var all []client.Trial
	for _, t := range v.trials {
		if !t.Summary.TrainingJobStatus.Terminal() && len(all) < shownRunning {
			all = append(all, t)
		}
	}
	return all
}

// best lists the trials with the best values, at most n.
func (v *tuningView) best(n int) []client.Trial {
	var all []client.Trial
	for _, t := range v.trials {
		if t.Summary.ObjectiveStatus == jobs.ObjectiveSucceeded {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b client.Trial) int {
		va, _ := a.Summary.Value()
		vb, _ := b.Summary.Value()
		switch {
		case jobs.Better(v.objective().Type, va, vb):
			return -1
		case jobs.Better(v.objective().Type, vb, va):
			return 1
		}
		return 0
	})
	return all[:min(n, len(all))]
}

// objective is what the search optimises; empty before it is known.
func (v *tuningView) objective() jobs.HyperParameterTuningJobObjective {
	for _, d := range v.d.Definitions() {
		if o := v.d.Objective(d); o != nil {
			return *o
		}
	}
	return jobs.HyperParameterTuningJobObjective{}
}

func (v *tuningView) stoppedEarly() int {
	n := 0
	for _, t := range v.trials {
		if t.EarlyStopped {
			n++
		}
	}
	return n
}

// left guesses how long the search goes on, from how long its training jobs took so far; 0 where nothing is known.
func (v *tuningView) left() time.Duration {
	done, p := v.d.TrainingJobStatusCounters.Ended(), v.d.Progress
	if p == nil || done == 0 || p.Total == 0 || v.d.HyperParameterTuningJobStatus != jobs.TuningJobStatusInProgress {
		return 0
	}
	elapsed := v.at.Sub(v.d.CreationTime.Time)
	left := elapsed / time.Duration(done) * time.Duration(max(int(p.Total)-done, 0))
	if limit := v.d.HyperParameterTuningJobConfig.ResourceLimits.MaxRuntimeInSeconds; limit > 0 {
		left = min(left, time.Duration(limit)*time.Second-elapsed)
	}
	return max(left, 0)
}

// headline says where the search stands.
func (v *tuningView) headline() string {
	c := v.d.TrainingJobStatusCounters
	status := string(v.d.HyperParameterTuningJobStatus)
	if p := v.d.Progress; p != nil && p.Stage != "" && !v.d.HyperParameterTuningJobStatus.Terminal() {
		status = p.Stage
	}
	parts := []string{status}
	if p := v.d.Progress; p != nil && p.Total > 0 {
		parts = append(parts, fmt.Sprintf("%s/%s training jobs", count(int64(c.Ended())), count(p.Total)))
	}
	if c.InProgress > 0 {
		parts = append(parts, fmt.Sprintf("%d running", c.InProgress))
	}
	if n := v.stoppedEarly(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d stopped early", n))
	}
	if n := c.Failed(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", n))
	}
	if left := v.left(); left > 0 {
		parts = append(parts, "about "+left.Round(time.Second).String()+" left")
	}
	return strings.Join(parts, "  ")
}

// configuration writes hyperparameters in one line.
func configuration(values map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, name+"="+short(values[name]))
	}
	return strings.Join(parts, " ")
}

// short writes a hyperparameter's value with fewer digits where it is a long number.
func short(text string) string {
	var v float64
	if len(text) > 8 {
		if _, err := fmt.Sscanf(text, "%g", &v); err == nil {
			return number(v)
		}
	}
	return text
}

// tuningScreen shows a search: a table that is drawn anew on a terminal, elsewhere a line for each trial that ends.
type tuningScreen struct {
	w     io.Writer
	live  bool
	drawn int          // lines of the last table
	told  map[int]bool // trials that had their line
	said  string       // last line of the job itself
}

func newTuningScreen(w io.Writer) *tuningScreen {
	return &tuningScreen{w: w, live: isTerminal(w), told: map[int]bool{}}
}

func (s *tuningScreen) show(v *tuningView) {
	if s.live {
		s.draw(v)
		return
	}
	if p := v.d.Progress; len(v.trials) == 0 && p != nil && p.Stage != s.said && p.Stage != "" {
		s.said = p.Stage
		printf(s.w, "tune %s: %s\n", v.d.HyperParameterTuningJobName, p.Stage)
	}
	best, found := 0.0, false
	for i, t := range v.trials {
		if value, ok := t.Summary.Value(); ok && t.Summary.ObjectiveStatus == jobs.ObjectiveSucceeded && (!found || jobs.Better(v.objective().Type, value, best)) {
			best, found = value, true
		}
		if t.Summary.TrainingJobStatus.Terminal() && !s.told[i] {
			s.told[i] = true
			printf(s.w, "tune %s: trial %d %s%s  %s\n", v.d.HyperParameterTuningJobName, i+1, outcome(t), valueText(t), configuration(t.Summary.TunedHyperParameters))
		}
	}
}

func outcome(t client.Trial) string {
	if t.EarlyStopped {
		return "stopped early"
	}
	return strings.ToLower(string(t.Summary.TrainingJobStatus))
}

func valueText(t client.Trial) string {
	m := t.Summary.FinalHyperParameterTuningJobObjectiveMetric
	if m == nil {
		return ""
	}
	return "  " + m.MetricName + " " + number(m.Value)
}

// shownBest is how many of the best trials the table shows.
const shownBest = 5

// draw replaces the table on the terminal.
func (s *tuningScreen) draw(v *tuningView) {
	var b strings.Builder
	name := v.d.HyperParameterTuningJobName
	fmt.Fprintf(&b, "tune %s  %s\n", name, v.headline())
	var rows [][]string
	for i, t := range v.best(shownBest) {
		mark := ""
		if i == 0 {
			mark = "best"
		}
		rows = append(rows, []string{mark, trialNumber(t, name), outcome(t), valueText(t), configuration(t.Summary.TunedHyperParameters)})
	}
	for _, t := range v.running() {
		p, state := v.rounds[t.Summary.TrainingJobName], "starting"
		if p.Stage != "" {
			state = strings.ToLower(p.Stage)
		}
		if p.Total > 0 {
			state = fmt.Sprintf("round %s/%s", count(p.Done), count(p.Total))
		}
		value := ""
		if m, ok := p.Metrics[v.objective().MetricName]; ok {
			value = "  " + v.objective().MetricName + " " + number(m)
		}
		rows = append(rows, []string{"", trialNumber(t, name), state, value, configuration(t.Summary.TunedHyperParameters)})
	}
	if len(rows) > 0 {
		printTable(&b, []string{"", "TRIAL", "STATUS", "VALUE", "HYPERPARAMETERS"}, rows)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if s.drawn > 0 {
		printf(s.w, "\x1b[%dA", s.drawn) // up to the first line
	}
	width := terminalWidth(s.w)
	for _, line := range lines {
		printf(s.w, "\r%s\x1b[K\n", cutLine(line, width))
	}
	printf(s.w, "\x1b[J") // what a longer table left below
	s.drawn = len(lines)
}

// cutLine keeps a line from wrapping, which would put the cursor elsewhere than it is thought to be.
func cutLine(line string, width int) string {
	if r := []rune(line); len(r) >= width {
		return string(r[:width-1])
	}
	return line
}

// trialNumber is the number in a training job's name.
func trialNumber(t client.Trial, tuningJob string) string {
	n, _, _ := strings.Cut(strings.TrimPrefix(t.Summary.TrainingJobName, tuningJob+"-"), "-")
	return n
}
