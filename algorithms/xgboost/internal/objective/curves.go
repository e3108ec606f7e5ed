package objective

import (
	"math"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/order"
)

// descending lists the rows by prediction, the largest first: in the upper 32 bits a key that equal predictions share, in
// the lower the row.
func descending(r *Rows) []uint64 {
	keys := make([]uint64, len(r.Labels))
	for i, p := range r.Predictions[0] {
		keys[i] = uint64(^order.Key(p))<<32 | uint64(i)
	}
	order.Sort(keys, nil)
	return keys
}

// steps walks down the predictions and calls visit after each run of equal ones with the weight of negatives and positives
// so far. It returns the totals.
func steps(r *Rows, keys []uint64, visit func(fp, tp float64)) (negatives, positives float64) {
	for i := 0; i < len(keys); {
		for key := keys[i] >> 32; i < len(keys) && keys[i]>>32 == key; i++ {
			row := int(uint32(keys[i]))
			w, y := r.Weight(row), float64(r.Labels[row])
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
	negatives, positives := steps(r, descending(r), func(fp, tp float64) {
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
	keys := descending(r)
	negatives, positives := steps(r, keys, func(float64, float64) {})
	if negatives == 0 || positives == 0 {
		return math.NaN()
	}
	area, lastFP, lastTP := 0.0, 0.0, 0.0
	steps(r, keys, func(fp, tp float64) {
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
