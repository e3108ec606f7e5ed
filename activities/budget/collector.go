package budget

import "math"

// Sizes of a worker's memory, in bytes.
const (
	// Default is a worker's bound where nothing is said.
	Default = 600 << 20
	// Least is the smallest bound that a worker can keep, the binary with all servers in it being 130 MiB of that.
	Least = 256 << 20
	// outside is what the collector knows nothing of, beside the program: pages of it that are touched later, threads, the kernel's part.
	outside = 16 << 20
	// idle is what a worker holds before it does any work: Temporal's and the store's clients, tables of the libraries.
	idle = 32 << 20
)

// ForWorker is the budget of a worker whose process is to take no more than bound bytes, program of which are the program's own pages. A
// third of what that leaves is no part of it: the collector needs room for what is no longer used and not yet freed, and nobody counts
// small things. set is debug.SetMemoryLimit, or stands for it.
func ForWorker(bound, program int64, set func(int64) int64) *Budget {
	c := &collector{least: bound - program - outside, set: set}
	c.follow(State{})
	return New(max(0, c.least-idle)*2/3, c.follow)
}

// collector has the garbage collector keep to a bound, as far as what is used leaves it a choice.
type collector struct {
	least int64 // its limit as long as the budget is kept
	limit int64 // as it was set last
	set   func(int64) int64
}

// follow sets the limit. What is used anyway, because one piece of work or the models take more than the budget, raises it: a collector
// that cannot keep its limit would take half of the processor's time in vain. Nobody knows what a training will take, so there is none then.
func (c *collector) follow(s State) {
	used := s.Taken + s.Kept
	limit := max(c.least, idle+used+used/2)
	if s.Open > 0 {
		limit = math.MaxInt64
	}
	if limit != c.limit {
		c.limit = limit
		c.set(limit)
	}
}
