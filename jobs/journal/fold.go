package journal

import (
	"cmp"
	"slices"
	"time"
)

// Journal is what the shards of a job say together.
type Journal struct {
	Version      int
	Planned      int // shards of the plan
	Shards       int // of these, with a note
	Retried      int // worked in a task's second attempt or a later one
	Rows         int64
	Rejected     int64
	Bytes        int64
	Began, Ended time.Time // of the first shard, of the last one
	Start        time.Time // of the first bucket
	Width        time.Duration
	Buckets      []Bucket
	Workers      []Worker // by name
	Slowest      []Shard  // the slowest first, without their rejects and values; all shards if there are no more than KeptShards
	Rejects      Rejects  // the most frequent first
	Values       []Values
}

// Version of the format.
const Version = 1

// Bucket is a span of time. What a shard did is spread evenly over the time it took.
type Bucket struct {
	Rows     float64
	Rejected float64
	Busy     float64 // shards being worked, on average
}

// Worker is a process that worked shards.
type Worker struct {
	Name   string
	Shards int
	Rows   int64
	Busy   time.Duration // summed over its shards
}

// Bounds of a journal.
const (
	// KeptShards is how many shards are kept one by one.
	KeptShards    = 1000
	mostBuckets   = 400
	mostWorkers   = 500
	mostBins      = 512
	otherWorkers  = "others"
	shortestWidth = time.Millisecond
)

// Bins is how many bins a shard's distribution should have at most, of a plan of that many shards: the notes of a small job can be
// finer than those of a very large one, of which all are read at the end.
func Bins(shards int) int {
	const all, fewest, most = 200_000, 48, 256
	return min(max(all/max(shards, 1), fewest), most)
}

// Fold makes a Journal. Its result hardly depends on the order in which shards are added: only sums of fractions are rounded
// differently. Not for concurrent use.
type Fold struct {
	j       Journal
	workers map[string]*Worker
	width   int64            // of buckets, in nanoseconds
	buckets map[int64]Bucket // by the time since 1970 in widths
	low     int64            // the first bucket
	high    int64            // the last
}

// NewFold begins a journal of a plan of that many shards.
func NewFold(planned int) *Fold {
	return &Fold{
		j: Journal{Version: Version, Planned: planned}, workers: make(map[string]*Worker),
		width: int64(shortestWidth), buckets: make(map[int64]Bucket),
	}
}

// Add takes a shard in.
func (f *Fold) Add(s Shard) {
	j := &f.j
	j.Shards++
	j.Rows += s.Rows
	j.Rejected += s.Rejected
	j.Bytes += s.Bytes
	if s.Attempt > 1 {
		j.Retried++
	}
	if j.Shards == 1 || s.Began.Before(j.Began) {
		j.Began = s.Began
	}
	if s.Ended.After(j.Ended) {
		j.Ended = s.Ended
	}
	f.spread(&s)
	f.worker(&s)
	for _, r := range s.Rejects {
		j.Rejects.count(r, journalReasons)
	}
	for _, v := range s.Values {
		f.values(v)
	}
	s.Rejects, s.Values = nil, nil
	if j.Slowest = append(j.Slowest, s); len(j.Slowest) > 2*KeptShards {
		f.slowest()
	}
}

// slowest drops what is not among the slowest.
func (f *Fold) slowest() {
	slices.SortFunc(f.j.Slowest, func(a, b Shard) int {
		return cmp.Or(cmp.Compare(b.Took(), a.Took()), cmp.Compare(a.Shard, b.Shard))
	})
	f.j.Slowest = f.j.Slowest[:min(len(f.j.Slowest), KeptShards)]
}

func (f *Fold) values(v Values) {
	i := slices.IndexFunc(f.j.Values, func(o Values) bool { return o.Name == v.Name })
	if i < 0 {
		i = len(f.j.Values)
		f.j.Values = append(f.j.Values, Values{Name: v.Name})
	}
	f.j.Values[i].merge(v, mostBins)
}

func (f *Fold) worker(s *Shard) {
	name := s.Worker
	if f.workers[name] == nil && len(f.workers) >= mostWorkers {
		name = otherWorkers
	}
	w := f.workers[name]
	if w == nil {
		w = &Worker{Name: name}
		f.workers[name] = w
	}
	w.Shards++
	w.Rows += s.Rows
	w.Busy += s.Took()
}

// spread adds a shard to the buckets of the time it took, which get wider where there would be too many.
func (f *Fold) spread(s *Shard) {
	from := s.Began.UnixNano()
	to := max(s.Ended.UnixNano(), from+int64(shortestWidth))
	for {
		low, high := from/f.width, (to-1)/f.width
		if len(f.buckets) > 0 {
			low, high = min(low, f.low), max(high, f.high)
		}
		if high-low < mostBuckets {
			f.low, f.high = low, high
			break
		}
		f.widen()
	}
	took := float64(to - from)
	for at := from / f.width; at*f.width < to; at++ {
		within := float64(min((at+1)*f.width, to) - max(at*f.width, from))
		b := f.buckets[at]
		b.Rows += float64(s.Rows) * within / took
		b.Rejected += float64(s.Rejected) * within / took
		b.Busy += within / float64(f.width)
		f.buckets[at] = b
	}
}

// widen makes one bucket of two.
func (f *Fold) widen() {
	wide := make(map[int64]Bucket, len(f.buckets)/2+1)
	for at, b := range f.buckets {
		w := wide[at/2]
		wide[at/2] = Bucket{w.Rows + b.Rows, w.Rejected + b.Rejected, w.Busy + b.Busy/2}
	}
	f.buckets, f.width, f.low, f.high = wide, f.width*2, f.low/2, f.high/2
}

// Journal is what was added so far. Add no more afterwards.
func (f *Fold) Journal() *Journal {
	j := &f.j
	if len(f.buckets) > 0 {
		j.Start, j.Width = time.Unix(0, f.low*f.width).UTC(), time.Duration(f.width)
		for at := f.low; at <= f.high; at++ {
			j.Buckets = append(j.Buckets, f.buckets[at])
		}
	}
	for _, w := range f.workers {
		j.Workers = append(j.Workers, *w)
	}
	slices.SortFunc(j.Workers, func(a, b Worker) int { return cmp.Compare(a.Name, b.Name) })
	f.slowest()
	slices.SortStableFunc(j.Rejects, func(a, b Reject) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Reason, b.Reason))
	})
	return j
}
