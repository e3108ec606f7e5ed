package worker

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/activities/budget"
)

// Bounds of a worker's memory, in bytes.
const (
	DefaultMemory = budget.Default
	LeastMemory   = budget.Least
)

// MemoryError is a text that is no bound of a worker's memory.
type MemoryError struct{ Text string }

func (e *MemoryError) Error() string {
	return fmt.Sprintf("%q is no memory bound: it has to be a whole number of MiB or GiB such as 600MiB or 2GiB, at least %dMiB", e.Text, LeastMemory>>20)
}

// ParseMemory reads a bound such as 600MiB or 2GiB, in bytes. What is no such text, or less than LeastMemory, is a *MemoryError.
func ParseMemory(text string) (int64, error) {
	for suffix, unit := range map[string]int64{"MiB": 1 << 20, "GiB": 1 << 30} {
		digits, ok := strings.CutSuffix(text, suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err == nil && int64(n) <= math.MaxInt64/unit && int64(n)*unit >= LeastMemory {
			return int64(n) * unit, nil
		}
	}
	return 0, &MemoryError{text}
}

// program is how many bytes of the program itself lie in memory; 0 where the kernel does not tell.
func program() int64 {
	const shared = 2 // pages that files stand for, in proc(5)'s statm
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) <= shared {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[shared], 10, 64)
	return pages * int64(os.Getpagesize())
}

// budget is the memory that the worker's shards and models share, and has the process's garbage collector keep to it until restore.
func (o *Options) budget() (shared *budget.Budget, restore func()) {
	before := debug.SetMemoryLimit(-1)
	return budget.ForWorker(o.Memory, program(), debug.SetMemoryLimit), func() { debug.SetMemoryLimit(before) }
}
