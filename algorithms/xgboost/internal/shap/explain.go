package shap

import "sync"

// Explainer explains the predictions of trees. It is immutable and safe for concurrent use.
type Explainer struct {
	trees            []Tree
	ready            []*compiled // nil for trees beyond the budget, which are compiled anew for each block of rows
	features, groups int
	base             []float64
	scratch          sync.Pool
}

// budget bounds nodes times points of the trees that are kept compiled, at 40 bytes each.
const budget = 1 << 21

// blockValues is how many sums are in the making at once.
const blockValues = 1 << 18

// Decide tells for each node of a tree that is no leaf whether a row goes left.
type Decide func(tree, row int, left []bool)

// New prepares trees over features columns; base is each output's value before the first tree. The trees must be valid. Errors
// are ErrNoCovers, ErrTooLarge, or name a bad cover.
func New(trees []Tree, features int, base []float64) (*Explainer, error) {
	e := &Explainer{trees: trees, ready: make([]*compiled, len(trees)), features: features, groups: len(base), base: append([]float64(nil), base...)}
	used := 0
	for i := range trees {
		c, err := compile(&trees[i])
		if err != nil {
			return nil, err
		}
		e.base[c.group] += c.mean
		if used += len(c.nodes) * c.points; used <= budget {
			e.ready[i] = c
		}
	}
	e.scratch.New = func() any { return new(walker) }
	return e, nil
}

// Width is the number of a row's values per output: one for each feature, and the expected value as the last.
func (e *Explainer) Width() int { return e.features + 1 }

// Contributions writes each feature's share of each output of n rows, in float32 after sums in float64: row r's share of
// feature f in output g to out[(r*groups+g)*Width()+f]. A row's values of one output add up to its margin.
func (e *Explainer) Contributions(decide Decide, n int, out []float32) {
	width := e.Width()
	e.blocks(n, width, out, func(w *walker, c *compiled, tree, from, rows int) {
		for r := range rows {
			w.down(c, decide, tree, from+r)
			w.up(c, w.sums[(r*e.groups+c.group)*width:][:width])
		}
	}, func(sums []float64, g int) { sums[e.features] = e.base[g] })
}

// Interactions writes how pairs of features act together: a matrix of Width() rows and columns for each row and output, row by
// row. Rows of a matrix add up to Contributions; the diagonal holds what a feature does by itself. XGBoost writes the same.
func (e *Explainer) Interactions(decide Decide, n int, out []float32) {
	width := e.Width()
	e.blocks(n, width*width, out, func(w *walker, c *compiled, tree, from, rows int) {
		for r := range rows {
			w.down(c, decide, tree, from+r)
			matrix := w.sums[(r*e.groups+c.group)*width*width:][:width*width]
			w.pairs(c, matrix, width)
			w.upDiagonal(c, matrix, width)
		}
	}, func(sums []float64, g int) { sums[width*width-1] = e.base[g] })
}

// blocks goes tree by tree over as many rows at once as sums of the given width fit, and hands them on in single precision.
func (e *Explainer) blocks(n, width int, out []float32, tree func(w *walker, c *compiled, tree, from, rows int), begin func(sums []float64, g int)) {
	w := e.scratch.Get().(*walker)
	defer e.scratch.Put(w)
	block := max(1, min(n, blockValues/(width*e.groups)))
	for from := 0; from < n; from += block {
		rows := min(block, n-from)
		w.sums = resize(w.sums, rows*e.groups*width)
		clear(w.sums)
		for i := range rows * e.groups {
			begin(w.sums[i*width:(i+1)*width], i%e.groups)
		}
		for t, c := range e.ready {
			if c == nil {
				c, _ = compile(&e.trees[t]) // New has seen that it can be
			}
			tree(w, c, t, from, rows)
		}
		part := out[from*e.groups*width:]
		for i, v := range w.sums {
			part[i] = float32(v)
		}
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// walker takes one row down and up one tree.
type walker struct {
	sums []float64
	left []bool
	on   []bool    // the row is on a node's edge and on those of its feature above
	mass []float64 // by node, points of it: the path's product going down, the sum over the leaves below going up

	shares []float64
}

// down multiplies up the paths' products. The products of leaves end up times their values.
func (w *walker) down(c *compiled, decide Decide, tree, row int) {
	n, q := len(c.nodes), c.points
	w.left, w.on, w.mass = resize(w.left, c.size), resize(w.on, n), resize(w.mass, n*q)
	decide(tree, row, w.left)
	w.on[0] = true
	copy(w.mass[:q], c.tables[:q])
	for i := 1; i < n; i++ {
		e := &c.nodes[i]
		from, to := w.mass[int(e.parent)*q:][:q], w.mass[i*q:][:q]
		before := w.on[e.above]
		on := before && w.left[c.origin[e.parent]] != e.right
		w.on[i] = on
		if !before {
			for k, v := range from {
				to[k] = v * e.own
			}
		} else {
			kind := 1
			if on {
				kind = 0
			}
			for k, f := range c.table(i, kind) {
				to[k] = from[k] * f
			}
		}
		if e.leaf {
			for k := range to {
				to[k] *= e.value
			}
		}
	}
	if n == 1 {
		for k := range q {
			w.mass[k] *= c.nodes[0].value
		}
	}
}

// up sums over the leaves below each edge and gives the edge's feature its share.
func (w *walker) up(c *compiled, sums []float64) {
	q := c.points
	for i := len(c.nodes) - 1; i > 0; i-- {
		e := &c.nodes[i]
		below, to := w.mass[i*q:][:q], w.mass[int(e.parent)*q:][:q]
		if w.on[e.above] {
			sums[e.feature] += dot(below, c.table(i, w.shareKind(i)))
		}
		if e.right { // comes before its left sibling, in this order
			copy(to, below)
			continue
		}
		for k, v := range below {
			to[k] += v
		}
	}
}

func (w *walker) shareKind(i int) int {
	if w.on[i] {
		return 2
	}
	return 3
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for k, v := range a {
		sum += v * b[k]
	}
	return sum
}
