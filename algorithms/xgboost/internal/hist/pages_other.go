//go:build !linux

package hist

// Spread returns n zeros.
func Spread[T any](n int) []T { return make([]T, n) }
