package objective

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Predictions, labels and weights of the recorded values below.
var (
	chances     = []float32{.1, .9, .35, .8, .5, .65, .25, .7, .05, .95, .35, .6}
	chanceTruth = []float32{0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0}
	chanceW     = []float32{1, 2, 1, .5, 1, 3, 1, 1, 2, 1, .25, 1}

	classChances = [][]float32{{.7, .1, .3, .2, .6, .25, .4, .05}, {.2, .8, .3, .5, .1, .25, .35, .05}, {.1, .1, .4, .3, .3, .5, .25, .9}}
	classTruth   = []float32{0, 1, 2, 2, 0, 1, 1, 2}
	classW       = []float32{1, 2, 1, .5, 1, 3, 1, 1}

	amounts     = []float32{.75, 1, 1.5, 3, .5, 5, 1.25, 2}
	amountTruth = []float32{.5, 1, 2, 3.5, .25, 4, 1.5, 2.5}
)

// TestMetrics compares metrics with what scikit-learn 1.9.1 and xgboost 3.2.0 say of the same predictions:
//
//	sklearn.metrics.log_loss(y, p, sample_weight=w), and likewise accuracy_score (error is 1 less it), roc_auc_score, f1_score,
//	precision_score, recall_score, balanced_accuracy_score, root_mean_squared_error, mean_squared_error, mean_absolute_error,
//	mean_absolute_percentage_error, r2_score, root_mean_squared_log_error, mean_gamma_deviance,
//	mean_pinball_loss(alpha=0.3); and for aucpr, cox-nloglik, mphe (huber_slope 1.5) and the *-nloglik
//	d = xgboost.DMatrix(zeros, label=y, weight=w, base_margin=margins)
//	xgboost.train({"objective": objective, "eval_metric": metric}, d, 0).eval(d)
func TestMetrics(t *testing.T) {
	t.Parallel()
	type values map[string][2]float64 // without and with weights
	for _, c := range []struct {
		objective  string
		p          [][]float32
		y, w       []float32
		want       values
		unweighted values
	}{
		{objective: "binary:logistic", p: [][]float32{chances}, y: chanceTruth, w: chanceW, want: values{
			"logloss": {0.44338944235603245, 0.45274799213547157}, "error": {1. / 3, 0.35593220338983056}, "error@0.3": {0.25, 0.3389830508474576},
			"auc": {0.875, 0.9009661835748792}, "accuracy": {2. / 3, 0.6440677966101694}, "balanced_accuracy": {2. / 3, 0.6690821256038648},
			"f1": {2. / 3, 0.6436583261432269}, "f1_binary": {2. / 3, 0.631578947368421}, "precision": {2. / 3, 0.5294117647058824},
			"recall": {2. / 3, 0.782608695652174}, "precision_macro": {2. / 3, 0.6647058823529413}, "recall_macro": {2. / 3, 0.6690821256038648},
		}, unweighted: values{"aucpr": {0.89669741025936056}}},
		{objective: "multi:softprob", p: classChances, y: classTruth, w: classW, want: values{
			"mlogloss": {0.7190480759713737, 0.7758219508694347}, "merror": {0.375, 0.4285714285714286}, "accuracy": {0.625, 0.5714285714285714},
			"balanced_accuracy": {2. / 3, 0.7111111111111111}, "f1_macro": {0.6222222222222222, 0.6013071895424836},
			"precision_macro": {0.611111111111111, 0.6222222222222222}, "recall_macro": {2. / 3, 0.7111111111111111}, "precision_micro": {0.625, 0.5714285714285714},
		}},
		{objective: "reg:squarederror", p: [][]float32{amounts}, y: amountTruth, w: classW, want: values{
			"rmse": {0.4921254813671112, 0.602573812007904}, "mse": {0.2421875, 0.363095223903656}, "mae": {0.40625, 0.4761904776096344},
			"mape": {0.3136904835700989, 0.279818594455719}, "r2": {0.8508719205856323, 0.8160275816917419}, "rmsle": {0.14672338962554932, 0.14857028424739838},
			"gamma-deviance": {0.09778115153312683, 0.08212451636791229}, "quantile": {0.19687500596046448, 0.27619045972824097},
			"poisson-nloglik": {1.21840745210647583, 1.27843494642348521}, "gamma-nloglik": {1.37070544064044952, 1.49065519514537992},
			"tweedie-nloglik@1.4": {5.79525181651115417, 6.22473105930146708}, "mphe": {0.11404943838715553, 0.16760650277137756},
		}},
		{objective: "survival:cox", p: [][]float32{amounts}, y: []float32{3, -2, 5, 1, -4, 2, 5, 7}, unweighted: values{"cox-nloglik": {1.17533812425338624}}},
	} {
		measure := func(name string, weights []float32) float64 {
			m, err := NewMetric(name, c.objective, Options{Classes: len(c.p), HuberSlope: 1.5, Quantiles: []float64{0.3}})
			require.NoError(t, err)
			pass := Pass{Loss: squared{}, Metrics: []*Metric{m}, Each: inOrder} // its predictions are margins
			return pass.Run(&Rows{Margins: c.p, Labels: c.y, Weights: weights}, nil, nil)[0]
		}
		for name, want := range c.want {
			require.InEpsilon(t, want[0], measure(name, nil), 5e-6, "%s %s", c.objective, name)
			require.InEpsilon(t, want[1], measure(name, c.w), 5e-6, "%s %s, weighted", c.objective, name)
		}
		for name, want := range c.unweighted {
			require.InEpsilon(t, want[0], measure(name, nil), 5e-6, "%s %s", c.objective, name)
		}
	}
}

// BenchmarkAUC measures 200,000 rows, half of whose predictions are shared with others.
func BenchmarkAUC(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	r := &Rows{Margins: [][]float32{nil}}
	for i := range 200000 {
		p := rng.Float32()
		if i%2 == 0 {
			p = float32(rng.IntN(1000)) / 1000
		}
		r.Margins[0], r.Labels = append(r.Margins[0], p), append(r.Labels, float32(rng.IntN(2)))
	}
	m, err := NewMetric("auc", "binary:logistic", Options{})
	require.NoError(b, err)
	pass := Pass{Loss: squared{}, Metrics: []*Metric{m}, Each: inOrder}
	for b.Loop() {
		pass.Run(r, nil, nil)
	}
}
