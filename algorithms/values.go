package algorithms

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// TuningObjectiveKey is the hyperparameter that a tuning job adds to each of its training jobs: the name of the metric it
// optimises, e.g. "validation:rmse". Every algorithm accepts it.
const TuningObjectiveKey = "_tuning_objective_metric"

// ownPrefix marks keys that configure Batchmill, not the algorithm.
const ownPrefix = "BATCHMILL_"

// Values are parsed hyperparameters: what was given, and defaults for the rest.
type Values struct {
	declared HyperParameters
	given    map[string]value
	// TuningObjective is the metric of the tuning job that this training belongs to, or "".
	TuningObjective string
}

type value struct {
	text   string // canonical for Categorical
	number float64
}

// Parse reads the texts of a job document. Every fault is in the one error, a *HyperParameterError.
func (ps HyperParameters) Parse(given map[string]string) (Values, error) {
	vs := Values{declared: ps, given: map[string]value{}, TuningObjective: given[TuningObjectiveKey]}
	var faults []*HyperParameterError
	source := map[string]string{}
	for _, key := range sortedKeys(given) {
		if key == TuningObjectiveKey || strings.HasPrefix(key, ownPrefix) {
			continue
		}
		p, ok := ps.Lookup(key)
		if !ok {
			faults = append(faults, ps.extraneous(key))
			continue
		}
		if other, twice := source[p.Name]; twice {
			faults = append(faults, p.fault("given twice, as %s and as %s", other, key))
			continue
		}
		source[p.Name] = key
		v, fault := p.read(given[key])
		if fault != nil {
			faults = append(faults, fault)
			continue
		}
		vs.given[p.Name] = v
	}
	for _, p := range ps {
		if _, ok := source[p.Name]; p.Required && !ok {
			faults = append(faults, &HyperParameterError{Name: p.Name, Reason: "Missing required hyperparameter: " + p.Name})
		}
	}
	if err := JoinFaults(faults); err != nil {
		return Values{}, err
	}
	return vs, nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func (ps HyperParameters) extraneous(key string) *HyperParameterError {
	reason := "Extraneous hyperparameter found: " + key
	if near := ps.nearest(key); near != "" {
		reason += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return &HyperParameterError{Name: key, Reason: reason}
}

// nearest returns the known name with the fewest edits to key, or "" where none is close.
func (ps HyperParameters) nearest(key string) string {
	best, limit := "", max(2, len(key)/3)+1
	for _, p := range ps {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			if d := editDistance(strings.ToLower(key), name); d < limit && d < len(name) {
				best, limit = name, d
			}
		}
	}
	return best
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Given tells whether the user gave the hyperparameter.
func (vs Values) Given(name string) bool {
	_, ok := vs.given[name]
	return ok
}

// Has tells whether there is a value, given or by default.
func (vs Values) Has(name string) bool {
	p, _ := vs.declared.Lookup(name)
	return vs.Given(name) || p.Default != ""
}

// Float returns the value of a Continuous or Integer hyperparameter, 0 where there is none.
func (vs Values) Float(name string) float64 { return vs.value(name).number }

// Int returns the value of an Integer hyperparameter, 0 where there is none.
func (vs Values) Int(name string) int { return int(vs.value(name).number) }

// Text returns a Categorical or FreeText value, "" where there is none.
func (vs Values) Text(name string) string { return vs.value(name).text }

// Bool tells whether a Categorical hyperparameter of true and false, or 1 and 0, is on.
func (vs Values) Bool(name string) bool {
	t := vs.value(name).text
	return t == "true" || t == "1"
}

// List splits a FreeText value at commas; brackets, quotes and blanks around the items are dropped.
func (vs Values) List(name string) []string {
	const wrapping = "[]()'\" \t"
	var items []string
	for _, item := range strings.Split(strings.Trim(vs.Text(name), wrapping), ",") {
		if item = strings.Trim(item, wrapping); item != "" && !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return items
}

// value panics on an undeclared name and on a default that its own declaration refuses: both are mistakes in an
// algorithm's source, found by its first test.
func (vs Values) value(name string) value {
	if v, ok := vs.given[name]; ok {
		return v
	}
	p, ok := vs.declared.Lookup(name)
	if !ok {
		panic("algorithms: hyperparameter not declared: " + name)
	}
	if p.Default == "" {
		return value{}
	}
	v, fault := p.read(p.Default)
	if fault != nil {
		panic("algorithms: default: " + fault.Reason)
	}
	return v
}
