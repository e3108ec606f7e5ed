package gp

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// within tells whether two numbers agree to 1e-6, relative where they are large.
func within(got, want float64) bool { return math.Abs(got-want) <= 1e-6*max(1, math.Abs(want)) }

// testdata/record.json holds what scikit-learn says; testdata/record.py recorded it.
func TestAgreesWithScikitLearn(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/record.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			X, At, ByMean, ByVariances                       [][]float64
			Y, Lengths, ByLengths, Mean, Variances           []float64
			Variance, Noise, Likelihood, ByVariance, ByNoise float64
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	for i, c := range file.Cases {
		shape := Shape{Categorical: make([]bool, len(c.Lengths))}
		h := Hyper{Lengths: c.Lengths, Variance: c.Variance, Noise: c.Noise}
		l := newLikelihood(shape, Data{c.X, c.Y}, 0)
		gradient := make([]float64, shape.size())
		if got := l.at(shape.vector(h), gradient); !within(got, c.Likelihood) {
			t.Errorf("case %d: log marginal likelihood %v, want %v", i, got, c.Likelihood)
		}
		want := append(slices.Clone(c.ByLengths), c.ByVariance, c.ByNoise)
		for d, w := range want {
			if !within(gradient[d], w) {
				t.Errorf("case %d: slope %d is %v, want %v", i, d, gradient[d], w)
			}
		}
		m := NewModel(shape.Categorical, h)
		for _, x := range c.X {
			m.Add(x)
		}
		m.learn(c.Y, 0)
		for j, x := range c.At {
			mean, deviation := m.Predict(x)
			checkSlopes(t, m, x, c.ByMean[j], c.ByVariances[j])
			if !within(mean, c.Mean[j]) || !within(deviation*deviation, c.Variances[j]) {
				t.Errorf("case %d, point %d: %v ± %v, want %v ± %v", i, j, mean, deviation, c.Mean[j], math.Sqrt(c.Variances[j]))
			}
		}
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
}

// checkSlopes holds the derivatives of mean and variance against scikit-learn's.
func checkSlopes(t *testing.T, m *Model, x, byMean, byVariance []float64) {
	t.Helper()
	gotMean, gotDeviation := make([]float64, len(x)), make([]float64, len(x))
	_, deviation := m.PredictGradient(x, gotMean, gotDeviation)
	for d := range x {
		if v := 2 * deviation * gotDeviation[d]; !within(gotMean[d], byMean[d]) || !within(v, byVariance[d]) {
			t.Errorf("slopes by coordinate %d are %v and %v, want %v and %v", d, gotMean[d], v, byMean[d], byVariance[d])
		}
	}
}

// example is data over two numbers, a category and a number more, all of it warped.
func example(n int) (Shape, Data, Hyper) {
	shape := Shape{Categorical: []bool{false, false, true, false}, Warped: true}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	var data Data
	for range n {
		x := []float64{rng.Float64(), rng.Float64(), float64(rng.IntN(3)), rng.Float64()}
		data.X = append(data.X, x)
		data.Y = append(data.Y, math.Sin(4*x[0]*x[0])+x[1]*x[2]+0.1*rng.NormFloat64()+3)
	}
	return shape, data, Hyper{
		Lengths: []float64{0.4, 0.9, 1.3, 2}, Variance: 1.7, Noise: 0.02,
		A: []float64{1.3, 0.7, 1, 1}, B: []float64{0.8, 1.6, 1, 1.1},
	}
}

func TestLikelihoodGradient(t *testing.T) {
	t.Parallel()
	shape, data, h := example(25)
	l := newLikelihood(shape, data, meanVariance)
	v := shape.vector(h)
	gradient, unused := make([]float64, len(v)), make([]float64, len(v))
	l.at(v, gradient)
	const step = 1e-5
	for i := range v {
		w := slices.Clone(v)
		w[i] += step
		up := l.at(w, unused)
		w[i] -= 2 * step
		down := l.at(w, unused)
		if want := (up - down) / (2 * step); math.Abs(gradient[i]-want) > 1e-5*max(1, math.Abs(want)) {
			t.Errorf("slope %d is %v, by differences %v", i, gradient[i], want)
		}
	}
}

func TestPredictionGradient(t *testing.T) {
	t.Parallel()
	shape, data, h := example(25)
	m := NewModel(shape.Categorical, h)
	for _, x := range data.X {
		m.Add(x)
	}
	m.Learn(data.Y)
	x := []float64{0.3, 0.6, 1, 0.8}
	byMean, byDeviation := make([]float64, 4), make([]float64, 4)
	m.PredictGradient(x, byMean, byDeviation)
	const step = 1e-6
	for _, d := range []int{0, 1, 3} {
		w := slices.Clone(x)
		w[d] += step
		up, upDeviation := m.Predict(w)
		w[d] -= 2 * step
		down, downDeviation := m.Predict(w)
		if want := (up - down) / (2 * step); math.Abs(byMean[d]-want) > 1e-5 {
			t.Errorf("mean's slope %d is %v, by differences %v", d, byMean[d], want)
		}
		if want := (upDeviation - downDeviation) / (2 * step); math.Abs(byDeviation[d]-want) > 1e-5 {
			t.Errorf("deviation's slope %d is %v, by differences %v", d, byDeviation[d], want)
		}
	}
	if byMean[2] != 0 || byDeviation[2] != 0 {
		t.Error("a category has a slope")
	}
}

// A model that forgot points and saw others agrees in every bit with one that saw the right ones at once.
func TestGrownModelIsTheSame(t *testing.T) {
	t.Parallel()
	shape, data, h := example(40)
	whole := NewModel(shape.Categorical, h)
	for _, x := range data.X {
		whole.Add(x)
	}
	whole.Learn(data.Y)
	x := []float64{0.1, 0.2, 0, 0.9}
	byMean, byDeviation, gotByMean, gotByDeviation := make([]float64, 4), make([]float64, 4), make([]float64, 4), make([]float64, 4)
	mean, deviation := whole.PredictGradient(x, byMean, byDeviation)
	for _, kept := range []int{29, 28, 27, 26, 1, 0} {
		grown := NewModel(shape.Categorical, h)
		for _, x := range data.X[:kept] {
			grown.Add(x)
		}
		for _, x := range data.X[:30-kept] { // others, to be forgotten
			grown.Add(x)
		}
		grown.Learn(data.Y[:30])
		grown.Truncate(kept)
		for _, x := range data.X[kept:] {
			grown.Add(x)
		}
		grown.Learn(data.Y)
		gotMean, gotDeviation := grown.PredictGradient(x, gotByMean, gotByDeviation)
		if gotMean != mean || gotDeviation != deviation || !slices.Equal(gotByMean, byMean) || !slices.Equal(gotByDeviation, byDeviation) {
			t.Errorf("grown from %d points: %v ± %v, at once: %v ± %v", kept, gotMean, gotDeviation, mean, deviation)
		}
	}
}

func TestFitFindsLengths(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	var data Data
	for range 60 {
		x := []float64{rng.Float64(), rng.Float64(), rng.Float64()}
		data.X = append(data.X, x)
		data.Y = append(data.Y, math.Sin(9*x[0])+0.3*x[1]+0.05*rng.NormFloat64())
	}
	h := Fit(make([]bool, 3), data, Prior{Lengths: 2, Variance: 2}, nil, Budget{3, 80}, rng)
	if !(h.Lengths[0] < h.Lengths[1] && h.Lengths[1] < h.Lengths[2]) {
		t.Errorf("lengths %v do not follow how much each coordinate matters", h.Lengths)
	}
	if h.Noise > 0.02 || h.Noise < 0.0005 {
		t.Errorf("noise variance %v, want about 0.0025", h.Noise)
	}
}

func TestDuplicatePointsDoNotBreakTheModel(t *testing.T) {
	t.Parallel()
	shape := Shape{Categorical: []bool{false}}
	m := NewModel(shape.Categorical, Hyper{Lengths: []float64{10}, Variance: 1e4, Noise: MinNoise})
	for range 20 {
		m.Add([]float64{0.5})
	}
	m.Learn(make([]float64, 20))
	if mean, deviation := m.Predict([]float64{0.1}); math.IsNaN(mean) || math.IsNaN(deviation) {
		t.Errorf("prediction %v ± %v", mean, deviation)
	}
}

// Predictions of many points, bounds, and means at learned points are those of Predict, also where points had to be told apart by
// more noise.
func TestWaysToPredict(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 9))
	for _, length := range []float64{0.05, 0.3, 2, 50} {
		const variance = 1e4
		m := NewModel(make([]bool, 2), Hyper{Lengths: []float64{length, length}, Variance: variance, Noise: MinNoise})
		var points [][]float64
		for i := range 40 {
			x := []float64{rng.Float64(), rng.Float64()}
			points = append(points, x)
			if i%10 == 0 {
				points = append(points, x)
			}
		}
		values := make([]float64, len(points))
		for i, x := range points {
			m.Add(x)
			values[i] = math.Sin(3*x[0]) + x[1]
		}
		m.Learn(values)
		for i, x := range points {
			if mean, learned := m.Mean(x), m.Learned(i); math.Abs(mean-learned) > 1e-4 {
				t.Errorf("length %v, point %d: mean %v, learned %v", length, i, mean, learned)
			}
		}
		var some [][]float64
		for range 21 {
			some = append(some, []float64{rng.Float64(), rng.Float64()})
		}
		means, deviations := m.PredictAll(some)
		for i, x := range some {
			mean, deviation := m.Predict(x)
			if means[i] != mean || math.Abs(deviations[i]-deviation) > 1e-6*math.Sqrt(variance) {
				t.Errorf("length %v at %v: %v ± %v, with others %v ± %v", length, x, mean, deviation, means[i], deviations[i])
			}
			if boundMean, bound := m.Bound(x); boundMean != mean || bound < deviation*(1-1e-6) {
				t.Errorf("length %v at %v: %v ± %v is bounded by %v ± %v", length, x, mean, deviation, boundMean, bound)
			}
		}
	}
}
