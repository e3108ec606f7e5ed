package tuning

import "math"

// ordered numbers the float64s in the order of their values, both zeros as 0.
func ordered(x float64) int64 {
	b := int64(math.Float64bits(x))
	if b < 0 {
		return math.MinInt64 - b
	}
	return b
}

// unordered is the inverse of ordered.
func unordered(n int64) float64 {
	if n < 0 {
		n = math.MinInt64 - n
	}
	return math.Float64frombits(uint64(n))
}

// count is how many values the axis takes; a continuous one takes every float64 in its range.
func (a axis) count() float64 {
	switch a.Kind {
	case Categorical:
		return float64(len(a.Values))
	case Integer:
		return a.Max - a.Min + 1
	}
	return float64(ordered(a.Max)-ordered(a.Min)) + 1
}

// value is the i-th value of the axis, from 0.
func (a axis) value(i float64) float64 {
	switch a.Kind {
	case Categorical:
		return i
	case Integer:
		return a.Min + i
	}
	return unordered(ordered(a.Min) + int64(i))
}

// points is how many points the axes span; approximate above 2^53.
func points(axes []axis) float64 {
	n := 1.0
	for _, a := range axes {
		n *= a.count()
	}
	return n
}

// pointOf is the point of a rank below points(axes), where that is at most 2^53. The last axis changes fastest.
func pointOf(axes []axis, rank float64) point {
	p := make(point, len(axes))
	for i := len(axes) - 1; i >= 0; i-- {
		n := axes[i].count()
		p[i] = axes[i].value(math.Mod(rank, n))
		rank = math.Floor(rank / n)
	}
	return p
}
