package objective

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ranking is LambdaMART as XGBoost has it since 2.0 (src/objective/lambdarank_obj.cc, src/common/ranking_utils.h): pairs
// of rows of one query, weighted by how much swapping them changes the measure.
type ranking struct {
	name    string
	measure string // ndcg or map; "" for rank:pairwise, where all pairs count the same
	topK    bool   // pairs start from the rows ranked best; otherwise each row is paired with drawn ones
	pairs   int
	ideal   []float64 // by query: one over the best DCG
	weights []float64 // by query, mean 1
}

// Pairs per row for lambdarank_pair_method, as in XGBoost.
const (
	defaultTopK = 32
	defaultMean = 1
)

func newRanking(name string, o Options) *ranking {
	l := &ranking{name: name, topK: o.PairMethod != "mean", pairs: o.Pairs}
	if name != "rank:pairwise" {
		l.measure = name[len("rank:"):]
	}
	if l.pairs == 0 {
		l.pairs = defaultMean
		if l.topK {
			l.pairs = defaultTopK
		}
	}
	return l
}

// maxGrade bounds labels that become gains of 2^label - 1, as in XGBoost.
const maxGrade = 31

func (l *ranking) CheckLabel(y float32) error {
	switch {
	case l.measure == "map":
		return zeroOrOne(y)
	case l.measure == "ndcg" && (y < 0 || y > maxGrade || y != float32(math.Trunc(float64(y)))):
		return fmt.Errorf("the label must be a grade from 0 to %d", maxGrade)
	}
	return nil
}

func (l *ranking) EvalMetric() string {
	if l.measure == "map" {
		return "map"
	}
	return "ndcg"
}

func (*ranking) Response() Response                        { return nil }
func (*ranking) Gradients(*Rows, [][]float32, [][]float32) {}

func (l *ranking) Prepare(rows *Rows) error {
	queries := len(rows.Queries) - 1
	if queries < 1 {
		return errors.New(l.name + " needs queries: libsvm rows with qid:, or a column of query numbers")
	}
	total := 0.0
	for q := range queries {
		from, to := rows.Queries[q], rows.Queries[q+1]
		w := rows.Weight(from)
		l.weights, total = append(l.weights, w), total+w
		cut := to - from
		if l.topK {
			cut = l.pairs
		}
		if l.measure == "ndcg" {
			l.ideal = append(l.ideal, inverse(idealDCG(rows.Labels[from:to], cut)))
		}
	}
	for q := range l.weights {
		l.weights[q] *= float64(queries) / total
	}
	return nil
}

func inverse(x float64) float64 {
	if x == 0 {
		return 0
	}
	return 1 / x
}

func gain(label float32) float64 { return math.Exp2(float64(label)) - 1 }

func discount(rank int) float64 { return 1 / math.Log2(float64(rank)+2) }

// idealDCG is the discounted gain of the best order, down to cut.
func idealDCG(labels []float32, cut int) float64 {
	sorted := slices.Clone(labels)
	slices.Sort(sorted)
	sum := 0.0
	for i := range min(cut, len(sorted)) {
		sum += gain(sorted[len(sorted)-1-i]) * discount(i)
	}
	return sum
}

// ranked lists positions by value, the largest first; of equal ones the earlier comes first.
func ranked(values []float32) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] > values[b]:
			return -1
		case values[a] < values[b]:
			return 1
		}
		return 0
	})
	return order
}

// queriesPerPiece is how many queries one piece of work ranks.
const queriesPerPiece = 32

func (l *ranking) GradientsOfAll(rows *Rows, seed uint64, each func(int, func(int)), g, h []float32) {
	queries := len(rows.Queries) - 1
	each((queries+queriesPerPiece-1)/queriesPerPiece, func(piece int) {
		for q := piece * queriesPerPiece; q < min(queries, (piece+1)*queriesPerPiece); q++ {
			from, to := rows.Queries[q], rows.Queries[q+1]
			r := &query{loss: l, number: q, margins: rows.Margins[0][from:to], labels: rows.Labels[from:to],
				g: make([]float64, to-from), h: make([]float64, to-from), random: seed + uint64(q)*0x9e3779b97f4a7c15}
			r.run()
			for i := range r.g {
				g[from+i], h[from+i] = float32(r.g[i]), float32(r.h[i])
			}
		}
	})
}

// query is one query's pairs.
type query struct {
	loss    *ranking
	number  int
	margins []float32
	labels  []float32
	g, h    []float64
	order   []int     // positions by margin
	hits    []float64 // map: relevant rows down to a rank
	parts   []float64 // map: what they add to the measure
	sum     float64
	random  uint64
}

func (q *query) run() {
	q.order = ranked(q.margins)
	if q.loss.measure == "map" {
		hits, part := 0.0, 0.0
		for rank, i := range q.order {
			if q.labels[i] > 0 {
				hits++
				part += hits / float64(rank+1)
			}
			q.hits, q.parts = append(q.hits, hits), append(q.parts, part)
		}
	}
	norm := 1.0
	if q.loss.topK {
		for i := range min(len(q.order), q.loss.pairs) {
			for j := i + 1; j < len(q.order); j++ {
				q.pair(i, j)
			}
		}
		if q.sum > 0 {
			norm = math.Log2(1+q.sum) / q.sum
		}
	} else {
		q.drawPairs()
		norm = 1 / float64(q.loss.pairs)
	}
	norm *= q.loss.weights[q.number]
	for i := range q.g {
		q.g[i] *= norm
		q.h[i] *= norm
	}
}

// drawPairs pairs each row with drawn ones of other labels.
func (q *query) drawPairs() {
	ofRank := make([]float32, len(q.order))
	for rank, i := range q.order {
		ofRank[rank] = q.labels[i]
	}
	ranks := ranked(ofRank) // ranks by label, the best first
	for i := 0; i < len(ranks); {
		j := i + 1
		for j < len(ranks) && ofRank[ranks[j]] == ofRank[ranks[i]] {
			j++
		}
		if others := i + len(ranks) - j; others > 0 {
			for k := i; k < j; k++ {
				for range q.loss.pairs {
					other := int(q.draw() % uint64(others))
					if other >= i {
						other += j - i
					}
					q.pair(ranks[k], ranks[other])
				}
			}
		}
		i = j
	}
}

// draw is splitmix64.
func (q *query) draw() uint64 {
	q.random += 0x9e3779b97f4a7c15
	x := q.random
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// pair adds the pull of the better labelled of two ranks on the other.
func (q *query) pair(high, low int) {
	if q.labels[q.order[high]] == q.labels[q.order[low]] {
		return
	}
	if q.labels[q.order[high]] < q.labels[q.order[low]] {
		high, low = low, high
	}
	a, b := q.order[high], q.order[low]
	difference := float64(q.margins[a] - q.margins[b])
	p := 1 / (1 + math.Exp(-difference))
	delta := math.Abs(q.delta(high, low))
	if q.loss.measure != "" && q.margins[q.order[0]] != q.margins[q.order[len(q.order)-1]] {
		delta /= math.Abs(difference) + 0.01
	}
	pull, curve := (p-1)*delta, max(p*(1-p), minHessian)*delta*2
	q.g[a] += pull
	q.g[b] -= pull
	q.h[a] += curve
	q.h[b] += curve
	q.sum -= 2 * pull
}

// delta is how much swapping two ranks changes the measure.
func (q *query) delta(high, low int) float64 {
	switch q.loss.measure {
	case "ndcg":
		better, worse := gain(q.labels[q.order[high]]), gain(q.labels[q.order[low]])
		return (better - worse) * (discount(high) - discount(low)) * q.loss.ideal[q.number]
	case "map":
		return q.deltaMAP(high, low)
	}
	return 1
}

func (q *query) deltaMAP(high, low int) float64 {
	better, worse := q.labels[q.order[high]], q.labels[q.order[low]]
	if high > low {
		high, low, better, worse = low, high, worse, better
	}
	top, bottom := float64(high)+1, float64(low)+1
	between := q.parts[low-1] - q.parts[high]
	total := q.hits[len(q.hits)-1]
	if better < worse {
		return (q.hits[low]/bottom - (q.hits[high]+1)/top - between) / total
	}
	return (q.hits[high]/top - q.hits[low]/bottom + between) / total
}
