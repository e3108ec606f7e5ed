package objective

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A metric's quick form gives what its plain form gives, which weights of one ask for.
func TestSpansEqualPlainSums(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		metric, objective string
		groups            int
	}{{"logloss", "binary:logistic", 1}, {"rmse", "reg:squarederror", 1}, {"mse", "reg:squarederror", 1}, {"mlogloss", "multi:softprob", 3}} {
		m, err := NewMetric(c.metric, c.objective, Options{Classes: c.groups})
		require.NoError(t, err)
		require.NotNil(t, m.span, c.metric)
		for _, n := range []int{1, 15, 16, 17, chunkRows, chunkRows + 5} {
			r := &Rows{Labels: make([]float32, n)}
			for range c.groups {
				r.Margins = append(r.Margins, make([]float32, n))
			}
			for i := range r.Labels {
				r.Labels[i] = float32(rng.IntN(max(2, c.groups)))
				for _, m := range r.Margins {
					m[i] = rng.Float32()
					if rng.IntN(50) == 0 {
						m[i] = float32(rng.IntN(2)) // certain, and half the time wrong
					}
				}
			}
			// squared takes margins for predictions.
			pass := &Pass{Loss: squared{}, Metrics: []*Metric{m}, Each: inOrder}
			quick := pass.Run(r, nil, nil)[0]
			r.Weights = make([]float32, n)
			for i := range r.Weights {
				r.Weights[i] = 1
			}
			require.InEpsilon(t, pass.Run(r, nil, nil)[0], quick, 1e-12, "%s of %d rows", c.metric, n)
		}
	}
}

func inOrder(n int, do func(int)) {
	for i := range n {
		do(i)
	}
}
