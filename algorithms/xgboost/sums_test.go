package xgboost

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

// TestNodeSums checks that each node of each tree holds the sum of the second derivatives of the rows that come to it, and
// that its gain is what those rows' derivatives say: histograms made by subtraction, by rows and in part must all add up.
func TestNodeSums(t *testing.T) {
	t.Parallel()
	abalone, iris, adult := loadReference(t, "abalone_poisson"), loadReference(t, "iris_softprob"), loadReference(t, "adult_categorical")
	for i, test := range []struct {
		rows rows
		hp   map[string]string
	}{
		{abalone.train, map[string]string{"objective": "reg:squarederror", "max_depth": "7"}},
		{abalone.train, map[string]string{"objective": "reg:tweedie", "grow_policy": "lossguide", "max_leaves": "40", "max_depth": "0", "max_bin": "1000"}},
		{iris.train, map[string]string{"objective": "multi:softprob", "num_class": "3"}},
		{adult.test, map[string]string{"objective": "binary:logistic", "max_depth": "8", "colsample_bynode": "0.7"}},
		{adult.test, map[string]string{"objective": "binary:logistic", "max_depth": "8", "eta": "1"}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			test.hp["num_round"] = "12"
			set, err := readSettings(test.hp)
			require.NoError(t, err)
			run, err := newTraining(t.Context(), &algorithms.TrainRequest{Channels: map[string]*algorithms.Data{"train": test.rows.data()}}, set)
			require.NoError(t, err)
			b, err := bind(run.train.layout, test.rows.schema(), test.rows.data().Features, true)
			require.NoError(t, err)
			n := test.rows[0].len()
			columns := blank(nil, len(test.rows)-1, nil, n)
			require.NoError(t, b.fill(test.rows.batch(0, n), columns))
			for range set.rounds {
				run.derived = false
				run.derive()
				var g, h [][]float32
				for output := range run.g {
					g, h = append(g, slices.Clone(run.g[output])), append(h, slices.Clone(run.h[output]))
				}
				require.NoError(t, run.round(t.Context()))
				for _, tree := range run.trees[len(run.trees)-set.outputs():] {
					sums := make([][2]float64, len(tree.Nodes))
					total := 0.0
					for r := range n {
						for _, node := range wayOf(&tree.Tree, columns, r) {
							sums[node][0] += float64(g[tree.Group][r])
							sums[node][1] += float64(h[tree.Group][r])
						}
						total += float64(h[tree.Group][r])
					}
					for k, node := range tree.Nodes {
						require.InDelta(t, sums[k][1], node.Hessian, 1e-6*total, "tree of round %d, node %d", run.done-1, k)
						if node.IsLeaf() {
							continue
						}
						gain := func(s [2]float64) float64 { return s[0] * s[0] / (s[1] + 1) }
						want := gain(sums[node.Left]) + gain(sums[node.Right]) - gain(sums[k])
						require.InDelta(t, want, node.Gain, 1e-4*(1+want), "gain in the tree of round %d, node %d", run.done-1, k)
					}
				}
			}
		})
	}
}
