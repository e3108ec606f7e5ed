package profile_test

import (
	"fmt"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/dataset/profile"
)

func Example() {
	schema := dataset.NewSchema(true, dataset.NullField("colour", dataset.StringType), dataset.NullField("size", dataset.Float64Type))
	batch := func(colours []string, sizes []float64) dataset.Batch {
		return dataset.NewBatch(schema, []dataset.Column{dataset.NewStrings(colours), dataset.NewFloat64(sizes)}, len(sizes))
	}
	first, second := profile.New(schema), profile.New(schema)
	_ = first.Observe(batch([]string{"red", "blue"}, []float64{1, 2}))
	_ = second.Observe(batch([]string{"red", "red"}, []float64{3, 6}))
	_ = first.Merge(second)
	for _, c := range first.Report() {
		fmt.Println(c.Name, c.Kind, c.Rows, "rows,", c.Distinct, "different")
		if c.Mean != nil {
			fmt.Println("mean", *c.Mean, "from", *c.Min, "to", *c.Max)
		}
		for _, v := range c.Top {
			fmt.Println(" ", v.Value, v.Rows)
		}
	}
	// Output:
	// colour text 4 rows, 2 different
	//   red 3
	//   blue 1
	// size number 4 rows, 4 different
	// mean 3 from 1 to 6
}
