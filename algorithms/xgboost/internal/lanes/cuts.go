package lanes

import "math"

// maxCuts is how many bounds codes can tell apart.
const maxCuts = 255

// minLevels is the least depth of the search tree, so that the first levels come from one register.
const minLevels = 4

// Cuts turns values into codes.
type Cuts struct {
	// table is a complete binary search tree: node i's children are 2i and 2i+1, the root is 1. NaN fills it up, which no
	// value is at or above.
	table   *[256]float32
	levels  int
	missing uint8
}

// NewCuts prepares the bounds of a key. They ascend, equal ones are allowed, and NaN last: above every value. The codes of
// missing values (NaN) are below those of all others, or above them if missingHigh; a key of sets needs missingHigh.
func NewCuts(bounds []float32, set, missingHigh bool) *Cuts {
	c := &Cuts{table: new([256]float32), levels: levels(len(bounds), set)}
	if missingHigh {
		c.missing = missingCode
	}
	for level := range c.levels {
		width := 1 << (c.levels - level) // bounds below a node of the level, and one
		for i := range 1 << level {
			at, value := i*width+width/2-1, float32(math.NaN())
			if at < len(bounds) {
				value = bounds[at]
			}
			c.table[1<<level+i] = value
		}
	}
	return c
}

// levels is the depth of the search tree for some bounds. Sets need a code for missing values that no other value has.
func levels(bounds int, set bool) int {
	if set {
		bounds++
	}
	l := minLevels
	for 1<<l <= bounds {
		l++
	}
	return l
}

// Rank tells how many bounds the values with a code are not below, given that they are not missing.
func (c *Cuts) Rank(code uint8) int { return int(code - codeOf(c.levels, 0)) }

// Code is the code of values of a rank.
func (c *Cuts) Code(rank int) uint8 { return codeOf(c.levels, rank) }

// codeOf is the code of values that are not below the first rank bounds: the low byte of the node 1<<levels + rank at which
// the search ends.
func codeOf(levels, rank int) uint8 { return uint8(1<<levels + rank) }

// missingCode is that of missing values above all others.
const missingCode = 255
