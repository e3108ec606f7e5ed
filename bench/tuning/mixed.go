package main

import (
	"math"
	"strconv"

	"github.com/batchmill/batchmill/tuning"
)

// mixed are functions of categories, integers and numbers together.
func mixed() []work {
	return []work{
		{"Func2C", choices(3, 5), func(t tuning.Trial) float64 { return func2C(t) }, func2CBest, 1},
		{"Func3C", choices(3, 5, 4), func3C, func3CBest, 1},
		{"PressureVessel", vesselSpace(), vessel, vesselBest, 1},
		{"Hartmann6Mixed", hartmannMixedSpace(), hartmannMixed, hartmannMixedBest, 1},
	}
}

// The least costs of the mixed functions: those published for the first three, the last by minimising over the numbers for
// every choice of the rest.
const (
	func2CBest        = -0.20632569069797543
	func3CBest        = -0.7221399174429141
	vesselBest        = 5.850383060329197
	hartmannMixedBest = -3.2979972159481314
)

// choices is one category for each count, h0, h1, ..., and two numbers.
func choices(counts ...int) tuning.Space {
	s := box(2, -1, 1)
	for i, n := range counts {
		p := tuning.Parameter{Name: "h" + strconv.Itoa(i), Kind: tuning.Categorical}
		for v := range n {
			p.Values = append(p.Values, strconv.Itoa(v))
		}
		s = append(s, p)
	}
	return s
}

// func2C and func3C are those of Ru et al. (2020), Bayesian Optimisation over Multiple Continuous and Categorical Inputs
// (CoCaBO): categories choose which functions of two numbers are added up, and with which weight.
func func2C(t tuning.Trial) float64 {
	x, y := t.Float("x0"), t.Float("x1")
	sum := [3]func(x, y float64) float64{rosen2, camel, beale}[t.Int("h0")](x, y)
	switch t.Int("h1") {
	case 0:
		return sum + rosen2(x, y)
	case 1:
		return sum + camel(x, y)
	}
	return sum + beale(x, y)
}

func func3C(t tuning.Trial) float64 {
	x, y := t.Float("x0"), t.Float("x1")
	switch t.Int("h2") {
	case 0:
		return func2C(t) + 5*camel(x, y)
	case 1:
		return func2C(t) + 2*rosen2(x, y)
	case 2:
		return func2C(t) + float64(t.Int("h1"))*beale(x, y)
	}
	return func2C(t) + 3*beale(x, y)
}

// rosen2, camel (six humps) and beale on [-1, 1] squared, scaled to like sizes as in that paper.
func rosen2(x, y float64) float64 {
	x, y = 2*x, 2*y
	return (100*math.Pow(y-x*x, 2) + (x-1)*(x-1)) / 300
}

func camel(x, y float64) float64 {
	x *= 2
	return ((4-2.1*x*x+x*x*x*x/3)*x*x + x*y + (4*y*y-4)*y*y) / 10
}

func beale(x, y float64) float64 {
	x, y = 4.5*x, 4.5*y
	return (math.Pow(1.5-x+x*y, 2) + math.Pow(2.25-x+x*y*y, 2) + math.Pow(2.625-x+x*y*y*y, 2)) / 50
}

func vesselSpace() tuning.Space {
	return tuning.Space{
		{Name: "shell", Kind: tuning.Integer, Min: 1, Max: 99, Scale: tuning.Linear},
		{Name: "head", Kind: tuning.Integer, Min: 1, Max: 99, Scale: tuning.Linear},
		{Name: "radius", Kind: tuning.Continuous, Min: 10, Max: 200, Scale: tuning.Linear},
		{Name: "length", Kind: tuning.Continuous, Min: 10, Max: 240, Scale: tuning.Linear},
	}
}

// vessel is the design of a pressure vessel (Sandgren 1990): two plate thicknesses in sixteenths of an inch, a radius and a
// length. The cost, in thousands, grows with what its four constraints are violated by.
func vessel(t tuning.Trial) float64 {
	const sixteenth, volume = 0.0625, 1296000
	s, h := sixteenth*t.Float("shell"), sixteenth*t.Float("head")
	r, l := t.Float("radius"), t.Float("length")
	cost := 0.6224*s*r*l + 1.7781*h*r*r + 3.1661*s*s*l + 19.84*s*s*r
	short := max(0, 1-(math.Pi*r*r*l+4.0/3*math.Pi*r*r*r)/volume)
	thin := max(0, 0.0193*r-s) + max(0, 0.00954*r-h)
	return (cost + 20000*short + 10000*thin) / 1000
}

// hartmannMixedSpace is Hartmann's six numbers, of which two come in tenths and one out of five, in no order.
func hartmannMixedSpace() tuning.Space {
	s := box(6, 0, 1)
	for _, i := range []int{0, 3} {
		s[i] = tuning.Parameter{Name: axisName(i), Kind: tuning.Integer, Min: 0, Max: 10, Scale: tuning.Linear}
	}
	s[4] = tuning.Parameter{Name: axisName(4), Kind: tuning.Categorical, Values: []string{"0.7", "0.1", "0.9", "0.3", "0.5"}}
	return s
}

func hartmannMixed(t tuning.Trial) float64 {
	x := make([]float64, 6)
	for i := range x {
		x[i] = t.Float(axisName(i))
	}
	x[0] /= 10
	x[3] /= 10
	return hartmann6(x)
}
