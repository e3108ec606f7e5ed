package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// resetPeak is what /proc/self/clear_refs takes to set the high-water mark of memory back to what is used now (proc(5)).
const resetPeak = "5"

// settleMemory gives back what loading left behind, starts the high-water mark anew and tells what is in use. Where the
// mark cannot be reset, the peak of training is that of the whole process.
func settleMemory() (mb float64, err error) {
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte(resetPeak), 0); err != nil {
		fmt.Fprintln(os.Stderr, "peak memory includes that of loading:", err)
	}
	return statusMB("VmRSS")
}

// statusMB reads a size from /proc/self/status, in MB of 2^20 bytes: VmRSS, what is in use, or VmHWM, the most that ever
// was. getrusage would count that of the process this one was started from. Systems without /proc have none: 0.
func statusMB(name string) (float64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kb / 1024, err
		}
	}
	return 0, errors.Join(err, fmt.Errorf("/proc/self/status has no %s", name))
}

// cpuSeconds is the processor time this process has used, on all its threads.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
