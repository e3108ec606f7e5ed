//go:build !amd64

package lanes

// Available returns the kernels that this processor can run, the fastest first.
func Available() []*Kernels { return nil }
