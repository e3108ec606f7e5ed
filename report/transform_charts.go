package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/batchmill/batchmill/jobs/journal"
)

// TransformCharts draws a transform. There are none before the first shard is done.
func TransformCharts(t Transform) []Chart {
	j := t.Journal
	if j.Shards == 0 {
		return nil
	}
	whose := "A bar is a shard, on the line of the worker that worked it; one that needed another attempt is drawn strong."
	if j.Shards > len(j.Slowest) {
		whose += fmt.Sprintf(" Of %s shards the %s slowest are drawn.", grouped(int64(j.Shards)), grouped(int64(len(j.Slowest))))
	}
	charts := []Chart{
		{"throughput", "Throughput over time", "Rows per second, from the rows of each shard spread evenly over the time it took.", overTime(j, "rows/s", func(b journal.Bucket) float64 { return b.Rows / j.Width.Seconds() })},
		{"busy", "Shards being worked", "How many shards were being worked at once.", overTime(j, "shards", func(b journal.Bucket) float64 { return b.Busy })},
		{"timeline", "Shard timeline", whose, timeline(j)},
	}
	if len(j.Rejects) > 0 {
		charts = append(charts, Chart{"rejects", "Rejects by reason", "Records that could not be scored. The table below says where the first of each stands.", rejectBars(j.Rejects)})
	}
	for i := range j.Values {
		v := &j.Values[i]
		if v.Count == 0 {
			continue
		}
		note := fmt.Sprintf("%s predictions from %s to %s, mean %s; %s missing.", grouped(v.Count), number(v.Min), number(v.Max), number(v.Mean()), grouped(v.Missing))
		charts = append(charts, Chart{"predictions-" + v.Name, "Distribution of " + v.Name, note, distribution(v)})
	}
	return charts
}

// seconds is a time since the first bucket's start.
func seconds(j *journal.Journal, at time.Time) float64 { return at.Sub(j.Start).Seconds() }

func (p *plot) bars(class string, heights []float64, title func(i int) string) {
	top := slices.Max(heights)
	width := (p.right - p.left) / float64(len(heights))
	for i, h := range heights {
		if h > 0 {
			p.bar(class, p.x(float64(i)/float64(len(heights))), p.y(h/top), max(width-1, width*0.8), p.bottom-p.y(h/top), title(i))
		}
	}
}

// overTime is a bar for each bucket.
func overTime(j *journal.Journal, unit string, height func(journal.Bucket) float64) *canvas {
	p, heights := newPlot(900, 260), make([]float64, len(j.Buckets))
	for i, b := range j.Buckets {
		heights[i] = height(b)
	}
	all := j.Width.Seconds() * float64(len(heights))
	p.axes(linearTicks(0, all, 10), linearTicks(0, max(slices.Max(heights), math.SmallestNonzeroFloat32), yTicks), "seconds", unit)
	if slices.Max(heights) > 0 {
		p.bars("bar", heights, func(i int) string {
			return fmt.Sprintf("%s s: %s %s", number(float64(i)*j.Width.Seconds()), number(heights[i]), unit)
		})
	}
	return p.canvas
}

// lane is a line of the timeline: shards that one worker worked one after the other.
type lane struct {
	worker string
	shards []journal.Shard
}

// lanes are as few lines as the shards fit on, by worker.
func lanes(shards []journal.Shard) []lane {
	shards = slices.Clone(shards)
	slices.SortFunc(shards, func(a, b journal.Shard) int {
		return cmp.Or(cmp.Compare(a.Worker, b.Worker), a.Began.Compare(b.Began), cmp.Compare(a.Shard, b.Shard))
	})
	var all []lane
	for _, s := range shards {
		i := slices.IndexFunc(all, func(l lane) bool { return l.worker == s.Worker && !l.shards[len(l.shards)-1].Ended.After(s.Began) })
		if i < 0 {
			i = len(all)
			all = append(all, lane{worker: s.Worker})
		}
		all[i].shards = append(all[i].shards, s)
	}
	return all
}

// timeline draws shards as bars over time.
func timeline(j *journal.Journal) *canvas {
	const most, least = 18.0, 3.0 // of a lane, in pixels
	all := lanes(j.Slowest)
	height := min(most, max(least, 500/float64(len(all))))
	p := newPlot(900, height*float64(len(all))+marginTop+marginBottom)
	p.left = 170
	end := max(j.Width.Seconds()*float64(len(j.Buckets)), time.Millisecond.Seconds())
	p.axes(linearTicks(0, end, 10), nil, "seconds", "")
	for i, l := range all {
		y := p.top + float64(i)*height
		if i == 0 || all[i-1].worker != l.worker {
			p.text("dim", "end", p.left-8, y+12, cutText(l.worker, 24))
		}
		for _, s := range l.shards {
			class := "bar2"
			if s.Attempt > 1 {
				class = "bar"
			}
			from, to := p.x(seconds(j, s.Began)/end), p.x(seconds(j, s.Ended)/end)
			p.bar(class, from, y+0.5, max(to-from-0.5, 0.8), height-1,
				fmt.Sprintf("shard %d: %s rows, %s rejected, %s, attempt %d, %s", s.Shard, grouped(s.Rows), grouped(s.Rejected), tookText(s.Took()), s.Attempt, s.Object))
		}
	}
	return p.canvas
}

// shownReasons is how many reasons are drawn.
const shownReasons = 20

func rejectBars(rejects journal.Rejects) *canvas {
	const rowHeight, left = 28, 330
	rejects = rejects[:min(len(rejects), shownReasons)]
	c := newCanvas(900, float64(len(rejects))*rowHeight+16)
	scale := (c.width - left - 80) / float64(rejects[0].Count)
	for i, r := range rejects {
		y, text := 8+float64(i)*rowHeight, r.Reason
		if r.Column != "" {
			text = r.Column + ": " + text
		}
		c.text("text", "end", left-10, y+14, cutText(text, 48))
		c.bar("bar", left, y, scale*float64(r.Count), rowHeight-10, text)
		c.text("dim", "start", left+scale*float64(r.Count)+8, y+14, grouped(r.Count))
	}
	return c
}

// Bars of a distribution.
const (
	mostClasses  = 20 // whole numbers that are drawn one by one
	valueBars    = 60
	exactClasses = 128 // up to which a bin holds one whole number
	tailLeftOut  = 0.001
)

// distribution draws whole numbers, such as classes, one by one, and other values in bars of equal width.
func distribution(v *journal.Values) *canvas {
	if v.Whole && v.Shift == 0 && len(v.Keys) <= mostClasses && math.Max(-v.Min, v.Max) <= exactClasses {
		return classBars(v)
	}
	low, high := v.Min, v.Max
	if v.Count > int64(1/tailLeftOut) {
		low, high = v.Quantile(tailLeftOut), v.Quantile(1-tailLeftOut)
	}
	if high <= low {
		low, high = low-0.5, high+0.5
	}
	p, heights := newPlot(900, 280), make([]float64, valueBars)
	width := (high - low) / valueBars
	for i, n := range v.Counts {
		from, to := v.Bin(i)
		spreadBin(heights, (from-low)/width, (to-low)/width, float64(n))
	}
	p.axes(linearTicks(low, high, 10), linearTicks(0, slices.Max(heights), yTicks), v.Name, "rows")
	p.bars("bar", heights, func(i int) string {
		return fmt.Sprintf("%s to %s: about %s", number(low+float64(i)*width), number(low+float64(i+1)*width), grouped(int64(heights[i]+0.5)))
	})
	return p.canvas
}

// spreadBin adds a count to the bars that the interval covers, evenly; what lies beyond is in the bars at the rim.
func spreadBin(heights []float64, from, to, count float64) {
	last := float64(len(heights) - 1)
	if to-from < 1e-9 {
		heights[int(min(max(from, 0), last))] += count
		return
	}
	for at := from; at < to; {
		next := min(math.Floor(at)+1, to)
		if next < 0 || at > last+1 { // at the rim, in one piece
			next = to
			if at < 0 {
				next = min(to, 0)
			}
		}
		heights[int(min(max(math.Floor(at), 0), last))] += count * (next - at) / (to - from)
		at = next
	}
}

func classBars(v *journal.Values) *canvas {
	p, heights := newPlot(900, 280), make([]float64, len(v.Keys))
	var ticks []tick
	for i, n := range v.Counts {
		low, high := v.Bin(i)
		if low < 0 && high <= 0 {
			low = high // a bin below zero holds its upper end
		}
		heights[i] = float64(n)
		ticks = append(ticks, tick{(float64(i) + 0.5) / float64(len(heights)), number(low)})
	}
	p.axes(ticks, linearTicks(0, slices.Max(heights), yTicks), v.Name, "rows")
	p.bars("bar", heights, func(i int) string { return ticks[i].text + ": " + grouped(int64(heights[i])) })
	return p.canvas
}
