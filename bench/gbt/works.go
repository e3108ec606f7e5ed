package main

import (
	"context"

	"github.com/batchmill/batchmill/bench/tables"
)

// work is one comparison: the same rows, rounds and shape of trees for every engine.
type work struct {
	name    string
	set     tables.Set
	sparse  tables.Kind // rows are made, with little of them stored; "": those of set
	drawn   bool        // rows drawn from the real ones, as many as -rows says
	rounds  int
	depth   int
	leaves  int      // 0: grown by depth; else best first, that many leaves
	smooth  bool     // categories in the order that LightGBM gives them by default
	targets []target // none: run for its quality
}

// works lists every work, in the order they run.
func works() []work {
	list := []work{
		{name: "higgs-depth6", set: tables.Higgs, drawn: true, rounds: 100, depth: 6, targets: higgsTargets},
		{name: "higgs-depth8", set: tables.Higgs, drawn: true, rounds: 100, depth: 8, targets: higgsTargets},
		{name: "higgs-255leaves", set: tables.Higgs, drawn: true, rounds: 100, leaves: 255, targets: higgsTargets},
		{name: "covertype", set: tables.Covertype, rounds: 100, depth: 6, targets: fasterOfTwo},
		{name: "adult", set: tables.Adult, rounds: 100, depth: 6, targets: fasterOfTwo},
		{name: "bank_marketing", set: tables.Bank, rounds: 100, depth: 6, targets: fasterOfTwo},
		{name: "airlines_2k", set: tables.Airlines, rounds: 100, depth: 6, targets: fasterOfTwo},
		{name: "airlines_2k-smooth", set: tables.Airlines, rounds: 100, depth: 6, smooth: true, targets: fasterOfTwo},
		{name: "kddcup99", set: tables.KDDCup, rounds: 100, depth: 6, targets: fasterOfTwo},
	}
	for _, kind := range []tables.Kind{tables.Measures, tables.Flags, tables.Words} {
		set := tables.NewSet("sparse-"+string(kind), 1, "", "")
		list = append(list, work{name: set.Name, set: set, sparse: kind, rounds: 100, depth: 6, targets: noSlower})
	}
	for _, set := range []tables.Set{tables.California, tables.Diamonds, tables.Credit, tables.Elec2, tables.Abalone, tables.Wine, tables.Fraud} {
		list = append(list, work{name: set.Name, set: set, rounds: 100, depth: 6})
	}
	return list
}

// Sparse rows: 1 % of their values are stored. A quarter as many again are held back.
const (
	sparseRows   = 200_000
	sparseHeld   = sparseRows / 4
	sparseWidth  = 10_000
	sparseStored = sparseWidth / 100
)

// stage writes the work's rows to files in a folder that every engine reads; label is that of the rows held back.
func (w work) stage(ctx context.Context, o options, seed int, dir string) (s spec, label []float32, err error) {
	if w.sparse != "" {
		rows := max(1, min(sparseRows, o.rows))
		train := tables.MakeSparse(w.sparse, rows, sparseWidth, sparseStored, uint64(2*seed))
		test := tables.MakeSparse(w.sparse, rows*sparseHeld/sparseRows, sparseWidth, sparseStored, uint64(2*seed+1))
		s, err = stageSparse(dir, train, test)
		return s, test.Label, err
	}
	train, test, err := w.split(ctx, o, seed)
	if err != nil {
		return s, nil, err
	}
	s, err = stage(dir, train, test)
	return s, test.Label, err
}

// split loads the work's table and cuts it into what is trained on and what is held back.
//
// The HIGGS works have 9,500 real rows. A fifth of them is held back, and both parts are drawn from with replacement, each
// number moved a little (tables.Draw): a million rows to train on and a fifth as many to judge by, which share no real row.
// So the quality tells how well models that saw each of 7,600 real rows some 130 times do on real rows they have not seen,
// averaged over small moves of those; it is no more precise than 1,900 rows allow. Five seeds hold back each real row
// once: their mean is over all 9,500, and the standard error beside it tells what difference it can show.
func (w work) split(ctx context.Context, o options, seed int) (train, test *tables.Table, err error) {
	all, err := w.set.Load(ctx, o.data)
	if err != nil {
		return nil, nil, err
	}
	train, test = all.Split(seed)
	if w.drawn {
		train, test = train.Draw(o.rows, uint64(2*seed)), test.Draw(o.rows/tables.Folds, uint64(2*seed+1))
	}
	return train, test, nil
}
