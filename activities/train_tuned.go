package activities

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/tuning"
)

// What a training does as a trial of a search: it keeps the objective's curve, ends early where the curves of earlier trials
// make it hopeless, and pauses at a rung. The curves go from trial to trial through the store: to be held against them needs no
// exactness in time, and signals at every round would fill histories.

// curvesEvery is how often a training looks for curves of trials that ended meanwhile.
const curvesEvery = 2 * time.Second

// trialWatch follows one training's objective.
type trialWatch struct {
	tuned    *protocol.Tuned
	scrapes  *regexp.Regexp // finds the objective in the log where the algorithm does not report it; nil where it does
	value    float64
	found    bool
	hopeless bool // since the last round

	mu      sync.Mutex
	stopper *tuning.Stopper // nil without early stopping
}

// newTrialWatch is for a training from round done on, whose curve so far is stored where it left its checkpoint.
func (a *Activities) newTrialWatch(ctx context.Context, tuned *protocol.Tuned, doc *jobs.TrainingJob, base storage.URI, done int) (*trialWatch, error) {
	w := &trialWatch{tuned: tuned, scrapes: scraper(doc, tuned.Objective)}
	if tuned.Curves == "" {
		return w, nil
	}
	w.stopper = &tuning.Stopper{Goal: tuning.Goal(tuned.Goal), Curves: map[int]*tuning.Curve{}}
	if done == 0 {
		return w, nil
	}
	var c tuning.Curve
	err := a.readJSON(ctx, partialCurve(base), &c)
	if errors.Is(err, storage.ErrNotFound) || err == nil && c.Epochs != done {
		w.stopper = nil // the rounds before are not known: this attempt is not judged
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	w.stopper.Curves[tuned.Trial] = &c
	return w, nil
}

// partialCurve is where a training leaves its curve together with a checkpoint.
func partialCurve(base storage.URI) storage.URI { return base.Join("model", "curve.json") }

// scraper is the document's own definition of the objective, for algorithms that do not report it by name.
func scraper(doc *jobs.TrainingJob, objective string) *regexp.Regexp {
	for _, m := range doc.AlgorithmSpecification.MetricDefinitions {
		if m.Name == objective {
			// Expressions are written for other engines too; one that cannot be read here finds nothing.
			if re, err := regexp.Compile(m.Regex); err == nil && re.NumSubexp() > 0 {
				return re
			}
		}
	}
	return nil
}

// round takes in a round's metrics.
func (w *trialWatch) round(r algorithms.Round) {
	w.found = false
	for _, m := range r.Metrics {
		if m.Name == w.tuned.Objective {
			w.value, w.found = m.Value, true
		}
	}
	if !w.found && w.scrapes != nil {
		w.scrape(r.Log)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopper != nil && w.found {
		w.hopeless = w.stopper.Report(w.tuned.Trial, r.Total, w.value)
	}
}

// scrape looks for the objective in a log line, in which a tab is stored as #011.
func (w *trialWatch) scrape(line string) {
	for _, text := range []string{strings.ReplaceAll(line, "\t", "#011"), line} {
		if m := w.scrapes.FindStringSubmatch(text); m != nil {
			if v, err := strconv.ParseFloat(m[1], 64); err == nil {
				w.value, w.found = v, true
				return
			}
		}
	}
}

// curve is the objective's course so far, nil without early stopping.
func (w *trialWatch) curve() *tuning.Curve {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopper == nil {
		return nil
	}
	return w.stopper.Curves[w.tuned.Trial]
}

// follow reads the curves of trials that have ended, again and again until ctx ends.
func (w *trialWatch) follow(ctx context.Context, a *Activities) {
	tick := time.NewTicker(curvesEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.catchUp(ctx, a)
		}
	}
}

// catchUp reads the curves it does not have yet. A curve that cannot be read is not gone by, nothing more.
func (w *trialWatch) catchUp(ctx context.Context, a *Activities) {
	at, err := storage.ParseURI(w.tuned.Curves)
	if err != nil || w.stopper == nil {
		return // nothing is stopped early
	}
	if err := w.read(ctx, a, at); err != nil && ctx.Err() == nil {
		slog.Warn("curves of earlier trials could not be read", "at", at.String(), "error", err)
	}
}

// read adds the curves it does not have yet.
func (w *trialWatch) read(ctx context.Context, a *Activities, at storage.URI) error {
	known, err := a.curves.known(ctx, a, at)
	if err != nil {
		return err
	}
	delete(known, w.tuned.Trial)
	w.mu.Lock()
	defer w.mu.Unlock()
	for trial, c := range known {
		if w.stopper.Curves[trial] == nil {
			w.stopper.Curves[trial] = c
		}
	}
	return nil
}

// keep stores the curve so far, for an attempt that goes on from a checkpoint.
func (w *trialWatch) keep(ctx context.Context, a *Activities, base storage.URI) error {
	c := w.curve()
	if c == nil {
		return nil
	}
	return a.writeJSON(ctx, partialCurve(base), c, storage.PutOptions{})
}

// leave stores the curve of a trial that has ended, for those that follow.
func (w *trialWatch) leave(ctx context.Context, a *Activities) error {
	c := w.curve()
	if c == nil {
		return nil
	}
	at, err := storage.ParseURI(w.tuned.Curves)
	if err != nil {
		return err
	}
	if err := a.writeJSON(ctx, at.Join(protocol.NumberedObject(w.tuned.Trial)), c, storage.PutOptions{}); err != nil {
		return err
	}
	a.curves.add(at, w.tuned.Trial, c)
	return nil
}

// end adds what the watch knows to what became of the training: the objective that was scraped, and the forecast. Others are
// held against a curve that came to its end.
func (w *trialWatch) end(done *protocol.Trained) {
	if _, reported := done.Metrics[w.tuned.Objective]; !reported && w.found {
		done.Metrics[w.tuned.Objective] = w.value
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.stopper == nil:
	case done.Hopeless:
		if value, ok := w.stopper.Forecast(w.tuned.Trial); ok {
			done.Forecast = &value
		}
	case !done.Stopped:
		w.stopper.Finish(w.tuned.Trial)
	}
}
