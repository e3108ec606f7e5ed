package split_test

import (
	"fmt"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/dataset/split"
)

// A table of two units, stratified by class. Each unit is observed apart, by whichever process, and assigned apart.
func Example() {
	schema := dataset.NewSchema(true, dataset.NullField("class", dataset.StringType), dataset.NullField("x", dataset.Int64Type))
	unit := func(from int64) dataset.Batch {
		var classes []string
		var xs []int64
		for i := range int64(10) {
			classes = append(classes, []string{"rare", "common", "common", "common", "common"}[i%5])
			xs = append(xs, from+i)
		}
		return dataset.NewBatch(schema, []dataset.Column{dataset.NewStrings(classes), dataset.NewInt64(xs)}, 10)
	}
	s, err := split.New(split.Stratified, split.Options{Column: "class", Fractions: []float64{0.75, 0.25}, Seed: 7})
	if err != nil {
		panic(err)
	}

	var decision *split.Decision
	for decision == nil || !decision.Final {
		var merged *split.Summary
		for _, first := range []int64{0, 10} {
			c, _ := s.Scan(schema, decision)
			_ = c.Observe(unit(first), first, 0)
			if merged == nil {
				merged = c.Summary()
			} else {
				_ = merged.Merge(c.Summary())
			}
		}
		if decision, err = s.Decide(decision, merged); err != nil {
			panic(err)
		}
	}

	a, _ := s.Assigner(schema, decision)
	rows := map[string]int{}
	for _, first := range []int64{0, 10} {
		sides, _ := a.Assign(unit(first), first, 0, nil)
		for i, side := range sides {
			rows[fmt.Sprintf("%s to output %d", []string{"rare", "common", "common", "common", "common"}[i%5], side)]++
		}
	}
	fmt.Println(rows)
	// Output: map[common to output 0:12 common to output 1:4 rare to output 0:3 rare to output 1:1]
}
