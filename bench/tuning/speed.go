package main

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/batchmill/batchmill/tuning"
)

// measureSpeed prints what a suggestion costs after so many observations of a function of ten parameters, fits included.
func measureSpeed(s settings) error {
	fmt.Printf("%d cores\n\n| observations | CPU ms, mean | ms, mean | median | longest |\n|---|---|---|---|---|\n", runtime.GOMAXPROCS(0))
	search, err := tuning.New(box(10, -5, 5), tuning.Options{Seed: 1})
	if err != nil {
		return err
	}
	cost := ofVector(10, styblinskiTang)
	told := func(n int) error {
		trials, err := search.Ask(n)
		if err != nil {
			return err
		}
		for _, t := range trials {
			if err := search.Tell(t.ID, tuning.Result{Value: cost(t)}); err != nil {
				return err
			}
		}
		return nil
	}
	for _, n := range []int{100, 500} {
		for search.Asked() < n {
			if err := told(1); err != nil {
				return err
			}
		}
		var took []float64
		used := cpu()
		for range 30 {
			begin := time.Now()
			if err := told(1); err != nil {
				return err
			}
			took = append(took, float64(time.Since(begin).Microseconds())/1000)
		}
		used = cpu() - used
		fmt.Printf("| %d to %d | %.1f | %.1f | %.1f | %.1f |\n", n, n+len(took), used/float64(len(took)), mean(took), median(took), slices.Max(took))
	}
	return nil
}

// cpu is the processor time this process has used, in milliseconds: what a busy machine does not distort.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}
