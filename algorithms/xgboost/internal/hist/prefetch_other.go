//go:build !amd64

package hist

// prefetch is a hint, and there is none to give here.
func prefetch(*uint8, *uint64, *uint32, int, int) {}
