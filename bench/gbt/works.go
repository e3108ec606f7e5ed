package main

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
)

// work is one comparison.
type work struct {
	name    string
	rounds  int
	depth   int
	leaves  int // 0: grown by depth; else best first, that many leaves
	classes int // 0: regression, 1: binary, else multi-class
	metric  string
	load    func(ctx context.Context, data string) (train, test *frame, err error)
}

const eta = 0.1

func works(rows int) []work {
	higgs := func(ctx context.Context, data string) (*frame, *frame, error) {
		all, err := readCSV(ctx, filepath.Join(data, "higgs_small", "higgs_small.csv.gz"), "text/csv;header=present;label=label;ignore=source")
		if err != nil {
			return nil, nil, err
		}
		train, test := all.holdBack()
		return train.draw(rows), test, nil
	}
	csv := func(path, media string) func(context.Context, string) (*frame, *frame, error) {
		return func(ctx context.Context, data string) (*frame, *frame, error) {
			all, err := readCSV(ctx, filepath.Join(data, path), media)
			if err != nil {
				return nil, nil, err
			}
			train, test := all.holdBack()
			return train, test, nil
		}
	}
	return []work{
		{"higgs-depth6", 100, 6, 0, 1, "auc", higgs},
		{"higgs-depth8", 100, 8, 0, 1, "auc", higgs},
		{"higgs-255leaves", 100, 0, 255, 1, "auc", higgs},
		{"covertype", 100, 6, 0, 7, "mlogloss", csv("covertype/covertype_train80.csv.gz", "text/csv;header=present;label=Cover_Type;text=Cover_Type")},
		{"adult", 100, 6, 0, 1, "auc", csv("adult/adult_train80.csv.gz", "text/csv;header=present;label=income;ignore=source_split")},
		{"bank_marketing", 100, 6, 0, 1, "auc", csv("bank_marketing/bank_additional_full.csv.gz", "text/csv;header=present;label=y")},
		{"airlines_2k", 100, 6, 0, 1, "auc", csv("airlines_2k/airlines_2k.csv.gz",
			"text/csv;header=present;label=IsArrDelayed;ignore=IsDepDelayed+ArrDelay+DepDelay+CarrierDelay+WeatherDelay+NASDelay+SecurityDelay+LateAircraftDelay+ArrTime+ActualElapsedTime+AirTime+DepTime+TailNum")},
		{"kddcup99", 100, 6, 0, 23, "mlogloss", csv("kddcup99_10pct/kddcup.data_10_percent.gz", "text/csv;label=42")},
	}
}

// holdBack sets every fifth row aside.
func (f *frame) holdBack() (train, test *frame) {
	var a, b []int
	for i := range f.label {
		if i%5 == 4 {
			b = append(b, i)
		} else {
			a = append(a, i)
		}
	}
	return f.take(a), f.take(b)
}

// draw makes n rows with replacement, each number moved by up to a tenth of a percent.
func (f *frame) draw(n int) *frame {
	rng := rand.New(rand.NewPCG(7, 7))
	pick := make([]int, n)
	for i := range pick {
		pick[i] = rng.IntN(len(f.label))
	}
	out := f.take(pick)
	for _, c := range out.columns {
		for i := range c.values {
			c.values[i] *= float32(1 + (rng.Float64()-0.5)*2e-3)
		}
	}
	return out
}

// ourParams are the job's hyperparameters.
func (w work) ourParams() map[string]string {
	p := map[string]string{"num_round": strconv.Itoa(w.rounds), "eta": "0.1", "max_bin": "256", "seed": "7"}
	if w.leaves > 0 {
		p["grow_policy"], p["max_leaves"], p["max_depth"] = "lossguide", strconv.Itoa(w.leaves), "0"
	} else {
		p["max_depth"] = strconv.Itoa(w.depth)
	}
	switch {
	case w.classes == 0:
		p["objective"] = "reg:squarederror"
	case w.classes == 1:
		p["objective"] = "binary:logistic"
	default:
		p["objective"], p["num_class"] = "multi:softprob", strconv.Itoa(w.classes)
	}
	return p
}

// peer is a rival with its parameters for the same work.
type peer struct {
	name, library string
	params        map[string]any
}

func (w work) peers() []peer {
	x := map[string]any{"eta": eta, "max_bin": 256, "tree_method": "hist", "seed": 7, "max_depth": w.depth, "base_score": 0.5}
	l := map[string]any{"learning_rate": eta, "max_bin": 255, "seed": 7, "max_depth": w.depth, "num_leaves": 1 << w.depth,
		"min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 1, "lambda_l2": 1, "force_row_wise": false}
	if w.leaves > 0 {
		x["grow_policy"], x["max_leaves"], x["max_depth"] = "lossguide", w.leaves, 0
		l["num_leaves"], l["max_depth"] = w.leaves, -1
	}
	switch {
	case w.classes == 0:
		x["objective"], l["objective"] = "reg:squarederror", "regression"
	case w.classes == 1:
		x["objective"], l["objective"] = "binary:logistic", "binary"
	default:
		x["objective"], x["num_class"] = "multi:softprob", w.classes
		l["objective"], l["num_class"] = "multiclass", w.classes
		delete(x, "base_score")
	}
	q := maps.Clone(l)
	q["use_quantized_grad"] = true
	return []peer{{"xgboost", "xgboost", x}, {"lightgbm", "lightgbm", l}, {"lightgbm-q", "lightgbm", q}}
}

// score is the quality of predictions on held-back rows, by the work's metric.
func (w work) score(scores []float32, width int, label []float32) float64 {
	switch w.metric {
	case "auc":
		return auc(scores, label)
	case "mlogloss":
		var sum float64
		for i, y := range label {
			sum -= math.Log(max(float64(scores[i*width+int(y)]), 1e-15))
		}
		return sum / float64(len(label))
	}
	var sum float64
	for i, y := range label {
		d := float64(scores[i] - y)
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(label)))
}

// auc is the chance that a positive row is scored above a negative one, ties counting half.
func auc(scores, label []float32) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case scores[a] < scores[b]:
			return -1
		case scores[a] > scores[b]:
			return 1
		}
		return 0
	})
	var rankSum, positives float64
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && scores[order[to]] == scores[order[from]] {
			to++
		}
		mean := float64(from+to+1) / 2
		for _, i := range order[from:to] {
			if label[i] > 0.5 {
				rankSum += mean
				positives++
			}
		}
		from = to
	}
	negatives := float64(len(label)) - positives
	return (rankSum - positives*(positives+1)/2) / (positives * negatives)
}
