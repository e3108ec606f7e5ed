package split

// KeepKeys makes a splitter's summaries thin their keys beyond that many, as they would do on big tables.
func (s *Splitter) KeepKeys(n int) { s.keys = n }

// Allocate and LeastKept are for tests.
var Allocate = allocate

const LeastKept = leastKept
