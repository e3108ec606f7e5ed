package xgboost

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
)

// heldFile is the member of an artifact that holds what a cross validation said of rows held back.
const heldFile = ownFolder + "/predictions.csv"

// heldBack gathers the predictions of rows by models that have not seen them: one for each repetition.
type heldBack struct {
	labels  []float32
	model   outputModel // tells labels from predictions
	link    objective.Link
	repeats int
	width   int       // sums of a row
	sums    []float64 // of probabilities or predictions
	votes   [][]int32 // of classes, by row; nil for other tasks
}

func newHeldBack(t *table, set *settings) *heldBack {
	name := set.objective
	if name == "multi:softmax" {
		name = "multi:softprob" // the same model, with probabilities
	}
	link, _ := objective.LinkOf(name)
	h := &heldBack{labels: t.labels, model: outputModel{task: taskOf(name), groups: set.outputs()}, link: link, repeats: set.repeats, width: 1}
	if h.model.task != scoreTask {
		h.votes = make([][]int32, t.rows())
	} else {
		h.width = link.Width(set.outputs())
	}
	h.sums = make([]float64, t.rows()*h.width)
	return h
}

// add takes the margins of some rows.
func (h *heldBack) add(rows []int, margins []float32) {
	predictions := h.link.Predict(slices.Clone(margins), h.model.groups)
	width := h.link.Width(h.model.groups)
	for i, r := range rows {
		said := predictions[i*width : (i+1)*width]
		if h.votes != nil {
			label := h.model.label(predictions, i)
			h.votes[r] = append(h.votes[r], int32(label))
			said = said[min(label, width-1):]
		}
		for j := range h.width {
			h.sums[r*h.width+j] += float64(said[j])
		}
	}
}

// encode makes the lines that SageMaker's container writes to predictions.csv: the label and the mean prediction; of
// classifiers the label, the mean probability (of class 1 of two, else of the class each model said) and the class that most
// models said.
func (h *heldBack) encode() []byte {
	var b bytes.Buffer
	write := func(v float64) { b.WriteString(strconv.FormatFloat(v, 'g', -1, 32)) }
	for r, y := range h.labels {
		write(float64(y))
		for _, s := range h.sums[r*h.width : (r+1)*h.width] {
			b.WriteByte(',')
			write(s / float64(h.repeats))
		}
		if h.votes != nil {
			b.WriteByte(',')
			write(float64(commonest(h.votes[r])))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// commonest returns what comes most often, of several the smallest. It sorts its argument.
func commonest[T int32 | float32](votes []T) T {
	slices.Sort(votes)
	best, most := votes[0], 0
	for from := 0; from < len(votes); {
		to := from
		for to < len(votes) && votes[to] == votes[from] {
			to++
		}
		if to-from > most {
			best, most = votes[from], to-from
		}
		from = to
	}
	return best
}

// held returns the margins of the last channel, row by row, after the round that counts: the best one where early stopping
// looks for it.
func (t *training) held() []float32 {
	c := t.channels[len(t.channels)-1]
	if t.set.patience > 0 && t.linear == nil && !t.set.update() {
		t.addTrees(c, t.trees[:(t.best.Round+1)*t.set.outputs()*t.set.parallel], nil)
	}
	out := make([]float32, 0, c.rows()*len(c.margins))
	for r := range c.rows() {
		for _, m := range c.margins {
			out = append(out, m[r])
		}
	}
	return out
}
