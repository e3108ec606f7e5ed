// Package report draws a hyperparameter search, or how a transform went: one HTML page that needs nothing from the network, and the
// same charts as SVG and PNG files. It is given a description with its trials or its journal, and knows neither Temporal nor the store.
package report

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/batchmill/batchmill/jobs"
)

// Trial is one training job of the search.
type Trial struct {
	Summary      jobs.HyperParameterTrainingJobSummary
	Rounds       int
	EarlyStopped bool
}

// Tuning is a search with its trials, in the order they were started.
type Tuning struct {
	Description jobs.HyperParameterTuningJobDescription
	Trials      []Trial
}

// Chart is one drawing.
type Chart struct {
	Name    string // of the file, without its ending
	Title   string
	Note    string // how to read it
	drawing *canvas
}

// SVG is the drawing as a document of its own, which a page may hold too. Its colours follow the page's.
func (c Chart) SVG() template.HTML { return c.drawing.svg() }

// PNG writes the drawing as a picture on white, at twice its size so that it stays sharp.
func (c Chart) PNG(w io.Writer) error { return c.drawing.png(w) }

// point is a trial as charts see it.
type point struct {
	number int // from 1
	value  float64
	early  bool
	at     []float64 // on each axis, in [0, 1]
	trial  *Trial
}

// search is what the charts are drawn from.
type search struct {
	Tuning
	metric   string
	maximize bool
	axes     []axis
	points   []point // trials with a value
	best     int     // index of the best point, -1 without one
}

func read(t Tuning) *search {
	s := &search{Tuning: t, best: -1}
	for _, d := range t.Description.Definitions() {
		if o := t.Description.Objective(d); o != nil && s.metric == "" {
			s.metric, s.maximize = o.MetricName, o.Type == jobs.Maximize
		}
		s.addAxes(t.Description.Ranges(d))
	}
	for i := range t.Trials {
		trial := &t.Trials[i]
		value, ok := trial.Summary.Value()
		if !ok || trial.Summary.ObjectiveStatus != jobs.ObjectiveSucceeded {
			continue
		}
		p := point{number: i + 1, value: value, early: trial.EarlyStopped, trial: trial}
		for _, a := range s.axes {
			p.at = append(p.at, a.unit(trial.Summary.TunedHyperParameters[a.name]))
		}
		s.points = append(s.points, p)
		if s.best < 0 || s.better(value, s.points[s.best].value) {
			s.best = len(s.points) - 1
		}
	}
	return s
}

func (s *search) better(a, b float64) bool {
	if s.maximize {
		return a > b
	}
	return a < b
}

// axis is one hyperparameter.
type axis struct {
	name       string
	low, high  float64
	log        bool
	categories []string
}

// logRatio is from which ratio of its ends a range above 0 is drawn on a logarithmic axis.
const logRatio = 100

func (s *search) addAxes(r jobs.ParameterRanges) {
	add := func(a axis) {
		if !slices.ContainsFunc(s.axes, func(b axis) bool { return b.name == a.name }) {
			s.axes = append(s.axes, a)
		}
	}
	numeric := func(name, low, high, scaling string) {
		a := axis{name: name}
		a.low, _ = strconv.ParseFloat(low, 64) // a document that got this far holds numbers
		a.high, _ = strconv.ParseFloat(high, 64)
		a.log = a.low > 0 && (scaling == jobs.ScalingLogarithmic || scaling != jobs.ScalingLinear && a.high >= logRatio*a.low)
		add(a)
	}
	for _, p := range r.IntegerParameterRanges {
		numeric(p.Name, p.MinValue, p.MaxValue, p.ScalingType)
	}
	for _, p := range r.ContinuousParameterRanges {
		numeric(p.Name, p.MinValue, p.MaxValue, p.ScalingType)
	}
	for _, p := range r.CategoricalParameterRanges {
		add(axis{name: p.Name, categories: p.Values})
	}
}

// unit is where a value lies on the axis: 0 at its low end, 1 at its high one; NaN for a trial without the hyperparameter.
func (a axis) unit(text string) float64 {
	if a.categories != nil {
		i := slices.Index(a.categories, text)
		if i < 0 {
			return math.NaN()
		}
		return (float64(i) + 0.5) / float64(len(a.categories))
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	if a.low == a.high {
		return 0.5
	}
	if a.log {
		return math.Log(v/a.low) / math.Log(a.high/a.low)
	}
	return (v - a.low) / (a.high - a.low)
}

// ticks are labels with their places on the axis.
func (a axis) ticks(n int) []tick {
	if a.categories != nil {
		var all []tick
		for _, c := range a.categories {
			all = append(all, tick{a.unit(c), c})
		}
		return all
	}
	if a.log {
		return logTicks(a.low, a.high)
	}
	return linearTicks(a.low, a.high, n)
}

// Charts draws the search. A search without a trial that has a value has none.
func Charts(t Tuning) []Chart {
	s := read(t)
	if len(s.points) == 0 {
		return nil
	}
	charts := []Chart{
		{"history", "Objective by trial", "Each dot is a trial that has a value; the line is the best value so far. Hollow dots were stopped early.", s.history()},
		{"importance", "Importance of each hyperparameter", "Share of the objective's variance that a hyperparameter explains by itself, and together with others (functional ANOVA over a forest of regression trees, on the trials' own values).", s.importance()},
		{"parallel", "Parallel coordinates", fmt.Sprintf("A line is a trial; the stronger, the better. The best one is drawn thick. Of more than %d trials the best are drawn.", shownTraces), s.parallel()},
	}
	for i, a := range s.axes {
		charts = append(charts, Chart{"slice-" + a.name, a.name, "", s.slice(i)})
	}
	return charts
}

// fixedCharts is how many charts stand for themselves; slices follow.
const fixedCharts = 3

// HTML writes the page.
func HTML(w io.Writer, t Tuning) error {
	s := read(t)
	page := struct {
		Name, Status, Strategy, Metric, Goal, Reason string
		Facts                                        [][2]string
		Best                                         [][2]string
		Charts, Slices                               []Chart
		Columns                                      []string
		Rows                                         []row
	}{
		Name: t.Description.HyperParameterTuningJobName, Status: string(t.Description.HyperParameterTuningJobStatus),
		Strategy: t.Description.HyperParameterTuningJobConfig.Strategy, Metric: s.metric, Goal: "lower is better",
		Reason: t.Description.FailureReason, Facts: s.facts(), Best: s.bestValues(), Rows: s.rows(),
	}
	if s.maximize {
		page.Goal = "higher is better"
	}
	if all := Charts(t); len(all) > 0 {
		page.Charts, page.Slices = all[:fixedCharts], all[fixedCharts:]
	}
	for _, a := range s.axes {
		page.Columns = append(page.Columns, a.name)
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, page); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// facts are the numbers at the top of the page.
func (s *search) facts() [][2]string {
	c, d := s.Description.TrainingJobStatusCounters, s.Description
	early := 0
	for _, t := range s.Trials {
		if t.EarlyStopped {
			early++
		}
	}
	facts := [][2]string{
		{"Trials", strconv.Itoa(len(s.Trials))},
		{"Completed", strconv.Itoa(c.Completed)},
		{"Stopped", strconv.Itoa(c.Stopped)},
		{"Stopped early", strconv.Itoa(early)},
		{"Failed", strconv.Itoa(c.Failed())},
		{"Running", strconv.Itoa(c.InProgress)},
	}
	if !d.HyperParameterTuningEndTime.IsZero() {
		facts = append(facts, [2]string{"Took", d.HyperParameterTuningEndTime.Sub(d.CreationTime.Time).Round(100 * time.Millisecond).String()})
	}
	return slices.DeleteFunc(facts, func(f [2]string) bool { return f[1] == "0" })
}

// bestValues are the best trial's hyperparameters, behind its name and value.
func (s *search) bestValues() [][2]string {
	if s.best < 0 {
		return nil
	}
	best := s.points[s.best]
	all := [][2]string{{"Training job", best.trial.Summary.TrainingJobName}, {s.metric, number(best.value)}}
	values := best.trial.Summary.TunedHyperParameters
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, [2]string{name, values[name]})
	}
	return all
}

// row is a trial in the table.
type row struct {
	Number        int
	Name, Status  string
	Value, Key    string // as shown, and as sorted by
	Rounds, Took  string
	Values        []string
	Best          bool
	FailureReason string
	Sec           string // seconds, to sort by
}

func (s *search) rows() []row {
	var rows []row
	for i, t := range s.Trials {
		r := row{Number: i + 1, Name: t.Summary.TrainingJobName, Status: string(t.Summary.TrainingJobStatus), FailureReason: t.Summary.FailureReason}
		if t.EarlyStopped {
			r.Status = "Stopped early"
		}
		if v, ok := t.Summary.Value(); ok {
			r.Value, r.Key = number(v), strconv.FormatFloat(v, 'g', -1, 64)
		}
		if t.Rounds > 0 {
			r.Rounds = strconv.Itoa(t.Rounds)
		}
		if !t.Summary.TrainingEndTime.IsZero() && !t.Summary.TrainingStartTime.IsZero() {
			d := t.Summary.TrainingEndTime.Sub(t.Summary.TrainingStartTime.Time)
			r.Took, r.Sec = d.Round(10*time.Millisecond).String(), fmt.Sprint(d.Seconds())
		}
		for _, a := range s.axes {
			r.Values = append(r.Values, shortValue(t.Summary.TunedHyperParameters[a.name]))
		}
		r.Best = s.best >= 0 && s.points[s.best].number == i+1
		rows = append(rows, r)
	}
	return rows
}

// number writes a value with up to six significant digits.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// longText is from how many characters on a number is written with fewer digits.
const longText = 9

func shortValue(text string) string {
	if v, err := strconv.ParseFloat(text, 64); err == nil && len(text) > longText {
		return number(v)
	}
	return text
}
