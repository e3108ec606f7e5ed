package objective

import "sync"

// Pass looks at all rows once: it predicts, measures and derives chunk by chunk, so that what one step writes is still in
// the cache when the next reads it.
type Pass struct {
	Loss    Loss
	Metrics []*Metric
	// Each calls its argument once for every i in [0, n), in any order and on any goroutines.
	Each func(n int, do func(i int))

	chunks sync.Pool // *chunk
	whole  [][]float32
}

// chunkRows is how many rows are looked at in one go. Sums of chunks are added up in order, so a metric does not depend on
// who looks at which.
const chunkRows = 4096

// chunk is a piece of the rows and room for its predictions.
type chunk struct {
	Rows
	predictions [][]float32
	g, h        [][]float32
}

// Run returns the metrics' values. If g is not nil, it also writes to g and h the derivatives, by output, except for a loss
// that is a Whole. Predictions of rows may be nil.
func (p *Pass) Run(rows *Rows, g, h [][]float32) []float64 {
	if _, ok := p.Loss.(Whole); ok {
		g, h = nil, nil
	}
	n := len(rows.Labels)
	sums := newSums(p.Metrics, (n+chunkRows-1)/chunkRows)
	all := *rows
	all.Predictions = p.room(rows)
	p.Each((n+chunkRows-1)/chunkRows, func(i int) {
		c := p.take(len(rows.Margins))
		defer p.chunks.Put(c)
		c.set(&all, i*chunkRows, min(n, (i+1)*chunkRows))
		c.predict(p.Loss.Response())
		for k, m := range p.Metrics {
			if m.whole == nil {
				m.sum(&c.Rows, sums[k][i*m.width:(i+1)*m.width])
			}
		}
		if g != nil {
			c.g = cutEach(c.g[:0], g, i*chunkRows, min(n, (i+1)*chunkRows))
			c.h = cutEach(c.h[:0], h, i*chunkRows, min(n, (i+1)*chunkRows))
			p.Loss.Gradients(&c.Rows, c.g, c.h)
		}
	})
	values := make([]float64, len(p.Metrics))
	for k, m := range p.Metrics {
		if m.whole != nil {
			values[k] = m.whole(&all)
		} else {
			values[k] = m.finish(total(sums[k], m.width))
		}
	}
	return values
}

// room is where the predictions of all rows go if some metric wants to see them at once, else nil.
func (p *Pass) room(rows *Rows) [][]float32 {
	if p.Loss.Response() == nil {
		return rows.Margins
	}
	for _, m := range p.Metrics {
		if m.whole != nil && p.whole == nil {
			for _, margins := range rows.Margins {
				p.whole = append(p.whole, make([]float32, len(margins)))
			}
		}
	}
	return p.whole
}

func (p *Pass) take(outputs int) *chunk {
	if c, ok := p.chunks.Get().(*chunk); ok {
		return c
	}
	c := &chunk{}
	for range outputs {
		c.predictions = append(c.predictions, make([]float32, chunkRows))
	}
	return c
}

// set makes the chunk one of some rows.
func (c *chunk) set(all *Rows, from, to int) {
	c.Margins = cutEach(c.Margins[:0], all.Margins, from, to)
	c.Labels, c.Upper, c.Weights = cut(all.Labels, from, to), cut(all.Upper, from, to), cut(all.Weights, from, to)
	if all.Predictions != nil {
		c.Predictions = cutEach(c.Predictions[:0], all.Predictions, from, to)
	} else {
		c.Predictions = cutEach(c.Predictions[:0], c.predictions, 0, to-from)
	}
}

func (c *chunk) predict(response Response) {
	if response != nil {
		response(c.Margins, c.Predictions)
	}
}

// newSums makes room for what metrics add up, by metric and chunk.
func newSums(metrics []*Metric, chunks int) [][]float64 {
	sums := make([][]float64, len(metrics))
	for k, m := range metrics {
		sums[k] = make([]float64, chunks*m.width)
	}
	return sums
}

func total(sums []float64, width int) []float64 {
	total := make([]float64, width)
	for i, s := range sums {
		total[i%width] += s
	}
	return total
}
