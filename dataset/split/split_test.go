package split_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/dataset/split"
	"github.com/batchmill/batchmill/internal/tabletest"
)

// piece is a run of a table's rows as one unit of one object.
type piece struct {
	rows     []int
	object   int
	firstRow int64
}

// pieces cuts n rows into objects and units at places that seed decides, keeping their order.
func pieces(n, objects, units int, seed uint64) []piece {
	rng := rand.New(rand.NewPCG(seed, 1))
	bounds := map[int]bool{0: true}
	for range objects*units - 1 {
		bounds[rng.IntN(n)] = true
	}
	var all []piece
	object, first := -1, 0
	for r := range n {
		if bounds[r] {
			if len(all)%units == 0 {
				object, first = object+1, r
			}
			all = append(all, piece{object: object, firstRow: int64(r - first)})
		}
		last := &all[len(all)-1]
		last.rows = append(last.rows, r)
	}
	return all
}

// run splits the table in those pieces and returns the side of every row and the number of passes. Every summary goes
// through its encoding, and they are merged in a random order.
func run(t testing.TB, s *split.Splitter, table *tabletest.Table, cut []piece, seed uint64) ([]uint8, *split.Decision) {
	t.Helper()
	var decision *split.Decision
	rng := rand.New(rand.NewPCG(seed, 2))
	for s.NeedsScan() && (decision == nil || !decision.Final) {
		var merged *split.Summary
		for _, i := range rng.Perm(len(cut)) {
			c, err := s.Scan(table.Schema, decision)
			require.NoError(t, err)
			require.NoError(t, c.Observe(table.Batch(cut[i].rows), cut[i].firstRow, cut[i].object))
			data, err := c.Summary().MarshalBinary()
			require.NoError(t, err)
			var sum split.Summary
			require.NoError(t, sum.UnmarshalBinary(data))
			if merged == nil {
				merged = &sum
			} else {
				require.NoError(t, merged.Merge(&sum))
			}
		}
		var err error
		decision, err = s.Decide(decision, merged)
		require.NoError(t, err)
		require.Less(t, decision.Pass, 10)
	}
	a, err := s.Assigner(table.Schema, decision)
	require.NoError(t, err)
	sides := make([]uint8, table.Rows)
	for _, p := range cut {
		got, err := a.Assign(table.Batch(p.rows), p.firstRow, p.object, nil)
		require.NoError(t, err)
		for i, r := range p.rows {
			sides[r] = got[i]
		}
	}
	return sides, decision
}

func one(table *tabletest.Table) []piece { return pieces(table.Rows, 1, 1, 0) }

func counts(sides []uint8, outputs int) []int {
	n := make([]int, outputs)
	for _, s := range sides {
		n[s]++
	}
	return n
}

// content tells a row by its values, so that equal rows may change places.
func content(table *tabletest.Table, row int) string {
	text := ""
	for c := range table.Names {
		if table.Numbers[c] != nil {
			text += string(rune(0)) + string(binaryOf(table.Numbers[c][row]))
		} else {
			text += string(rune(0)) + table.Texts[c][row]
		}
	}
	return text
}

func binaryOf(f float64) []byte {
	b := math.Float64bits(f)
	return []byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24), byte(b >> 32), byte(b >> 40), byte(b >> 48), byte(b >> 56)}
}

var fractions = []float64{0.8, 0.1, 0.1}

func TestStratifiedIsExact(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		path      []string
		column    string
		fractions []float64
	}{
		{[]string{"bank_marketing", "bank_additional_full.csv.gz"}, "job", fractions},
		{[]string{"adult", "adult_train80.csv.gz"}, "native_country", fractions},
		{[]string{"adult", "adult_train80.csv.gz"}, "age", []float64{1. / 3, 1. / 3, 1. / 3}},
		{[]string{"wine_quality", "wine_quality.csv"}, "quality", []float64{0.5, 0.25, 0.15, 0.07, 0.03}},
		{[]string{"covertype", "covertype_train80.csv.gz"}, "Cover_Type", fractions},
	} {
		t.Run(tc.path[0]+"/"+tc.column, func(t *testing.T) {
			t.Parallel()
			table := tabletest.Load(t, tc.path...)
			s, err := split.New(split.Stratified, split.Options{Column: tc.column, Fractions: tc.fractions, Seed: 7})
			require.NoError(t, err)
			sides, decision := run(t, s, table, pieces(table.Rows, 3, 5, 1), 1)
			strata := map[any][]int{}
			sizes := map[any]int{}
			column := table.Column(tc.column)
			for r, side := range sides {
				var value any
				if table.Numbers[column] != nil {
					value = table.Numbers[column][r]
				} else {
					value = table.Texts[column][r]
				}
				if strata[value] == nil {
					strata[value] = make([]int, len(tc.fractions))
				}
				strata[value][side]++
				sizes[value]++
			}
			require.Equal(t, len(strata), len(decision.Strata))
			for value, n := range strata {
				for side, f := range tc.fractions {
					require.LessOrEqual(t, math.Abs(float64(n[side])-f*float64(sizes[value])), 1.0, "stratum %v, side %d: %v", value, side, n)
				}
			}
			total := counts(sides, len(tc.fractions))
			for side, f := range tc.fractions {
				require.LessOrEqual(t, math.Abs(float64(total[side])-f*float64(table.Rows)), 1.0, "side %d: %v", side, total)
			}
		})
	}
}

func TestTimeIsExactAndInOrder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		path   []string
		column string
	}{
		{[]string{"ett_h1", "ETTh1.csv"}, "date"},
		{[]string{"household_power", "power_daily.csv"}, ""},
		{[]string{"wine_quality", "wine_quality.csv"}, "quality"},
		{[]string{"covertype", "covertype_train80.csv.gz"}, "Elevation"},
	} {
		t.Run(tc.path[0], func(t *testing.T) {
			t.Parallel()
			table := tabletest.Load(t, tc.path...)
			if tc.column == "" {
				tc.column = table.Names[0]
			}
			s, err := split.New(split.Time, split.Options{Column: tc.column, Fractions: fractions, Seed: 7})
			require.NoError(t, err)
			sides, _ := run(t, s, table, pieces(table.Rows, 2, 4, 1), 1)
			for side, n := range counts(sides, 3) {
				require.Less(t, math.Abs(float64(n)-fractions[side]*float64(table.Rows)), 1.0)
			}
			column := table.Column(tc.column)
			if table.Numbers[column] == nil {
				lastOf := make([]string, 3)
				for r, side := range sides {
					lastOf[side] = max(lastOf[side], table.Texts[column][r])
				}
				for r, side := range sides {
					if side > 0 {
						require.GreaterOrEqual(t, table.Texts[column][r], lastOf[side-1])
					}
				}
				return
			}
			lastOf := []float64{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
			for r, side := range sides {
				lastOf[side] = max(lastOf[side], table.Numbers[column][r])
			}
			for r, side := range sides {
				if side > 0 {
					require.GreaterOrEqual(t, table.Numbers[column][r], lastOf[side-1])
				}
			}
		})
	}
}

func TestGroupsDoNotStraddle(t *testing.T) {
	t.Parallel()
	table := tabletest.Load(t, "adult", "adult_train80.csv.gz")
	column := table.Column("age")
	for seed := range int64(3) {
		s, err := split.New(split.Group, split.Options{Column: "age", Fractions: fractions, Seed: seed})
		require.NoError(t, err)
		sides, _ := run(t, s, table, pieces(table.Rows, 2, 6, 3), 1)
		sideOf := map[float64]uint8{}
		used := map[uint8]bool{}
		for r, side := range sides {
			age := table.Numbers[column][r]
			if was, ok := sideOf[age]; ok {
				require.Equal(t, was, side, "age %v", age)
			}
			sideOf[age], used[side] = side, true
		}
		require.Len(t, used, s.Outputs())
	}
}

// TestCutsDoNotMatter: another cut into objects and units, another order of merging, the rows in another order: the same
// rows on each side.
func TestCutsDoNotMatter(t *testing.T) {
	t.Parallel()
	table := tabletest.Load(t, "wine_quality", "wine_quality.csv") // has 1,177 repeated rows
	for _, tc := range []struct {
		strategy split.Strategy
		split.Options
	}{
		{split.Random, split.Options{Fractions: fractions}},
		{split.KFold, split.Options{Folds: 5}},
		{split.Group, split.Options{Column: "alcohol", Fractions: fractions}},
		{split.Stratified, split.Options{Column: "quality", Fractions: fractions}},
		{split.Time, split.Options{Column: "alcohol", Fractions: fractions}},
	} {
		t.Run(string(tc.strategy), func(t *testing.T) {
			t.Parallel()
			s, err := split.New(tc.strategy, tc.Options)
			require.NoError(t, err)
			want, _ := run(t, s, table, one(table), 1)
			for seed := range uint64(3) {
				got, _ := run(t, s, table, pieces(table.Rows, 1, 9, seed), seed)
				require.Equal(t, want, got, "units of one object")
			}
			wantSides := bySide(table, want)
			got, _ := run(t, s, table, pieces(table.Rows, 5, 2, 1), 1)
			require.Equal(t, wantSides, bySide(table, got), "several objects")
			shuffled := []piece{{rows: rand.New(rand.NewPCG(5, 5)).Perm(table.Rows)}}
			got, _ = run(t, s, table, shuffled, 1)
			require.Equal(t, wantSides, bySide(table, got), "rows in another order")
		})
	}
}

func bySide(table *tabletest.Table, sides []uint8) []map[string]int {
	out := make([]map[string]int, 5)
	for r, side := range sides {
		if out[side] == nil {
			out[side] = map[string]int{}
		}
		out[side][content(table, r)]++
	}
	return out
}

// TestRandomIsUnbiased: over 40 seeds the counts are as independent draws of distinct rows would give, within six standard
// deviations.
func TestRandomIsUnbiased(t *testing.T) {
	t.Parallel()
	table := tabletest.Load(t, "california_housing", "california_train80.csv") // no repeated rows
	const seeds = 40
	income := table.Numbers[table.Column("median_income")]
	mean, variance := 0.0, 0.0
	for _, v := range income {
		mean += v / float64(table.Rows)
	}
	for _, v := range income {
		variance += (v - mean) * (v - mean) / float64(table.Rows)
	}
	total := make([]int, 3)
	incomes := 0.0
	for seed := range int64(seeds) {
		s, err := split.New(split.Random, split.Options{Fractions: fractions, Seed: seed})
		require.NoError(t, err)
		sides, _ := run(t, s, table, one(table), 1)
		for side, n := range counts(sides, 3) {
			total[side] += n
			deviation := math.Sqrt(float64(table.Rows) * fractions[side] * (1 - fractions[side]))
			require.InDelta(t, fractions[side]*float64(table.Rows), n, 6*deviation)
		}
		for r, side := range sides {
			if side == 2 {
				incomes += income[r]
			}
		}
	}
	for side, n := range total {
		draws := float64(table.Rows * seeds)
		require.InDelta(t, fractions[side]*draws, n, 6*math.Sqrt(draws*fractions[side]*(1-fractions[side])))
	}
	require.InDelta(t, mean, incomes/float64(total[2]), 6*math.Sqrt(variance/float64(total[2])))
}

func TestFoldsAreEvenAndIndependentOfARandomSplit(t *testing.T) {
	t.Parallel()
	table := tabletest.Load(t, "california_housing", "california_train80.csv")
	random, err := split.New(split.Random, split.Options{Fractions: fractions, Seed: 3})
	require.NoError(t, err)
	folds, err := split.New(split.KFold, split.Options{Folds: 5, Seed: 3})
	require.NoError(t, err)
	a, _ := run(t, random, table, one(table), 1)
	b, _ := run(t, folds, table, one(table), 1)
	for side, f := range fractions {
		n := make([]int, 5)
		for r := range a {
			if int(a[r]) == side {
				n[b[r]]++
			}
		}
		want := f * float64(table.Rows) / 5
		for fold := range n {
			require.InDelta(t, want, n[fold], 6*math.Sqrt(want), "fold %d within side %d", fold, side)
		}
	}
}

func TestOptionErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		strategy split.Strategy
		split.Options
		option string
	}{
		{"Shuffle", split.Options{Fractions: fractions}, "Strategy"},
		{split.Random, split.Options{Fractions: fractions, Column: "age"}, "Column"},
		{split.Group, split.Options{Fractions: fractions}, "Column"},
		{split.Random, split.Options{}, "Fractions"},
		{split.Random, split.Options{Fractions: []float64{0.8, 0.1}}, "Fractions"},
		{split.Random, split.Options{Fractions: []float64{0.8, 0.3}}, "Fractions"},
		{split.Random, split.Options{Fractions: []float64{1.5, -0.5}}, "Fractions"},
		{split.Random, split.Options{Fractions: []float64{math.NaN(), 1}}, "Fractions"},
		{split.KFold, split.Options{Folds: 1}, "Folds"},
		{split.KFold, split.Options{Folds: 5, Fractions: fractions}, "Fractions"},
	} {
		_, err := split.New(tc.strategy, tc.Options)
		var option *split.OptionError
		require.ErrorAs(t, err, &option, "%v", tc)
		require.Equal(t, tc.option, option.Option)
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	table := tabletest.New([]string{"kind", "when"}, [][]string{{"a", "2024-05-01"}, {"b", "soon"}})
	s, err := split.New(split.Stratified, split.Options{Column: "kinds", Fractions: fractions})
	require.NoError(t, err)
	var schema *dataset.SchemaError
	require.ErrorAs(t, s.Check(table.Schema), &schema)
	require.Equal(t, "kinds", schema.Column)

	s, err = split.New(split.Time, split.Options{Column: "when", Fractions: fractions})
	require.NoError(t, err)
	_, err = s.Assigner(table.Schema, nil)
	require.ErrorIs(t, err, split.ErrUndecided)
	c, err := s.Scan(table.Schema, nil)
	require.NoError(t, err)
	var record *dataset.RecordError
	require.ErrorAs(t, c.Observe(table.Batch([]int{0, 1}), 100, 0), &record)
	require.EqualValues(t, 102, record.Row)
	require.Equal(t, "when", record.Column)
}

func TestMissingValues(t *testing.T) {
	t.Parallel()
	table := tabletest.Load(t, "california_housing", "california_train80.csv") // total_bedrooms misses 168 values
	column := table.Column("total_bedrooms")
	s, err := split.New(split.Time, split.Options{Column: "total_bedrooms", Fractions: []float64{0.9, 0.1}})
	require.NoError(t, err)
	sides, _ := run(t, s, table, one(table), 1)
	for r, side := range sides {
		if math.IsNaN(table.Numbers[column][r]) {
			require.EqualValues(t, 1, side, "missing times come last")
		}
	}
	g, err := split.New(split.Group, split.Options{Column: "total_bedrooms", Fractions: fractions})
	require.NoError(t, err)
	sides, _ = run(t, g, table, one(table), 1)
	groups := map[uint8]bool{}
	for r, side := range sides {
		if math.IsNaN(table.Numbers[column][r]) {
			groups[side] = true
		}
	}
	require.Len(t, groups, 1, "missing is one group")
}
