//go:build !amd64

package hist

func partBytes(rows, rights []uint32, column []uint8, table *[tableWords]uint32) int {
	return partBytesGo(rows, rights, column, table, 0, 0)
}

func (s *search) bytes(out []uint8, values []float32) { s.bytesGo(out, values) }

func sumRows(g, h []float32) pairUnits { return sumRowsGo(g, h) }

func (q *quantiser) rows(packed []uint64, g, h []float32, first uint32) uint64 {
	return q.rowsGo(packed, g, h, first)
}

func (w *Walk) addBytes(bins []uint8, stride int, margins []float32, scale float32) {
	addWalked(w, bins, stride, margins, scale)
}

func (h histogram) subtract(o histogram) { h.subtractGo(o) }

func gatherFilled(to, bins []uint64) int { return gatherFilledGo(to, bins) }

func (c *cutTest) next(bins []uint64, left sum) (at int, upTo sum) { return c.nextGo(bins, left) }
