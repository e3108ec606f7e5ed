package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
)

// results collects runs by work, sampler and seed.
type results struct {
	mu       sync.Mutex
	runs     map[string]map[string]map[int]result
	versions string
}

func newResults() *results { return &results{runs: map[string]map[string]map[int]result{}} }

func (a *results) add(j job, r result, s settings) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.runs[j.work.name] == nil {
		a.runs[j.work.name] = map[string]map[int]result{}
	}
	if a.runs[j.work.name][j.sampler] == nil {
		a.runs[j.work.name][j.sampler] = map[int]result{}
	}
	a.runs[j.work.name][j.sampler][j.seed] = r
	if r.Versions != "" {
		a.versions = r.Versions
	}
	if s.log {
		fmt.Fprintf(os.Stderr, "%s %s seed %d: regret", j.work.name, j.sampler, j.seed)
		for _, n := range s.at {
			fmt.Fprintf(os.Stderr, " %.4g", j.work.regret(r, n))
		}
		fmt.Fprintf(os.Stderr, ", %.1f s\n", r.Seconds)
	}
}

// regret is how far the best cost after n trials is from the least there is.
func (w work) regret(r result, n int) float64 { return (r.Best[n-1] - w.best) / w.unit }

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
		fmt.Printf("%s.\n\n", a.versions)
	}
	a.table("median simple regret", functions, median, s)
	a.table("mean regret, of the median configuration's", trained, mean, s)
}

// shared are the seeds that all samplers have run a work with.
func (a *results) shared(w work, samplers []string) []int {
	var out []int
	for seed := range a.runs[w.name][samplers[0]] {
		if !slices.ContainsFunc(samplers, func(name string) bool { _, ok := a.runs[w.name][name][seed]; return !ok }) {
			out = append(out, seed)
		}
	}
	slices.Sort(out)
	return out
}

// regrets sums up the regret of a sampler on a work for each number of trials that is reported.
func (a *results) regrets(w work, sampler string, seeds []int, summary func([]float64) float64, s settings) []float64 {
	var out []float64
	for _, n := range s.at {
		var v []float64
		for _, seed := range seeds {
			v = append(v, w.regret(a.runs[w.name][sampler][seed], n))
		}
		out = append(out, summary(v))
	}
	return out
}

// leastRegret is what regret counts as at least where ratios are averaged: less is chance.
const leastRegret = 1e-9

// ratios are the geometric means of how many times another sampler's regret the first's is, over the runs that both made.
func (a *results) ratios(works []work, first, other string, s settings) []float64 {
	logs := make([]float64, len(s.at))
	runs := 0.0
	for _, w := range works {
		for _, seed := range a.shared(w, []string{first, other}) {
			runs++
			for i, n := range s.at {
				mine, theirs := w.regret(a.runs[w.name][first][seed], n), w.regret(a.runs[w.name][other][seed], n)
				logs[i] += math.Log(max(mine, leastRegret) / max(theirs, leastRegret))
			}
		}
	}
	for i, sum := range logs {
		logs[i] = math.Exp(sum / runs)
	}
	return logs
}

// table holds the first sampler against each of the others: regrets, and how many times the other's regret the first's is.
func (a *results) table(what string, works []work, summary func([]float64) float64, s settings) {
	if len(works) == 0 {
		return
	}
	first, others := s.samplers[0], s.samplers[1:]
	fmt.Printf("| %s after %s | seeds | %s |", what, numbers(s.at, "%d"), first)
	for _, name := range others {
		fmt.Printf(" %s | x |", name)
	}
	fmt.Printf("\n|---|---|---|%s\n", strings.Repeat("---|---|", len(others)))
	verdicts := make([]verdict, len(others))
	all := make([][][]float64, len(s.samplers)) // by sampler, work and number of trials
	for _, w := range works {
		seeds := a.shared(w, s.samplers)
		if len(seeds) == 0 {
			continue
		}
		ours := a.regrets(w, first, seeds, summary, s)
		all[0] = append(all[0], ours)
		fmt.Printf("| %s | %d | %s |", w.name, len(seeds), numbers(ours, "%.3g"))
		for i, name := range others {
			theirs := a.regrets(w, name, seeds, summary, s)
			all[i+1] = append(all[i+1], theirs)
			fmt.Printf(" %s | %s |", numbers(theirs, "%.3g"), numbers(verdicts[i].add(w.name, ours, theirs), "%.2g"))
		}
		fmt.Println()
	}
	fmt.Print("| mean | |")
	for i, v := range all {
		fmt.Printf(" %s |", numbers(means(v, len(s.at)), "%.3g"))
		if i > 0 {
			fmt.Print(" |")
		}
	}
	fmt.Print("\n\n")
	for i, v := range verdicts {
		if v.works == 0 {
			continue
		}
		v.print(first, others[i], s.at)
		fmt.Printf("* Geometric mean of the ratio over all runs: %s.\n", numbers(a.ratios(works, first, others[i], s), "%.3g"))
	}
	a.printSeconds(works, s)
}

// printSeconds writes what the suggestions of a run took on average.
func (a *results) printSeconds(works []work, s settings) {
	for _, name := range s.samplers {
		var took []float64
		for _, w := range works {
			for _, r := range a.runs[w.name][name] {
				took = append(took, r.Seconds)
			}
		}
		if len(took) > 0 {
			fmt.Printf("* %s: %.2g s a run.\n", name, mean(took))
		}
	}
	fmt.Println()
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

// means are those of the columns.
func means(rows [][]float64, columns int) []float64 {
	out := make([]float64, columns)
	for _, row := range rows {
		for i, v := range row {
			out[i] += v / float64(len(rows))
		}
	}
	return out
}

// numbers writes some numbers with slashes between.
func numbers[T any](v []T, format string) string {
	texts := make([]string, len(v))
	for i, x := range v {
		texts[i] = fmt.Sprintf(format, x)
	}
	return strings.Join(texts, " / ")
}
