package lanes

// smallLeaves is how many leaf values stay in registers.
const smallLeaves = 64

// Index is the byte that stands for the leaf at a place in Program.Order.
func Index(place int) uint8 { return uint8(-place) }

// Values holds what a tree's leaves are worth in the order that the kernels look them up: by Index, of which 6 bits count
// where there are at most smallLeaves.
type Values []float32

// NewValues takes the values in the order of Program.Order.
func NewValues(values []float32) Values {
	table := make(Values, smallLeaves)
	if len(values) > smallLeaves {
		table = make(Values, maxLeaves)
	}
	for place, v := range values {
		table[int(Index(place))%len(table)] = v
	}
	return table
}
