package objective

// Rows is what a loss or a metric looks at: what the model says of rows, and the truth.
type Rows struct {
	Margins     [][]float32 // by output: sums of leaf values
	Predictions [][]float32 // by output: what the loss's Response makes of them
	Labels      []float32
	Upper       []float32 // survival:aft: the upper ends of intervals that Labels are the lower ends of; nil: labels are exact
	Weights     []float32 // nil: every row counts 1
	Queries     []int     // where each query's rows start, and the end; nil: there are none
}

// Weight is how much a row counts.
func (r *Rows) Weight(i int) float64 {
	if r.Weights == nil {
		return 1
	}
	return float64(r.Weights[i])
}

// likeliest is the class predicted for a row, of equal ones the first.
func (r *Rows) likeliest(i int) int {
	best := 0
	for c, p := range r.Predictions {
		if p[i] > r.Predictions[best][i] {
			best = c
		}
	}
	return best
}

// cut narrows slices, each as long as the rows, to some of them. A nil slice stays nil.
func cut(values []float32, from, to int) []float32 {
	if values == nil {
		return nil
	}
	return values[from:to]
}

// cutEach appends the cut slices to dst.
func cutEach(dst, values [][]float32, from, to int) [][]float32 {
	for _, v := range values {
		dst = append(dst, v[from:to])
	}
	return dst
}
