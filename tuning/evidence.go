package tuning

import (
	"cmp"
	"math"
	"slices"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// evidence is all that is known when a trial is chosen, as the model sees it. The coordinates of a point are one for each
// parameter and, where a warm start brought other tasks, one more: the code of the task, 0 for the search's own.
type evidence struct {
	categorical []bool
	x           [][]float64 // of observed points, then of pending ones
	values      []float64   // of the observed ones, to be minimised, about standard normal in each task
	own         [][]float64 // the points as points of the space and of the search's own task
	expected    []float64   // the values that the model expects there
	declustered bool        // values are on a scale to which neighbours count together
}

// pending is how many points are.
func (e *evidence) pending() int { return len(e.x) - len(e.values) }

// seen is one observation.
type seen struct {
	x      []float64
	value  float64 // to be minimised
	failed bool
}

// evidence collects the warm start, then what was observed, then what is pending.
func (s *Search) evidence(declustered bool) evidence { return s.evidenceOf(s.records, declustered) }

// observations is how many values evidence has. A task of which every trial failed teaches nothing.
func (s *Search) observations() int {
	n := 0
	for _, task := range s.tasks(s.records) {
		if _, ok := raws(task); ok {
			n += len(task)
		}
	}
	return n
}

// tasks are the observations with these trials: the search's own task first.
func (s *Search) tasks(records []record) [][]seen {
	tasks := s.warmByTask()
	for _, r := range records {
		if r.status != pending {
			tasks[0] = append(tasks[0], seen{s.coordinates(r.point), s.options.Goal.sign() * r.value, r.status == failed})
		}
	}
	return tasks
}

// evidenceOf is evidence with these trials.
func (s *Search) evidenceOf(records []record, declustered bool) evidence {
	tasks := s.tasks(records)
	e := evidence{declustered: declustered}
	for _, a := range s.axes {
		e.categorical = append(e.categorical, a.Kind == Categorical)
	}
	if len(tasks) > 1 {
		e.categorical = append(e.categorical, true)
	}
	own := tasks[0]
	for code, task := range tasks[1:] {
		e.add(task, float64(code+1), e.scored(task))
	}
	if e.values != nil && len(own) < leastScale {
		e.add(own, 0, e.levelled(own))
	} else {
		e.add(own, 0, e.scored(own))
	}
	for _, r := range records {
		if r.status == pending {
			e.addPoint(s.coordinates(r.point), 0)
		}
	}
	return e
}

const (
	leastScale = 5   // own observations it takes to know the objective's level and scale beside other tasks
	reach      = 0.5 // how far outside the range, in widths of it, an observation of a warm start still teaches
)

// warmByTask sorts the warm start's observations: the search's own task first, then the others by first appearance.
func (s *Search) warmByTask() [][]seen {
	tasks := make([][]seen, 1)
	codes := map[string]int{"": 0}
	for _, o := range s.warm {
		x, near := make([]float64, len(s.axes)), true
		for i, a := range s.axes {
			v, _ := a.parse(o.Values[a.Name])
			x[i] = v
			if a.Kind != Categorical {
				x[i] = a.unit(v)
				near = near && x[i] >= -reach && x[i] <= 1+reach
			}
		}
		if !near {
			continue
		}
		code, ok := codes[o.Task]
		if !ok {
			code = len(tasks)
			codes[o.Task] = code
			tasks = append(tasks, nil)
		}
		r := Result{Value: o.Value, Failed: o.Failed}
		tasks[code] = append(tasks[code], seen{x, s.options.Goal.sign() * o.Value, r.failed()})
	}
	return tasks
}

// scored are the observations' values, ready for the model; nil where none is known. A failed trial counts as the worst
// seen, so that the model keeps away.
func (e *evidence) scored(task []seen) []float64 {
	raw, ok := raws(task)
	if !ok {
		return nil
	}
	weights := equalWeights(len(raw))
	if e.declustered {
		weights = e.declusteringWeights(task)
	}
	return newOutputs(raw, weights).apply(raw)
}

// raws are the values with failed ones filled in; false if all failed.
func raws(task []seen) ([]float64, bool) {
	worst := math.Inf(-1)
	for _, o := range task {
		if !o.failed {
			worst = max(worst, o.value)
		}
	}
	raw := make([]float64, len(task))
	for i, o := range task {
		raw[i] = o.value
		if o.failed {
			raw[i] = worst
		}
	}
	return raw, !math.IsInf(worst, -1)
}

// levelled are the values of own observations too few to have a scale: on that of the other tasks, at the level that their
// nearest points have.
func (e *evidence) levelled(own []seen) []float64 {
	raw, ok := raws(own)
	if !ok {
		return nil
	}
	center, unit := spread(raw, equalWeights(len(raw)))
	level := 0.0
	for _, o := range own {
		nearest, value := math.Inf(1), 0.0
		for i, x := range e.x {
			if d := distance(o.x, x); d < nearest {
				nearest, value = d, e.values[i]
			}
		}
		level += value / float64(len(own))
	}
	out := make([]float64, len(raw))
	for i, v := range raw {
		out[i] = level + (v-center)/unit*float64(len(raw)-1)/leastScale
	}
	return out
}

// distance is the squared distance over the coordinates of x.
func distance(x, y []float64) float64 {
	sum := 0.0
	for i, v := range x {
		sum += (v - y[i]) * (v - y[i])
	}
	return sum
}

func (e *evidence) add(task []seen, code float64, values []float64) {
	if values == nil {
		return
	}
	for _, o := range task {
		e.addPoint(o.x, code)
	}
	e.values = append(e.values, values...)
}

func (e *evidence) addPoint(x []float64, code float64) {
	if len(x) < len(e.categorical) {
		x = append(slices.Clone(x), code)
	}
	e.x = append(e.x, x)
}

// sample is at most n of the observations to fit hyperparameters to: the best quarter of them, and others evenly over the
// rest.
func (e *evidence) sample(n int) gp.Data {
	total := len(e.values)
	if total <= n {
		return gp.Data{X: e.x[:total], Y: e.values}
	}
	order := e.ranked()
	var d gp.Data
	for i := range n {
		at := i
		if best := n / 4; i >= best {
			at = best + (i-best)*(total-best)/(n-best)
		}
		d.X, d.Y = append(d.X, e.x[order[at]]), append(d.Y, e.values[order[at]])
	}
	return d
}

// ranked orders the observations from the best value to the worst.
func (e *evidence) ranked() []int { return ranked(e.values) }

// ranked orders values from the least to the greatest.
func ranked(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	return order
}

// coordinates is a point as the model sees it: values rounded first, then mapped to the unit cube (Garrido-Merchán and
// Hernández-Lobato 2020, Dealing with categorical and integer-valued variables in Bayesian Optimization with Gaussian
// processes, Neurocomputing 380), categories as codes.
func (s *Search) coordinates(p point) []float64 {
	x := make([]float64, len(p))
	for i, a := range s.axes {
		x[i] = p[i]
		if a.Kind != Categorical {
			x[i] = a.unit(p[i])
		}
	}
	return x
}
