package report

import (
	"fmt"
	"math"
	"slices"
)

// plot is a canvas with a pair of axes.
type plot struct {
	*canvas
	left, right, top, bottom float64 // of the area within the axes
}

// Space around the area within the axes.
const (
	marginLeft, marginRight = 84, 20
	marginTop, marginBottom = 14, 44
)

func newPlot(width, height float64) *plot {
	return &plot{newCanvas(width, height), marginLeft, width - marginRight, marginTop, height - marginBottom}
}

func (p *plot) x(u float64) float64 { return p.left + u*(p.right-p.left) }
func (p *plot) y(u float64) float64 { return p.bottom - u*(p.bottom-p.top) }

// tickWidth is how wide a character of a label is taken to be, and the least space between labels, in pixels.
const tickWidth, tickGap = 6.6, 8

func (p *plot) axes(xTicks, yTicks []tick, xTitle, yTitle string) {
	for _, t := range yTicks {
		p.line("grid", p.left, p.y(t.at), p.right, p.y(t.at))
		p.text("dim", "end", p.left-8, p.y(t.at)+4, t.text)
	}
	p.line("axis", p.left, p.bottom, p.right, p.bottom)
	p.line("axis", p.left, p.top, p.left, p.bottom)
	most := int((p.right - p.left) / float64(max(len(xTicks), 1)) / tickWidth)
	end := math.Inf(-1)
	for _, t := range xTicks {
		text := cutText(t.text, max(most, 6))
		half := float64(len([]rune(text))) * tickWidth / 2
		p.line("axis", p.x(t.at), p.bottom, p.x(t.at), p.bottom+4)
		if p.x(t.at)-half < end+tickGap {
			continue // it would run into the label before
		}
		p.text("dim", "middle", p.x(t.at), p.bottom+18, text)
		end = p.x(t.at) + half
	}
	p.text("dim", "middle", (p.left+p.right)/2, p.height-6, xTitle)
	p.upright(14, (p.top+p.bottom)/2, cutText(yTitle, 40))
}

// span is the interval of values that is worth showing: from the best one to a little beyond the worst, or, where some are
// far off, to the worst but for the tenth part of them.
type span struct {
	low, high float64
	cut       bool // values lie beyond it
}

// outlying is how many times the width of the better nine tenths the whole may be before the rest is drawn at the rim.
const outlying = 3

func (s *search) span() span {
	values := make([]float64, len(s.points))
	for i, p := range s.points {
		values[i] = p.value
	}
	slices.Sort(values)
	if s.maximize {
		slices.Reverse(values)
	}
	best, most, worst := values[0], values[(len(values)-1)*9/10], values[len(values)-1]
	end, cut := worst, false
	if math.Abs(most-best) > 0 && math.Abs(worst-best) > outlying*math.Abs(most-best) {
		end, cut = most+(most-best)/4, true
	}
	low, high := min(best, end), max(best, end)
	pad := (high - low) * 0.05
	if pad == 0 {
		pad = max(math.Abs(high), 1) * 0.05
	}
	return span{low - pad, high + pad, cut}
}

// at is a value's place in the span; what lies beyond is at its rim.
func (s span) at(v float64) float64 { return min(max((v-s.low)/(s.high-s.low), 0), 1) }

// yTicks is how many labels a vertical axis has at most.
const yTicks = 6

func (s *search) dotOf(c *plot, x, y float64, i int) {
	p, class, r := s.points[i], "dot", 4.0
	if p.early {
		class = "early"
	}
	if i == s.best {
		class, r = "best", 6
	}
	c.dot(class, x, y, r, fmt.Sprintf("trial %d: %s %s", p.number, s.metric, number(p.value)))
}

// history is the objective over trials with the best so far.
func (s *search) history() *canvas {
	p, y := newPlot(900, 340), s.span()
	last := float64(max(len(s.Trials), 2))
	x := func(number int) float64 { return p.x((float64(number) - 0.5) / last) }
	p.axes(trialTicks(last), linearTicks(y.low, y.high, yTicks), "trial", s.metric)
	p.path("line", 0, s.bestSoFar(x, func(v float64) float64 { return p.y(y.at(v)) }, p.right), "")
	for i, point := range s.points {
		s.dotOf(p, x(point.number), p.y(y.at(point.value)), i)
	}
	if y.cut {
		p.text("dim", "end", p.right, p.height-6, "values far off are drawn at the rim")
	}
	return p.canvas
}

// trialTicks are whole numbers of trials, each in the middle of its trial's share of the axis.
func trialTicks(last float64) []tick {
	var ticks []tick
	for _, t := range linearTicks(1, last, 10) {
		v := 1 + t.at*(last-1)
		if whole := math.Round(v); math.Abs(v-whole) < 1e-6*last {
			ticks = append(ticks, tick{(whole - 0.5) / last, t.text})
		}
	}
	return ticks
}

// bestSoFar are the corners of the line of the best value so far, up to an end.
func (s *search) bestSoFar(x func(int) float64, y func(float64) float64, end float64) []place {
	best := s.points[0].value
	corners := []place{{x(s.points[0].number), y(best)}}
	for _, point := range s.points[1:] {
		if s.better(point.value, best) {
			at := x(point.number)
			corners = append(corners, place{at, y(best)}, place{at, y(point.value)})
			best = point.value
		}
	}
	return append(corners, place{end, y(best)})
}

// slice is the objective over one hyperparameter.
func (s *search) slice(axis int) *canvas {
	p, y := newPlot(430, 270), s.span()
	p.axes(s.axes[axis].ticks(5), linearTicks(y.low, y.high, yTicks-1), s.axes[axis].name, s.metric)
	for i, point := range s.points {
		if i != s.best {
			s.sliceDot(p, y, i, point.at[axis])
		}
	}
	s.sliceDot(p, y, s.best, s.points[s.best].at[axis]) // on top of the others
	return p.canvas
}

func (s *search) sliceDot(p *plot, y span, i int, at float64) {
	if math.IsNaN(at) {
		return
	}
	if n := len(s.points); n > 0 && at >= 0 && at <= 1 {
		s.dotOf(p, p.x(at), p.y(y.at(s.points[i].value)), i)
	}
}

// shownTraces is how many trials, the best ones, are drawn as lines: more would hide each other.
const shownTraces = 300

// parallel draws each trial as a line over all axes, with the objective as the last.
func (s *search) parallel() *canvas {
	const height, top, bottom = 380, 40, 340
	columns := len(s.axes) + 1
	width := max(900, float64(columns)*130)
	c, y := newCanvas(width, height), s.span()
	x := func(i int) float64 { return 70 + float64(i)*(width-150)/float64(max(columns-1, 1)) }
	v := func(u float64) float64 { return bottom - u*(bottom-top) }
	order := make([]int, len(s.points))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { // the best are drawn last, on top
		if s.better(s.points[a].value, s.points[b].value) {
			return 1
		}
		return -1
	})
	order = order[max(0, len(order)-shownTraces):]
	for rank, i := range order {
		s.trace(c, i, float64(rank+1)/float64(len(order)), x, v, y)
	}
	for i, a := range s.axes {
		c.column(x(i), v, a.name, a.ticks(yTicks))
	}
	c.column(x(columns-1), v, s.metric, linearTicks(y.low, y.high, yTicks))
	return c
}

// trace draws one trial. share is 1 for the best.
func (s *search) trace(c *canvas, i int, share float64, x func(int) float64, v func(float64) float64, y span) {
	var path []place
	p := s.points[i]
	for k, at := range append(slices.Clone(p.at), y.at(p.value)) {
		if math.IsNaN(at) {
			continue
		}
		path = append(path, place{x(k), v(min(max(at, 0), 1))})
	}
	class, opacity := "trace", 0.08+0.72*share*share
	if i == s.best {
		class, opacity = "top", 1
	}
	c.path(class, opacity, path, fmt.Sprintf("trial %d: %s", p.number, number(p.value)))
}

// column is a vertical axis with its labels.
func (c *canvas) column(x float64, v func(float64) float64, title string, ticks []tick) {
	c.line("axis", x, v(0), x, v(1))
	c.text("text", "middle", x, v(1)-14, cutText(title, 18))
	for _, t := range ticks {
		c.line("axis", x-4, v(t.at), x, v(t.at))
		c.text("over", "end", x-7, v(t.at)+4, cutText(t.text, 12))
	}
}

// importance is a bar for each hyperparameter, the most important first.
func (s *search) importance() *canvas {
	shares := importances(s)
	order := make([]int, len(s.axes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if shares[a].total > shares[b].total {
			return -1
		}
		return 1
	})
	const rowHeight, left = 28, 170
	c := newCanvas(900, float64(len(order))*rowHeight+34)
	scale := c.width - left - 70
	for row, i := range order {
		y := 8 + float64(row)*rowHeight
		share := shares[i]
		title := fmt.Sprintf("%s: %.0f %% by itself, %.0f %% with interactions", s.axes[i].name, 100*share.main, 100*share.total)
		c.text("text", "end", left-10, y+14, cutText(s.axes[i].name, 24))
		c.bar("bar2", left, y, scale*share.total, rowHeight-10, title)
		c.bar("bar", left, y, scale*share.main, rowHeight-10, title)
		c.text("dim", "start", left+scale*share.total+8, y+14, fmt.Sprintf("%.0f %%", 100*share.total))
	}
	c.text("dim", "start", left, c.height-8, "strong: by itself; pale: together with others")
	return c
}
