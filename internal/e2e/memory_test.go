package e2e_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// memoryLog is what processes held of memory as a job went on.
type memoryLog struct {
	pids  map[string]int // by what they are
	at    []time.Time
	sizes map[string][]int64 // MiB
}

// watchMemory begins a log of the workers and the servers.
func (s *stack) watchMemory(t *testing.T) *memoryLog {
	t.Helper()
	m := &memoryLog{sizes: map[string][]int64{}, pids: map[string]int{
		"Temporal": s.dev.child(t, "_temporal").Pid, "S3": s.dev.child(t, "_s3").Pid,
	}}
	for i, w := range s.workers {
		m.pids[fmt.Sprintf("worker %d", i+1)] = w.cmd.Process.Pid
	}
	return m
}

// sample notes what each holds now.
func (m *memoryLog) sample() {
	m.at = append(m.at, time.Now())
	for name, pid := range m.pids {
		m.sizes[name] = append(m.sizes[name], residentMiB(pid))
	}
}

// parts are the most that a process held in each of n equal parts of the time.
func (m *memoryLog) parts(name string, n int) []int64 {
	most := make([]int64, n)
	for i, size := range m.sizes[name] {
		part := min(n-1, int(int64(n)*int64(m.at[i].Sub(m.at[0]))/int64(max(1, m.at[len(m.at)-1].Sub(m.at[0])))))
		most[part] = max(most[part], size)
	}
	return most
}

// residentMiB is resident memory by /proc, 0 where there is none.
func residentMiB(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb >> 10
		}
	}
	return 0
}
