package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/batchmill/batchmill/tuning"
)

// measureSpeed prints what a suggestion costs after so many observations of a function of ten parameters, fits included.
func measureSpeed(s settings) error {
	fmt.Printf("%d cores\n\n| observations | mean ms | median ms | longest ms |\n|---|---|---|---|\n", runtime.GOMAXPROCS(0))
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
		for range 30 {
			begin := time.Now()
			if err := told(1); err != nil {
				return err
			}
			took = append(took, float64(time.Since(begin).Microseconds())/1000)
		}
		fmt.Printf("| %d to %d | %.1f | %.1f | %.1f |\n", n, n+30, mean(took), median(took), slices.Max(took))
	}
	return nil
}
