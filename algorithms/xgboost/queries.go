package xgboost

import (
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
	"github.com/batchmill/batchmill/dataset"
)

// queries reads the query of each row. Rows of one query come one after the other.
type queries struct {
	starts []int
	last   string
	seen   map[string]struct{}
}

func (q *queries) add(c *channel, batch dataset.Batch, before int) error {
	if c.group == "" {
		return nil
	}
	col, err := c.column(batch, c.group)
	if err != nil {
		return err
	}
	text, err := dataset.Strings(col)
	if err != nil {
		return c.fault(c.group, "%v", err)
	}
	if q.seen == nil {
		q.seen = map[string]struct{}{}
	}
	for i := range col.Len() {
		id, ok := text(i)
		if !ok {
			return c.fault(c.group, "row %d: the query is missing", before+i+1)
		}
		if len(q.starts) > 0 && id == q.last {
			continue
		}
		if _, again := q.seen[id]; again {
			return c.fault(c.group, "row %d: query %s comes again after others; the rows of a query must be together", before+i+1, id)
		}
		q.seen[id] = struct{}{}
		q.last, q.starts = id, append(q.starts, before+i)
	}
	return nil
}

// bounds returns where queries start, and the end; nil where there are none.
func (q *queries) bounds(rows int) []int {
	if q.starts == nil {
		return nil
	}
	return append(q.starts, rows)
}

// checkWeights wants rows of one query to weigh the same: weights are those of queries in ranking.
func (t *table) checkWeights(c *channel) error {
	for q := range max(0, len(t.queries)-1) {
		for r := t.queries[q]; r < t.queries[q+1] && t.weights != nil; r++ {
			if t.weights[r] != t.weights[t.queries[q]] {
				return c.fault(c.weight, "row %d: the weight is %v, but the query's first row has %v; in ranking, a query has one weight", r+1, t.weights[r], t.weights[t.queries[q]])
			}
		}
	}
	return nil
}

// truth is margins, by output, with what losses and metrics compare them with.
func (t *table) truth(margins [][]float32) *objective.Rows {
	return &objective.Rows{Margins: margins, Labels: t.labels, Upper: t.upper, Weights: t.weights, Queries: t.queries}
}
