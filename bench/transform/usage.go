package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is what processes have taken.
type usage struct {
	cpu  time.Duration
	peak int64 // bytes
}

// sampleEvery is how often a process tree is looked at.
const sampleEvery = 50 * time.Millisecond

// watch samples a process and its descendants until it is told to stop: their processor time, and the most memory that they took at
// once. Memory is proportional set size (proc(5), smaps_rollup), which counts pages that processes share once.
func watch(root int) (stop func() usage) {
	quit, done := make(chan struct{}), make(chan usage)
	go func() {
		spent := map[int]time.Duration{} // by process, ended ones included
		var peak int64
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for open := true; open; {
			select {
			case <-quit:
				open = false
			case <-tick.C:
			}
			var now int64
			for _, pid := range tree(root) {
				spent[pid] = max(spent[pid], cpuTime(pid))
				now += sharedOut(pid)
			}
			peak = max(peak, now)
		}
		u := usage{peak: peak}
		for _, t := range spent {
			u.cpu += t
		}
		done <- u
	}()
	return func() usage {
		close(quit)
		return <-done
	}
}

// tree is a process and its descendants.
func tree(root int) []int {
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	for _, path := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if fields := statFields(pid); len(fields) > statParent {
			parent, _ := strconv.Atoi(fields[statParent])
			children[parent] = append(children[parent], pid)
		}
	}
	found := []int{root}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}

// Fields of /proc/PID/stat, counted from behind the command's name.
const (
	statParent = 1
	statUser   = 11
	statSystem = 12
)

// statFields is nil where the process has ended.
func statFields(pid int) []string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
}

// cpuTime is user plus system time so far, in ticks of 10 ms.
func cpuTime(pid int) time.Duration {
	fields := statFields(pid)
	if len(fields) <= statSystem {
		return 0
	}
	user, _ := strconv.ParseInt(fields[statUser], 10, 64)
	system, _ := strconv.ParseInt(fields[statSystem], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// sharedOut is a process's proportional share of memory.
func sharedOut(pid int) int64 {
	n, err := procSize("/proc/"+strconv.Itoa(pid)+"/smaps_rollup", "Pss:")
	if err != nil {
		return 0 // it has ended
	}
	return n
}

// peakMemory is the high-water mark of resident memory: what /usr/bin/time calls "Maximum resident set size".
func peakMemory(pid int) (int64, error) {
	return procSize("/proc/"+strconv.Itoa(pid)+"/status", "VmHWM:")
}

func procSize(path, name string) (int64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New(path + " has no " + name)
}
