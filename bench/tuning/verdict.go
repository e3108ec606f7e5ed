package main

import "fmt"

// ratios are how many times another sampler's regret the first one's is, as the targets of the search name them.
var ratios = []float64{0.1, 1, 1.3, 2}

// verdict counts works on which the first sampler is within a ratio of another one.
type verdict struct {
	works  int
	within [][]int // by ratio, then by number of trials
	worst  []worst // by number of trials
}

// worst is the work of the highest ratio.
type worst struct {
	work  string
	ratio float64
}

// add notes the regrets of both on a work and returns their ratios. Both 0 is a ratio of 1.
func (v *verdict) add(work string, first, other []float64) []float64 {
	if v.within == nil {
		v.worst = make([]worst, len(first))
		for range ratios {
			v.within = append(v.within, make([]int, len(first)))
		}
	}
	v.works++
	out := make([]float64, len(first))
	for i := range first {
		out[i] = 1
		if first[i] != other[i] {
			out[i] = first[i] / other[i]
		}
		for k, r := range ratios {
			if out[i] <= r {
				v.within[k][i]++
			}
		}
		if out[i] > v.worst[i].ratio {
			v.worst[i] = worst{work, out[i]}
		}
	}
	return out
}

// print writes one line, on one work or more.
func (v *verdict) print(first, other string, at []int) {
	fmt.Printf("* %s against %s after %s: of %d works within", first, other, numbers(at, "%d"), v.works)
	for k, r := range ratios {
		fmt.Printf(" %g x on %s,", r, numbers(v.within[k], "%d"))
	}
	fmt.Print(" at worst")
	for _, w := range v.worst {
		fmt.Printf(" %.2g x (%s)", w.ratio, w.work)
	}
	fmt.Println()
}
