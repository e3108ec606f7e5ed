package shap

// pairs adds each leaf's interactions to the matrix and takes them off the diagonal, where each feature's whole share is added
// by upDiagonal. The interaction of two features is half of an integral like the one of a share, with two kernels
// (Fujimoto, Kojadinovic and Marichal, "Axiomatic characterizations of probabilistic and cardinal-probabilistic interaction
// indices", 2006). Only paths with both features have any.
func (w *walker) pairs(c *compiled, matrix []float64, width int) {
	q := c.points
	for i := range c.nodes {
		e := &c.nodes[i]
		if !e.leaf {
			continue
		}
		mass, path := w.mass[i*q:][:q], c.paths[e.from:e.to]
		for a, first := range path {
			one, f := w.kernel(c, first), int(c.nodes[first].feature)
			for _, second := range path[a+1:] {
				two, g := w.kernel(c, second), int(c.nodes[second].feature)
				sum := 0.0
				for k, m := range mass {
					sum += m * one[k] * two[k]
				}
				sum /= 2
				matrix[f*width+g] += sum
				matrix[g*width+f] += sum
				matrix[f*width+f] -= sum
				matrix[g*width+g] -= sum
			}
		}
	}
}

func (w *walker) kernel(c *compiled, node int32) []float64 {
	if w.on[node] {
		return c.table(int(node), 4)
	}
	return c.lost
}

// upDiagonal is up with the sums on the diagonal of a matrix.
func (w *walker) upDiagonal(c *compiled, matrix []float64, width int) {
	w.shares = resize(w.shares, width)
	clear(w.shares)
	w.up(c, w.shares)
	for f, v := range w.shares {
		matrix[f*width+f] += v
	}
}
