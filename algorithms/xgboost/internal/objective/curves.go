package objective

import (
	"math"
	"slices"
)

// scored is a prediction with its label and weight, packed for sorting.
type scored struct {
	p    float32
	y, w float32
}

func descending(r *Rows) []scored {
	s := make([]scored, len(r.Labels))
	for i := range s {
		s[i] = scored{r.Predictions[0][i], r.Labels[i], float32(r.Weight(i))}
	}
	slices.SortFunc(s, func(a, b scored) int {
		switch {
		case a.p > b.p:
			return -1
		case a.p < b.p:
			return 1
		}
		return 0
	})
	return s
}

// steps walks down the predictions and calls visit after each run of equal ones with the weight of negatives and positives
// so far. It returns the totals.
func steps(s []scored, visit func(fp, tp float64)) (negatives, positives float64) {
	for i := 0; i < len(s); {
		p := s[i].p
		for ; i < len(s) && s[i].p == p; i++ {
			w, y := float64(s[i].w), float64(s[i].y)
			positives += w * y
			negatives += w * (1 - y)
		}
		visit(negatives, positives)
	}
	return negatives, positives
}

// auc is the area under the ROC curve, NaN where only one class is there.
func auc(r *Rows) float64 {
	area, lastFP, lastTP := 0.0, 0.0, 0.0
	negatives, positives := steps(descending(r), func(fp, tp float64) {
		area += (fp - lastFP) * (tp + lastTP) / 2
		lastFP, lastTP = fp, tp
	})
	if negatives == 0 || positives == 0 {
		return math.NaN()
	}
	return area / (negatives * positives)
}

// aucpr is the area under the precision-recall curve with the interpolation of Keilwagen, Grosse and Grau, "Area under
// Precision-Recall Curves for Weighted and Unweighted Data" (2014), as in XGBoost.
func aucpr(r *Rows) float64 {
	s := descending(r)
	negatives, positives := steps(s, func(float64, float64) {})
	if negatives == 0 || positives == 0 {
		return math.NaN()
	}
	area, lastFP, lastTP := 0.0, 0.0, 0.0
	steps(s, func(fp, tp float64) {
		area += prArea(lastFP, fp, lastTP, tp, positives)
		lastFP, lastTP = fp, tp
	})
	return area
}

func prArea(fp0, fp1, tp0, tp1, positives float64) float64 {
	if tp1 == tp0 {
		return 0
	}
	recall0, recall1 := tp0/positives, tp1/positives
	h := (fp1 - fp0) / (tp1 - tp0)
	a, b := 1+h, (fp0-h*tp0)/positives
	if b == 0 {
		return (recall1 - recall0) / a
	}
	return (recall1 - recall0 - b/a*(math.Log(a*recall1+b)-math.Log(a*recall0+b))) / a
}
