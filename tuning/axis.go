package tuning

import (
	"math"
	"slices"
	"strconv"
)

// An axis maps a parameter's values to [0, 1] and back, so that equal steps matter equally there. A category is the
// middle of its share of [0, 1]; an integer has a share as wide as its neighbours', the end values included, because
// the axis reaches from Min - ½ to Max + ½.
type axis struct {
	Parameter
	scale  Scale   // never Auto
	lo, hi float64 // transformed ends
}

func newAxis(p Parameter) axis {
	a := axis{Parameter: p, scale: p.Scale}
	if a.scale == Auto {
		a.scale = Linear
		if p.Min > 0 && p.Max >= autoRatio*p.Min {
			a.scale = Logarithmic
		}
	}
	switch p.Kind {
	case Integer:
		a.lo, a.hi = a.transform(p.Min-0.5), a.transform(p.Max+0.5)
	case Continuous:
		a.lo, a.hi = a.transform(p.Min), a.transform(p.Max)
	}
	return a
}

func newAxes(s Space) []axis {
	axes := make([]axis, len(s))
	for i, p := range s {
		axes[i] = newAxis(p)
	}
	return axes
}

func (a axis) transform(x float64) float64 {
	switch a.scale {
	case Logarithmic:
		return math.Log(x)
	case ReverseLogarithmic:
		return -math.Log1p(-x)
	}
	return x
}

func (a axis) restore(t float64) float64 {
	switch a.scale {
	case Logarithmic:
		return math.Exp(t)
	case ReverseLogarithmic:
		return -math.Expm1(-t)
	}
	return t
}

// at is the value at u in [0, 1]: a number in [Min, Max], whole for an integer, or the index of a category.
func (a axis) at(u float64) float64 {
	if a.Kind == Categorical {
		n := float64(len(a.Values))
		return min(math.Floor(u*n), n-1)
	}
	x := a.restore(a.lo + u*(a.hi-a.lo))
	if a.Kind == Integer {
		x = math.Round(x)
	}
	if x = min(max(x, a.Min), a.Max); x == 0 {
		return 0 // never -0, which would be another text for the same point
	}
	return x
}

// unit is where a value lies on the axis; outside [0, 1] for one outside the range, NaN for one the scale cannot express.
func (a axis) unit(v float64) float64 {
	if a.Kind == Categorical {
		return (v + 0.5) / float64(len(a.Values))
	}
	if a.lo == a.hi {
		return 0.5
	}
	return (a.transform(v) - a.lo) / (a.hi - a.lo)
}

// text writes a value as job documents have it: integers without a point, floats in their shortest round-trip form.
func (a axis) text(v float64) string {
	switch a.Kind {
	case Categorical:
		return a.Values[int(v)]
	case Integer:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// parse reads what text wrote, or what someone else wrote. The value may lie outside the range; an unknown category is
// -1. It tells whether the text is a value at all.
func (a axis) parse(s string) (float64, bool) {
	if a.Kind == Categorical {
		return float64(slices.Index(a.Values, s)), true
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// point is one value per axis, as at gives them.
type point []float64

// key tells points apart.
func (p point) key() string {
	b := make([]byte, 0, 8*len(p))
	for _, v := range p {
		bits := math.Float64bits(v)
		for range 8 {
			b = append(b, byte(bits))
			bits >>= 8
		}
	}
	return string(b)
}

// pointAt is the point at u in the unit cube.
func pointAt(axes []axis, u []float64) point {
	p := make(point, len(axes))
	for i, a := range axes {
		p[i] = a.at(u[i])
	}
	return p
}

// texts is a point as job documents have it.
func texts(axes []axis, p point) map[string]string {
	m := make(map[string]string, len(axes))
	for i, a := range axes {
		m[a.Name] = a.text(p[i])
	}
	return m
}

// holds tells whether at could give v.
func (a axis) holds(v float64) bool {
	switch a.Kind {
	case Categorical:
		return v == math.Trunc(v) && v >= 0 && v < float64(len(a.Values))
	case Integer:
		return v == math.Trunc(v) && v >= a.Min && v <= a.Max
	}
	return v >= a.Min && v <= a.Max
}
