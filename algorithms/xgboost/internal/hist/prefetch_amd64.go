package hist

// prefetch asks the processor to fetch the matrix lines and gradients of rows, which are about to be read. A node's rows lie
// scattered, and the processor looks only some three rows ahead by itself.
//
//go:noescape
func prefetch(matrix *uint8, packed *uint64, rows *uint32, n, stride int)
