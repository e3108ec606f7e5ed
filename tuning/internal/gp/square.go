package gp

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// square is the covariance matrix of points that are all there, where factor takes one after another: rows of n numbers, so
// that products of a matrix and a vector do the work, some three times as fast.
type square struct {
	n         int
	lower     []float64 // covariances, then their Cholesky factor L; the lower triangle
	inverse   []float64 // row i is column i of L⁻¹, from its i-th number on; 0 before it
	precision []float64 // (LLᵀ)⁻¹, the lower triangle
}

func newSquare(n int) *square {
	return &square{n: n, lower: make([]float64, n*n), inverse: make([]float64, n*n), precision: make([]float64, n*n)}
}

// block is columns many numbers of rows many rows from one on.
func (s *square) block(from []float64, rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: s.n, Data: from}
}

// factorize turns covariances into their factor; false where they are not positive definite.
func (s *square) factorize() bool {
	n := s.n
	for j := range n {
		row := s.lower[j*n : j*n+j+1]
		variance := row[j]
		pivot := variance - floats.Dot(row[:j], row[:j])
		if !(pivot > variance*tinyPivot) {
			return false
		}
		row[j] = math.Sqrt(pivot)
		if j+1 == n {
			break
		}
		below := s.lower[(j+1)*n+j:]
		if j > 0 {
			blas64.Gemv(blas.NoTrans, -1, s.block(s.lower[(j+1)*n:], n-j-1, j), blas64.Vector{N: j, Inc: 1, Data: row},
				1, blas64.Vector{N: n - j - 1, Inc: n, Data: below})
		}
		inverse := 1 / row[j]
		for i := 0; i < len(below); i += n {
			below[i] *= inverse
		}
	}
	return true
}

// panel is how many columns of L⁻¹ are made at a time: what lies before the diagonal there is multiplied for nothing.
const panel = 16

// invert makes the inverse and the precision of the factor.
func (s *square) invert() {
	n := s.n
	for k := range n {
		row := s.lower[k*n : k*n+k+1]
		scale := -1 / row[k]
		for from := 0; from < k; from += panel {
			rows := min(panel, k-from)
			blas64.Gemv(blas.NoTrans, scale, s.block(s.inverse[from*n+from:], rows, k-from), blas64.Vector{N: k - from, Inc: 1, Data: row[from:]},
				0, blas64.Vector{N: rows, Inc: n, Data: s.inverse[from*n+k:]})
		}
		s.inverse[k*n+k] = -scale
	}
	for j := range n {
		blas64.Gemv(blas.NoTrans, 1, s.block(s.inverse[j:], j+1, n-j), blas64.Vector{N: n - j, Inc: 1, Data: s.inverse[j*n+j:]},
			0, blas64.Vector{N: j + 1, Inc: 1, Data: s.precision[j*n:]})
	}
}

// solveLower writes L⁻¹b into dst, which must not be b.
func (s *square) solveLower(dst, b []float64) {
	clear(dst)
	for i, v := range b {
		floats.AddScaled(dst[i:], v, s.inverse[i*s.n+i:(i+1)*s.n])
	}
}

// solveUpper writes L⁻ᵀb into dst.
func (s *square) solveUpper(dst, b []float64) {
	for i := range dst {
		dst[i] = floats.Dot(s.inverse[i*s.n+i:(i+1)*s.n], b[i:])
	}
}

// logDeterminant of LLᵀ.
func (s *square) logDeterminant() float64 {
	sum := 0.0
	for i := 0; i < len(s.lower); i += s.n + 1 {
		sum += math.Log(s.lower[i])
	}
	return 2 * sum
}
