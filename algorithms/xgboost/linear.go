package xgboost

// linear is the gblinear booster: a weight per feature and output, and a bias. Missing values count as 0.
type linear struct {
	weights          []float32
	features, groups int
	baseLast         bool // base score is added after the features, as before XGBoost 1.0; float32 sums differ by it
}

func (l linear) Score(columns [][]float32, n int, out []float32) {
	if l.baseLast {
		sums := make([]float32, n*l.groups)
		l.add(columns, n, sums)
		for i, s := range sums {
			out[i] += s
		}
		return
	}
	l.add(columns, n, out)
}

func (l linear) add(columns [][]float32, n int, out []float32) {
	for r := range n {
		for g := range l.groups {
			out[r*l.groups+g] += l.weights[l.features*l.groups+g]
		}
	}
	for f, column := range columns {
		for r, x := range column[:n] {
			if x != x {
				continue
			}
			for g := range l.groups {
				out[r*l.groups+g] += x * l.weights[f*l.groups+g]
			}
		}
	}
}
