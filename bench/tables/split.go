package tables

import "math/rand/v2"

// Folds is how many parts a table is cut into; one is held back.
const Folds = 5

// Split holds a fifth of the rows back. Five seeds in a row hold back each row once, so that their mean is over all rows;
// the next five do so with the rows in another order.
func (t *Table) Split(seed int) (train, test *Table) {
	order := rand.New(rand.NewPCG(uint64(seed/Folds), 0)).Perm(t.Rows())
	from, to := seed%Folds*t.Rows()/Folds, (seed%Folds+1)*t.Rows()/Folds
	kept := append(order[:from:from], order[to:]...)
	return t.Take(kept), t.Take(order[from:to])
}

// Sample picks up to n rows without replacement, always the same ones.
func (t *Table) Sample(n int) *Table {
	if n >= t.Rows() {
		return t
	}
	return t.Take(rand.New(rand.NewPCG(1, 0)).Perm(t.Rows())[:n])
}

// jitter is how far Draw moves a number at most, relative to it.
const jitter = 1e-3

// Draw makes n rows out of fewer: drawn with replacement, each number moved by up to a tenth of a percent, so that a feature
// has many values to bin. The table has no categories.
func (t *Table) Draw(n int, seed uint64) *Table {
	random := rand.New(rand.NewPCG(seed, 7))
	rows := make([]int, n)
	for i := range rows {
		rows[i] = random.IntN(t.Rows())
	}
	out := t.Take(rows)
	for _, c := range out.Columns {
		for i := range c.Values {
			c.Values[i] *= float32(1 + (2*random.Float64()-1)*jitter)
		}
	}
	return out
}
