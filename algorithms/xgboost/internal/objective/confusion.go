package objective

// confusionMetric returns the metrics that SageMaker's container takes from scikit-learn. They count rows, weighted, by true
// and predicted class: sums[true*classes+predicted]. ok is false for a name that is none; a metric without finish needs a
// binary objective.
func confusionMetric(name string, task Task, classes int) (m *Metric, ok bool) {
	k := classes
	if task != Multiclass {
		k = 2
	}
	m = &Metric{Name: name, Maximize: true, width: k * k,
		add: func(r *Rows, i int, s []float64) {
			predicted := 0
			if len(r.Predictions) > 1 {
				predicted = r.likeliest(i)
			} else if r.Predictions[0][i] > 0.5 {
				predicted = 1
			}
			s[int(r.Labels[i])*k+predicted] += r.Weight(i)
		},
	}
	of := func(f func(c confusion) float64) {
		m.finish = func(s []float64) float64 { return f(confusion{k, s}) }
	}
	switch name {
	case "accuracy", "precision_micro", "recall_micro":
		of(confusion.accuracy)
	case "balanced_accuracy":
		of(func(c confusion) float64 { return c.average(confusion.recall, true) })
	case "recall_macro":
		of(func(c confusion) float64 { return c.average(confusion.recall, false) })
	case "precision_macro":
		of(func(c confusion) float64 { return c.average(confusion.precision, false) })
	case "f1", "f1_macro":
		of(func(c confusion) float64 { return c.average(confusion.f1, false) })
	case "precision", "recall", "f1_binary":
		if task == Multiclass {
			return m, true
		}
		f := map[string]func(confusion, int) float64{"precision": confusion.precision, "recall": confusion.recall, "f1_binary": confusion.f1}[name]
		of(func(c confusion) float64 { return f(c, 1) })
	default:
		return nil, false
	}
	return m, true
}

type confusion struct {
	k     int
	count []float64
}

func (c confusion) row(i int) (sum float64) { // rows whose true class is i
	for j := range c.k {
		sum += c.count[i*c.k+j]
	}
	return sum
}

func (c confusion) column(j int) (sum float64) { // rows predicted as j
	for i := range c.k {
		sum += c.count[i*c.k+j]
	}
	return sum
}

func (c confusion) accuracy() float64 {
	hits, all := 0.0, 0.0
	for i := range c.k {
		hits += c.count[i*c.k+i]
		all += c.row(i)
	}
	return hits / all
}

// ratio is 0 where nothing was there to be right about, as in scikit-learn.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func (c confusion) recall(i int) float64    { return ratio(c.count[i*c.k+i], c.row(i)) }
func (c confusion) precision(i int) float64 { return ratio(c.count[i*c.k+i], c.column(i)) }
func (c confusion) f1(i int) float64        { return ratio(2*c.count[i*c.k+i], c.row(i)+c.column(i)) }

// average is the plain mean over the classes that occur, in truth or (unless trueOnly) in predictions.
func (c confusion) average(of func(confusion, int) float64, trueOnly bool) float64 {
	sum, n := 0.0, 0
	for i := range c.k {
		if c.row(i) > 0 || !trueOnly && c.column(i) > 0 {
			sum += of(c, i)
			n++
		}
	}
	return ratio(sum, float64(n))
}
