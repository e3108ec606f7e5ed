package profile_test

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset/profile"
	"github.com/batchmill/batchmill/internal/tabletest"
)

// TestKnownValues compares with values computed by Python's fractions and decimal modules from the same file: exact sums,
// rounded once.
func TestKnownValues(t *testing.T) {
	t.Parallel()
	table := tabletest.Load(t, "california_housing", "california_train80.csv")
	report := observe(t, table, 1).Report()
	for i, want := range []struct {
		name                   string
		rows, nulls, distinct  int64
		min, max, mean, stddev float64
	}{
		{"longitude", 16512, 0, 825, -124.35, -114.31, -119.57108587693799, 2.003959447996907},
		{"latitude", 16512, 0, 842, 32.54, 41.95, 35.63233406007752, 2.1360478904351012},
		{"housing_median_age", 16512, 0, 52, 1.0, 52.0, 28.676901647286822, 12.567181877448911},
		{"total_rooms", 16512, 0, 5483, 2.0, 39320.0, 2637.977289244186, 2183.1636065209846},
		{"total_bedrooms", 16512, 168, 1824, 1.0, 6445.0, 538.2678658835047, 422.50913133071197},
		{"population", 16512, 0, 3644, 3.0, 35682.0, 1425.7130571705427, 1138.121732654106},
		{"households", 16512, 0, 1716, 1.0, 6082.0, 499.8654917635659, 383.27287922439234},
		{"median_income", 16512, 0, 10912, 0.4999, 15.0001, 3.8698557170542633, 1.8889058024229284},
		{"median_house_value", 16512, 0, 3672, 14999.0, 500001.0, 207161.79463420543, 115111.40181862445},
	} {
		got := report[i]
		require.Equal(t, want.name, got.Name)
		require.Equal(t, []int64{want.rows, want.nulls}, []int64{got.Rows, got.Nulls})
		require.Equal(t, []float64{want.min, want.max, want.mean, want.stddev}, []float64{*got.Min, *got.Max, *got.Mean, *got.StdDev}, want.name)
		require.Equal(t, want.distinct <= 1024, got.DistinctExact)
		if got.DistinctExact {
			require.Equal(t, want.distinct, got.Distinct, want.name)
		} else {
			require.InEpsilon(t, want.distinct, got.Distinct, 5*0.01625, want.name) // five standard errors
		}
	}
	text := report[9]
	require.Equal(t, "ocean_proximity", text.Name)
	require.Equal(t, "<1H OCEAN", *text.MinText)
	require.Equal(t, "NEAR OCEAN", *text.MaxText)
	require.Nil(t, text.Mean)
	require.Equal(t, []profile.ValueCount{{"<1H OCEAN", 7296}, {"INLAND", 5234}, {"NEAR OCEAN", 2118}, {"NEAR BAY", 1860}, {"ISLAND", 4}}, text.Top)
}

// TestPartsDoNotMatter: any cut into units, merged in any order through the encoding, gives the same bytes.
func TestPartsDoNotMatter(t *testing.T) {
	t.Parallel()
	for _, path := range [][]string{
		{"california_housing", "california_train80.csv"},
		{"adult", "adult_train80.csv.gz"},
		{"wine_quality", "wine_quality.csv"},
	} {
		table := tabletest.Load(t, path...)
		want, err := observe(t, table, 1).Marshal()
		require.NoError(t, err)
		for parts := 2; parts < 40; parts += 12 {
			got, err := observe(t, table, parts).Marshal()
			require.NoError(t, err)
			require.Equal(t, string(want), string(got), "%s in %d parts", path[0], parts)
		}
	}
}

// observe profiles random slices of a shuffled table apart and merges them.
func observe(t *testing.T, table *tabletest.Table, parts int) *profile.Profile {
	rng := rand.New(rand.NewPCG(uint64(parts), 1))
	order := rng.Perm(table.Rows)
	total := profile.New(table.Schema)
	for p := range parts {
		part := profile.New(table.Schema)
		rows := order[p*table.Rows/parts : (p+1)*table.Rows/parts]
		half := len(rows) / 3
		require.NoError(t, part.Observe(table.Batch(rows[:half])))
		require.NoError(t, part.Observe(table.Batch(rows[half:])))
		data, err := part.Marshal()
		require.NoError(t, err)
		part, err = profile.Unmarshal(data)
		require.NoError(t, err)
		require.NoError(t, total.Merge(part))
	}
	return total
}

// TestSumsAreExact compares mean and deviation with math/big on values that ordinary summation gets wrong.
func TestSumsAreExact(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, values := range [][]float64{
		{1e16, 1, -1e16},
		{1e150, 1, -1e150, 1e-140, -1},
		{math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64},
		{5e-324, 5e-324, -5e-324, 0},
		{-1, -2, -3.5},
		random(rng, 1000),
	} {
		table := tabletest.New([]string{"x"}, records(values))
		got := observe(t, table, 3).Report()[0]
		total := new(big.Float).SetPrec(8192)
		for _, v := range values {
			total.Add(total, big.NewFloat(v))
		}
		mean, _ := total.Quo(total, big.NewFloat(float64(len(values)))).Float64()
		require.Equal(t, mean, *got.Mean, "%v", values[:3])
	}
}

func random(rng *rand.Rand, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.Ldexp(rng.Float64()-0.5, rng.IntN(300)-150)
	}
	return values
}

func records(values []float64) [][]string {
	out := make([][]string, len(values))
	for i, v := range values {
		out[i] = []string{strconv.FormatFloat(v, 'g', -1, 64)}
	}
	return out
}

func TestSpecialValues(t *testing.T) {
	t.Parallel()
	table := tabletest.New([]string{"x", "all_missing", "same"}, [][]string{{"1", "", "3"}, {"Inf", "", "3"}, {"", "", "3"}, {"-0", "", "3"}, {"0", "", "3"}})
	report := observe(t, table, 2).Report()
	x := report[0]
	require.Equal(t, []int64{5, 1, 3, 1}, []int64{x.Rows, x.Nulls, x.Distinct, x.Infinite})
	require.InDelta(t, 1./3, *x.Mean, 1e-15)
	require.Equal(t, []profile.ValueCount{{"0", 2}, {"+Inf", 1}, {"1", 1}}, x.Top)
	missing := report[1]
	require.Equal(t, []int64{5, 5, 0}, []int64{missing.Rows, missing.Nulls, missing.Distinct})
	require.Nil(t, missing.Min)
	require.Zero(t, *report[2].StdDev)
	data, err := json.Marshal(report)
	require.NoError(t, err)
	require.NotContains(t, string(data), "null,")
}

func TestMismatch(t *testing.T) {
	t.Parallel()
	a := tabletest.New([]string{"x"}, [][]string{{"1"}})
	b := tabletest.New([]string{"y"}, [][]string{{"1"}})
	p := profile.New(a.Schema)
	require.ErrorIs(t, p.Observe(b.Batch([]int{0})), profile.ErrMismatch)
	require.ErrorIs(t, p.Merge(profile.New(b.Schema)), profile.ErrMismatch)
	_, err := profile.Unmarshal([]byte(`[{"Name":"x","Kind":"number","Sum":"////","Count":1}]`))
	require.Error(t, err)
}
