package xgboost

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// The outputs that SageMaker's XGBoost container selects by SAGEMAKER_INFERENCE_OUTPUT, with its meanings. What a task has not
// is refused, where the container answers with NaN.

// task is what a model's predictions are, as far as labels go.
type task uint8

const (
	scoreTask   task = iota // a number
	binaryTask              // the probability of class 1
	cutTask                 // a score with class 1 above 0: binary:logitraw, binary:hinge
	classTask               // the class itself
	classesTask             // a probability for each class
)

func taskOf(objective string) task {
	switch objective {
	case "binary:logistic", "binary", "cross_entropy", "xentropy":
		return binaryTask
	case "binary:logitraw", "binary:hinge":
		return cutTask
	case "multi:softmax":
		return classTask
	case "multi:softprob", "multiclass", "multiclassova":
		return classesTask
	}
	return scoreTask
}

// require refuses an output that only some tasks have.
func (m *outputModel) require(name string, tasks ...task) error {
	if slices.Contains(tasks, m.task) {
		return nil
	}
	what := "classification"
	switch {
	case name == algorithms.OutputPredictedScore:
		what = "regression and ranking"
	case len(tasks) == 2:
		what = "classification with probabilities"
	}
	return &algorithms.OutputError{Output: name, Reason: fmt.Sprintf("only models for %s have it", what)}
}

// classes is the number of labels.
func (m *outputModel) classes() int { return max(2, m.groups) }

// label returns the number of a row's class.
func (m *outputModel) label(predictions []float32, r int) int {
	switch m.task {
	case binaryTask:
		return above(predictions[r], 0.5)
	case cutTask:
		return above(predictions[r], 0)
	case classTask:
		return int(predictions[r])
	}
	row := predictions[r*m.groups : (r+1)*m.groups]
	best := 0
	for g, p := range row {
		if p > row[best] {
			best = g
		}
	}
	return best
}

func above(v, bound float32) int {
	if v > bound {
		return 1
	}
	return 0
}

// predictedLabel is the class: its text where the model was trained on texts, else its number.
func (m *outputModel) predictedLabel() (output, error) {
	name := algorithms.OutputPredictedLabel
	if err := m.require(name, binaryTask, cutTask, classTask, classesTask); err != nil {
		return output{}, err
	}
	if texts := m.layout.Classes; len(texts) >= m.classes() {
		return one(name, dataset.StringType, func(rows *rowValues) dataset.Column {
			labels := make([]string, rows.n)
			for r := range labels {
				labels[r] = texts[m.label(rows.allPredictions(), r)]
			}
			return dataset.NewStrings(labels)
		}), nil
	}
	return one(name, dataset.Int64Type, func(rows *rowValues) dataset.Column {
		labels := make([]int64, rows.n)
		for r := range labels {
			labels[r] = int64(m.label(rows.allPredictions(), r))
		}
		return dataset.NewInt64(labels)
	}), nil
}

// labels are all classes, in the order of probabilities: the same in every row.
func (m *outputModel) labels() (output, error) {
	name := algorithms.OutputLabels
	if err := m.require(name, binaryTask, cutTask, classTask, classesTask); err != nil {
		return output{}, err
	}
	if texts := m.layout.Classes; len(texts) >= m.classes() {
		var o output
		for i := range m.classes() {
			o.fields = append(o.fields, dataset.Field{Name: name + "_" + strconv.Itoa(i), Type: dataset.StringType})
		}
		o.make = func(rows *rowValues) (columns []dataset.Column) {
			for i := range m.classes() {
				columns = append(columns, dataset.NewStrings(slices.Repeat(texts[i:i+1], rows.n)))
			}
			return columns
		}
		return o, nil
	}
	return one(name, dataset.Int32ListType(m.classes()), func(rows *rowValues) dataset.Column {
		values := make([]int32, rows.n*m.classes())
		for i := range values {
			values[i] = int32(i % m.classes())
		}
		return dataset.NewInt32List(values, m.classes())
	}), nil
}

// probability is that of class 1, or of the likeliest of many.
func (m *outputModel) probability() (output, error) {
	if err := m.require(algorithms.OutputProbability, binaryTask, classesTask); err != nil {
		return output{}, err
	}
	return floats(algorithms.OutputProbability, 1, m.highest), nil
}

func (m *outputModel) probabilities() (output, error) {
	if err := m.require(algorithms.OutputProbabilities, binaryTask, classesTask); err != nil {
		return output{}, err
	}
	return floats(algorithms.OutputProbabilities, m.classes(), m.perClass), nil
}

// rawScore is the prediction, of many classes the highest.
func (m *outputModel) rawScore() (output, error) {
	if err := m.require(algorithms.OutputRawScore, binaryTask, cutTask, classTask, classesTask); err != nil {
		return output{}, err
	}
	return floats(algorithms.OutputRawScore, 1, m.highest), nil
}

// rawScores are one score per class, or, where a prediction is one number, 1 less it and it.
func (m *outputModel) rawScores() (output, error) {
	if err := m.require(algorithms.OutputRawScores, binaryTask, cutTask, classTask, classesTask); err != nil {
		return output{}, err
	}
	width := 2
	if m.task == classesTask {
		width = m.groups
	}
	return floats(algorithms.OutputRawScores, width, m.perClass), nil
}

func (m *outputModel) predictedScore() (output, error) {
	if err := m.require(algorithms.OutputPredictedScore, scoreTask); err != nil {
		return output{}, err
	}
	return floats(algorithms.OutputPredictedScore, m.width, (*rowValues).allPredictions), nil
}

func (m *outputModel) highest(rows *rowValues) []float32 {
	if m.task != classesTask {
		return rows.allPredictions()
	}
	out := make([]float32, rows.n)
	for r := range out {
		out[r] = slices.Max(rows.allPredictions()[r*m.groups : (r+1)*m.groups])
	}
	return out
}

func (m *outputModel) perClass(rows *rowValues) []float32 {
	if m.task == classesTask {
		return rows.allPredictions()
	}
	out := make([]float32, 0, 2*rows.n)
	for _, p := range rows.allPredictions() {
		out = append(out, 1-p, p)
	}
	return out
}
