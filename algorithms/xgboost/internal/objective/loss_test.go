package objective

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func square(x float64) float64 { return x * x }

// TestDerivatives compares derivatives with those of the loss as the literature writes it, by finite differences in double
// precision. hessian is what XGBoost makes of the second one.
func TestDerivatives(t *testing.T) {
	t.Parallel()
	o := Options{ScalePosWeight: 1, HuberSlope: 1.5, TweediePower: 1.4, MaxDeltaStep: 0.7}
	margins, counts := []float64{-4, -1.25, -0.1, 0.3, 0.9, 3.7}, []float64{0, 1, 2.5, 7}
	for _, c := range []struct {
		name    string
		loss    func(m, y float64) float64
		hessian float64 // times the second derivative; 0: once
		labels  []float64
	}{
		{name: "reg:squarederror", loss: func(m, y float64) float64 { return square(m-y) / 2 }, labels: counts},
		{name: "binary:logistic", loss: func(m, y float64) float64 { return math.Log1p(math.Exp(m)) - y*m }, labels: []float64{0, 1}},
		{name: "binary:logitraw", loss: func(m, y float64) float64 { return math.Log1p(math.Exp(m)) - y*m }, labels: []float64{0, 1}},
		{name: "reg:logistic", loss: func(m, y float64) float64 { return math.Log1p(math.Exp(m)) - y*m }, labels: []float64{0, 0.3, 1}},
		{name: "reg:pseudohubererror", loss: func(m, y float64) float64 { return 1.5 * 1.5 * (math.Sqrt(1+square((m-y)/1.5)) - 1) }, labels: counts},
		{name: "reg:gamma", loss: func(m, y float64) float64 { return m + y*math.Exp(-m) }, labels: counts[1:]},
		{name: "reg:tweedie", loss: func(m, y float64) float64 { return math.Exp(0.6*m)/0.6 + y*math.Exp(-0.4*m)/0.4 }, labels: counts},
		{name: "count:poisson", loss: func(m, y float64) float64 { return math.Exp(m) - y*m }, hessian: math.Exp(0.7), labels: counts},
	} {
		loss, ok := New(c.name, o)
		require.True(t, ok, c.name)
		var r Rows
		r.Margins = [][]float32{nil}
		for _, y := range c.labels {
			for _, m := range margins {
				r.Margins[0], r.Labels = append(r.Margins[0], float32(m)), append(r.Labels, float32(y))
			}
		}
		g, h := derivatives(loss, &r)
		for i, m := range r.Margins[0] {
			f := func(m float64) float64 { return c.loss(m, float64(r.Labels[i])) }
			first, second := differences(f, float64(m))
			if c.hessian != 0 {
				second *= c.hessian
			}
			require.InDelta(t, first, g[0][i], 1e-6*(1+math.Abs(first)), "%s at %v, label %v", c.name, m, r.Labels[i])
			require.InDelta(t, second, h[0][i], 2e-6*(1+math.Abs(second)), "%s at %v, label %v", c.name, m, r.Labels[i])
		}
	}
}

// derivatives runs a loss over rows.
func derivatives(loss Loss, r *Rows) (g, h [][]float32) {
	for range r.Margins {
		g, h = append(g, make([]float32, len(r.Labels))), append(h, make([]float32, len(r.Labels)))
	}
	pass := Pass{Loss: loss, Each: inOrder}
	pass.Run(r, g, h)
	return g, h
}

// differences returns the first and second derivative of f by central differences of fourth order.
func differences(f func(float64) float64, x float64) (first, second float64) {
	const d = 1e-3
	a, b, c, e := f(x-2*d), f(x-d), f(x+d), f(x+2*d)
	return (a - 8*b + 8*c - e) / (12 * d), (-a + 16*b - 30*f(x) + 16*c - e) / (12 * d * d)
}

// XGBoost doubles softmax's second derivative.
func TestSoftmaxDerivatives(t *testing.T) {
	t.Parallel()
	const classes, n = 5, softmaxRun + 9
	r := Rows{Margins: make([][]float32, classes)}
	for i := range n {
		r.Labels = append(r.Labels, float32(i%classes))
		for c := range classes {
			r.Margins[c] = append(r.Margins[c], float32(4*math.Sin(float64(7*i+3*c))))
		}
	}
	loss, _ := New("multi:softprob", Options{Classes: classes})
	g, h := derivatives(loss, &r)
	for i := range n {
		for c := range classes {
			crossEntropy := func(m float64) float64 {
				sum := math.Exp(m)
				for k := range classes {
					if k != c {
						sum += math.Exp(float64(r.Margins[k][i]))
					}
				}
				if int(r.Labels[i]) == c {
					return math.Log(sum) - m
				}
				return math.Log(sum)
			}
			first, second := differences(crossEntropy, float64(r.Margins[c][i]))
			require.InDelta(t, first, g[c][i], 1e-6)
			require.InDelta(t, 2*second, h[c][i], 2e-6)
		}
	}
}

// Far from the label the log-likelihood is steep and its derivatives are bounded; here they are not.
func TestAFTDerivatives(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	for _, distribution := range []string{"normal", "logistic", "extreme"} {
		l := newAFT(Options{Distribution: distribution, Scale: 1.3})
		r := Rows{Margins: [][]float32{nil}}
		for _, ends := range [][2]float32{{2, 2}, {0.5, 0.5}, {1, 4}, {3, inf}, {0, 2}} {
			for _, m := range []float32{-0.8, 0, 0.4, 1.1} {
				r.Margins[0], r.Labels, r.Upper = append(r.Margins[0], m), append(r.Labels, ends[0]), append(r.Upper, ends[1])
			}
		}
		g, h := derivatives(l, &r)
		for i, m := range r.Margins[0] {
			first, second := differences(func(m float64) float64 { return l.negLogLik(m, float64(r.Labels[i]), float64(r.Upper[i])) }, float64(m))
			require.InDelta(t, first, g[0][i], 1e-5, "%s at %v, in [%v, %v]", distribution, m, r.Labels[i], r.Upper[i])
			require.InDelta(t, second, h[0][i], 1e-5, "%s at %v, in [%v, %v]", distribution, m, r.Labels[i], r.Upper[i])
		}
	}
}

// The gradient is that of the partial likelihood, summed here over each event's risk set. (Of rows with one time, XGBoost lets
// the earlier not see the later's event.)
func TestCoxDerivatives(t *testing.T) {
	t.Parallel()
	r := Rows{Labels: []float32{3, -2, 5, 1, -4, 2.5, 6, 7}, Margins: [][]float32{{0.2, -1, 0.7, 0, 1.5, -0.3, 0.4, -2}}}
	loss := &cox{}
	require.NoError(t, loss.Prepare(&r))
	g, h := make([]float32, 8), make([]float32, 8)
	loss.GradientsOfAll(&r, 0, inOrder, g, h)
	for k := range r.Labels {
		negLogLik := func(moved float64) float64 {
			margin := func(i int) float64 {
				if i == k {
					return moved
				}
				return float64(r.Margins[0][i])
			}
			out := 0.0
			for i, y := range r.Labels {
				if y < 0 {
					continue // censored: no event
				}
				risk := 0.0
				for j, other := range r.Labels {
					if abs(other) >= y {
						risk += math.Exp(margin(j))
					}
				}
				out += math.Log(risk) - margin(i)
			}
			return out
		}
		first, second := differences(negLogLik, float64(r.Margins[0][k]))
		require.InDelta(t, first, g[k], 1e-6, "row %d", k)
		require.InDelta(t, second, h[k], 2e-6, "row %d", k)
	}
}

// Losses without a smooth second derivative, by XGBoost's definition.
func TestSteps(t *testing.T) {
	t.Parallel()
	tiny := float32(math.SmallestNonzeroFloat32)
	for _, c := range []struct {
		name string
		y    []float32
		m    []float32
		g, h []float32
	}{
		{"reg:absoluteerror", []float32{1, 1, 1}, []float32{0.5, 1, 2}, []float32{-1, 0, 1}, []float32{1, 1, 1}},
		{"reg:quantileerror", []float32{1, 1, 1}, []float32{0.5, 1, 2}, []float32{-0.3, 0.7, 0.7}, []float32{1, 1, 1}},
		{"binary:hinge", []float32{1, 1, 0, 0}, []float32{0.5, 1, -2, 0}, []float32{-1, 0, 0, 1}, []float32{1, tiny, tiny, 1}},
		// 0.5 * (log1p(m) - log1p(y))^2 at m = e - 1: (1 - log1p(y)) / e and log1p(y) / e^2
		{"reg:squaredlogerror", []float32{0, 1}, []float32{math.E - 1, math.E - 1}, []float32{1 / math.E, (1 - math.Ln2) / math.E}, []float32{1e-6, math.Ln2 / (math.E * math.E)}},
	} {
		loss, ok := New(c.name, Options{Quantiles: []float64{0.3}, ScalePosWeight: 1})
		require.True(t, ok)
		g, h := derivatives(loss, &Rows{Labels: c.y, Margins: [][]float32{c.m}})
		for i := range c.y {
			require.InDelta(t, c.g[i], g[0][i], 1e-6, "%s, row %d", c.name, i)
			require.InDelta(t, c.h[i], h[0][i], 1e-6, "%s, row %d", c.name, i)
		}
	}
}

// A weight of 3 counts a row three times, and scale_pos_weight rows with label 1.
func TestWeightsScaleDerivatives(t *testing.T) {
	t.Parallel()
	for _, name := range Known() {
		o := Options{Classes: 2, ScalePosWeight: 1, HuberSlope: 1, TweediePower: 1.5, Quantiles: []float64{0.5}, Distribution: "normal", Scale: 1}
		loss, ok := New(name, o)
		require.True(t, ok, name)
		if _, whole := loss.(Whole); whole {
			continue
		}
		r := Rows{Labels: []float32{1, 0, 1, 0, 1, 1, 0, 1, 1}, Margins: [][]float32{{0.1, -2, 3, 0.5, 1, -1, 0.2, 0.3, 0.4}}}
		if name == "reg:gamma" || name == "survival:aft" {
			r.Labels = []float32{1, 2, 1, 3, 1, 1, 2, 1, 1}
		}
		if TaskOf(name) == Multiclass {
			r.Margins = append(r.Margins, []float32{1, 0, -1, 0, 0.5, 0, 2, 0.1, 0})
		}
		g, h := derivatives(loss, &r)
		r.Weights = []float32{3, 3, 3, 0, 3, 3, 3, 3, 3}
		wg, wh := derivatives(loss, &r)
		for c := range g {
			for i, w := range r.Weights {
				requireNear(t, w*g[c][i], wg[c][i], "%s, row %d", name, i)
				requireNear(t, w*h[c][i], wh[c][i], "%s, row %d", name, i)
			}
		}
		if _, scales := map[string]bool{"reg:squarederror": true, "reg:logistic": true, "binary:logistic": true, "reg:squaredlogerror": true, "reg:gamma": true}[name]; !scales {
			continue
		}
		o.ScalePosWeight, r.Weights = 5, nil
		loss, _ = New(name, o)
		sg, _ := derivatives(loss, &r)
		for i, y := range r.Labels {
			want := g[0][i]
			if y == 1 {
				want *= 5
			}
			requireNear(t, want, sg[0][i], "%s, row %d", name, i)
		}
	}
}

func requireNear(t *testing.T, want, got float32, message ...any) {
	t.Helper()
	require.InDelta(t, want, got, 1e-6*(1+math.Abs(float64(want))), message...)
}

// What training compares with labels is what scoring predicts.
func TestResponsesEqualLinks(t *testing.T) {
	t.Parallel()
	const n, groups = 37, 3
	for _, name := range Known() {
		loss, _ := New(name, Options{Classes: groups, Distribution: "normal", Scale: 1})
		link, _ := LinkOf(name)
		if loss.Response() == nil || link.Class || name == "binary:logitraw" { // which scores with the margin
			continue
		}
		outputs := 1
		if TaskOf(name) == Multiclass {
			outputs = groups
		}
		margins, predictions := make([][]float32, outputs), make([][]float32, outputs)
		flat := make([]float32, n*outputs)
		for i := range flat {
			flat[i] = float32(6 * math.Sin(float64(i)))
			margins[i%outputs] = append(margins[i%outputs], flat[i])
		}
		for c := range predictions {
			predictions[c] = make([]float32, n)
		}
		loss.Response()(margins, predictions)
		for i, p := range link.Predict(flat, outputs) {
			require.Equal(t, p, predictions[i%outputs][i/outputs], "%s, value %d", name, i)
		}
	}
}
