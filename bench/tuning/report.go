package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// results collects runs by work and sampler.
type results struct {
	mu       sync.Mutex
	runs     map[string]map[string][]result
	versions string
}

func newResults() *results { return &results{runs: map[string]map[string][]result{}} }

func (a *results) add(j job, r result, s settings) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.runs[j.work.name] == nil {
		a.runs[j.work.name] = map[string][]result{}
	}
	a.runs[j.work.name][j.sampler] = append(a.runs[j.work.name][j.sampler], r)
	if r.Versions != "" {
		a.versions = r.Versions
	}
	if s.log {
		fmt.Fprintf(os.Stderr, "%s %s seed %d: regret %.4g, %.1f s\n", j.work.name, j.sampler, j.seed, j.work.regret(r, s.trials), r.Seconds)
	}
}

// regret is how far the best cost after n trials is from the least there is.
func (w work) regret(r result, n int) float64 { return (r.Best[n-1] - w.best) / w.unit }

// at are the numbers of trials after which regret is reported.
func (s settings) at() []int {
	if s.trials < 2 {
		return []int{s.trials}
	}
	return []int{s.trials / 2, s.trials}
}

// print writes the tables: the median over runs for functions, the mean for tables of trainings.
func (a *results) print(works []work, s settings) {
	var functions, trained []work
	for _, w := range works {
		if w.unit == 1 {
			functions = append(functions, w)
		} else {
			trained = append(trained, w)
		}
	}
	if a.versions != "" {
		fmt.Printf("%s; %d seeds.\n\n", a.versions, s.seeds)
	}
	a.table("median simple regret", functions, median, s)
	a.table("mean regret, of the median configuration's", trained, mean, s)
}

func (a *results) table(what string, works []work, summary func([]float64) float64, s settings) {
	if len(works) == 0 {
		return
	}
	fmt.Printf("| %s after %s |", what, strings.Trim(strings.ReplaceAll(fmt.Sprint(s.at()), " ", ", "), "[]"))
	for _, name := range s.samplers {
		fmt.Printf(" %s | s |", name)
	}
	fmt.Printf("\n|---|%s\n", strings.Repeat("---|---|", len(s.samplers)))
	totals := map[string][]float64{}
	for _, w := range works {
		fmt.Printf("| %s |", w.name)
		for _, name := range s.samplers {
			for i, n := range s.at() {
				v := summary(column(a.runs[w.name][name], func(r result) float64 { return w.regret(r, n) }))
				fmt.Printf("%s%.3g", []string{" ", " / "}[min(i, 1)], v)
				key := fmt.Sprint(name, n)
				totals[key] = append(totals[key], v)
			}
			fmt.Printf(" | %.2g |", mean(column(a.runs[w.name][name], func(r result) float64 { return r.Seconds })))
		}
		fmt.Println()
	}
	fmt.Print("| mean |")
	for _, name := range s.samplers {
		for i, n := range s.at() {
			fmt.Printf("%s%.3g", []string{" ", " / "}[min(i, 1)], mean(totals[fmt.Sprint(name, n)]))
		}
		fmt.Print(" | |")
	}
	fmt.Print("\n\n")
}

func column(runs []result, f func(result) float64) []float64 {
	out := make([]float64, len(runs))
	for i, r := range runs {
		out[i] = f(r)
	}
	return out
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
