//go:build !amd64

package hist

func addEven(h histogram, matrix []uint8, stride int, rows []uint32, packed []uint64) {
	addEvenGo(h, matrix, stride, rows, packed)
}

func addPicked(bins []*[window]uint64, columns []int32, matrix []uint8, stride int, rows []uint32, packed []uint64) {
	addPickedGo(bins, columns, matrix, stride, rows, packed)
}

func addLanes(bins [][rootLanes]uint64, offsets []int, matrix []uint8, stride int, lanes [][rootLanes]uint64) {
	addLanesGo(bins, offsets, matrix, stride, lanes)
}
