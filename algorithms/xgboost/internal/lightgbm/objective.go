package lightgbm

import (
	"math"
	"strconv"
	"strings"
)

// Objective turns margins into predictions.
type Objective struct {
	Name    string
	classes int
	convert func(row []float64) // in place
	kind    conversion
}

type conversion uint8

const (
	toItself conversion = iota
	toProbability
	toPositive
)

func (o Objective) identity() bool    { return o.kind == toItself }
func (o Objective) probability() bool { return o.kind == toProbability }

// Predict turns the margins of one row into predictions, in place.
func (o Objective) Predict(row []float64) { o.convert(row) }

func same([]float64) {}

func each(f func(float64) float64) func([]float64) {
	return func(row []float64) {
		for i, x := range row {
			row[i] = f(x)
		}
	}
}

func sigmoid(scale float64) func([]float64) {
	return each(func(x float64) float64 { return 1 / (1 + math.Exp(-scale*x)) })
}

func softmax(row []float64) {
	top, sum := math.Inf(-1), 0.0
	for _, x := range row {
		top = max(top, x)
	}
	for i, x := range row {
		row[i] = math.Exp(x - top)
		sum += row[i]
	}
	for i := range row {
		row[i] /= sum
	}
}

func signedSquare(x float64) float64 { return math.Copysign(x*x, x) }

// parseObjective reads a line as LightGBM writes it: "binary sigmoid:1". A model without one yields margins, as LightGBM's
// own objective "custom" does.
func parseObjective(text string) (Objective, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Objective{convert: same}, nil
	}
	o := Objective{Name: words[0], convert: same}
	scale, root := 1.0, false
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, ":")
		v, err := strconv.ParseFloat(value, 64)
		switch name {
		case "sqrt":
			root = true
		case "sigmoid":
			if err != nil || !(v > 0) {
				return o, faultf("objective", "sigmoid is %q", value)
			}
			scale = v
		case "num_class":
			if err != nil || v != math.Trunc(v) || v < 1 || v > maxOutputs {
				return o, faultf("objective", "num_class is %q", value)
			}
			o.classes = int(v)
		}
	}
	switch o.Name {
	case "regression", "regression_l2", "regression_l1", "l2", "l1", "mse", "mae", "huber", "fair", "quantile", "mape":
		if root {
			o.convert, o.kind = each(signedSquare), toPositive
		}
	case "poisson", "gamma", "tweedie":
		o.convert, o.kind = each(math.Exp), toPositive
	case "binary", "multiclassova":
		o.convert, o.kind = sigmoid(scale), toProbability
	case "multiclass":
		o.convert, o.kind = softmax, toProbability
	case "cross_entropy", "xentropy":
		o.convert, o.kind = sigmoid(1), toProbability
	case "cross_entropy_lambda", "xentlambda":
		o.convert, o.kind = each(func(x float64) float64 { return math.Log1p(math.Exp(x)) }), toPositive
	case "lambdarank", "rank_xendcg", "xendcg", "custom", "none", "null":
	default:
		return o, faultf("", "objective %q is not supported", o.Name)
	}
	if (o.Name == "multiclass" || o.Name == "multiclassova") && o.classes == 0 {
		return o, faultf("objective", "%s without num_class", o.Name)
	}
	return o, nil
}
