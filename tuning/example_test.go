package tuning_test

import (
	"encoding/json"
	"fmt"

	"github.com/batchmill/batchmill/tuning"
)

// A search over two parameters: ask, train, tell.
func Example() {
	space := tuning.Space{
		{Name: "eta", Kind: tuning.Continuous, Min: 0.01, Max: 1, Scale: tuning.Logarithmic},
		{Name: "max_depth", Kind: tuning.Integer, Min: 2, Max: 10},
	}
	search, err := tuning.New(space, tuning.Options{Strategy: tuning.Sobol, Goal: tuning.Minimize, Seed: 1})
	if err != nil {
		panic(err)
	}
	trials, err := search.Ask(64)
	if err != nil {
		panic(err)
	}
	for _, t := range trials {
		off := float64(t.Int("max_depth") - 6)
		loss := (t.Float("eta")-0.3)*(t.Float("eta")-0.3) + off*off
		if err := search.Tell(t.ID, tuning.Result{Value: loss}); err != nil {
			panic(err)
		}
	}
	best, loss, _ := search.Best()
	fmt.Println(best.Values["max_depth"], loss < 0.01)
	// Output: 6 true
}

// A state goes through JSON and goes on where it was.
func ExampleResume() {
	space := tuning.Space{{Name: "booster", Kind: tuning.Categorical, Values: []string{"gbtree", "gblinear", "dart"}}}
	search, err := tuning.New(space, tuning.Options{Strategy: tuning.Grid})
	if err != nil {
		panic(err)
	}
	if _, err := search.Ask(2); err != nil {
		panic(err)
	}
	state, err := json.Marshal(search)
	if err != nil {
		panic(err)
	}
	search, err = tuning.Resume(state)
	if err != nil {
		panic(err)
	}
	rest, err := search.Ask(5)
	fmt.Println(rest, len(search.Pending()), err)
	// Output: [{3 map[booster:dart]}] 3 <nil>
}

// Hyperband: of 17 trials of up to 9 epochs, most end after 1 or 3.
func ExampleBrackets() {
	b, err := tuning.NewBrackets(tuning.BracketOptions{Goal: tuning.Minimize, Min: 1, Max: 9, Trials: 17})
	if err != nil {
		panic(err)
	}
	epochs, resumed, full := 0, 0, 0
	for {
		step, ok := b.Next()
		if !ok {
			break
		}
		loss := float64(step.Trial*7%17) / float64(step.To) // stands for training up to step.To
		verdict, err := b.Report(step.Trial, step.To, tuning.Result{Value: loss})
		if err != nil {
			panic(err)
		}
		for verdict == tuning.Continue { // it leads: go on to the next rung without a stop
			step.To = b.Rung(step.Trial)
			verdict, err = b.Report(step.Trial, step.To, tuning.Result{Value: loss})
			if err != nil {
				panic(err)
			}
		}
		epochs += step.To - step.From
		if step.From > 0 {
			resumed++
		}
		if verdict == tuning.Done {
			full++
		}
	}
	fmt.Println("epochs:", epochs, "instead of", 17*9)
	fmt.Println("resumed from a checkpoint:", resumed, "trained in full:", full)
	// Output:
	// epochs: 79 instead of 153
	// resumed from a checkpoint: 3 trained in full: 6
}
