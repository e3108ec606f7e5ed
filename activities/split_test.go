package activities

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
)

// splitCase is a strategy on a table, with what must hold of the sides.
type splitCase struct {
	name     string
	strategy object
	rows     [][]string // with header
	exact    bool       // fractions hold to within one row
	check    func(t *testing.T, header []string, sides map[string][][]string)
}

func splitCases(t testing.TB) []splitCase {
	house, people := california(t)[:6001], table(t, "adult", "adult_train80.csv.gz")[:5001]
	for i, r := range people { // a column with an order, to split by
		if i == 0 {
			people[0] = append(slices.Clone(r), "seen_at")
			continue
		}
		minute := (i * 7919) % 100000
		people[i] = append(slices.Clone(r), fmt.Sprintf("2024-%02d-%02dT%02d:%02d:00Z", 1+minute%12, 1+minute%28, minute%24, minute%60))
	}
	return []splitCase{
		{"random", object{"Type": "Random", "Seed": 7}, house, false, nil},
		{"stratified", object{"Type": "Stratified", "Column": "income", "Seed": 7}, people, true, strataHold("income")},
		{"stratified by a rare value", object{"Type": "Stratified", "Column": "ocean_proximity", "Seed": 1}, house, true, strataHold("ocean_proximity")},
		{"group", object{"Type": "Group", "Column": "native_country", "Seed": 3}, people, false, groupsHold("native_country")},
		{"group by a number", object{"Type": "Group", "Column": "median_income", "Seed": 3}, house, false, groupsHold("median_income")},
		{"time", object{"Type": "Time", "Column": "seen_at", "Seed": 3}, people, true, orderHolds("seen_at")},
		{"time with ties", object{"Type": "Time", "Column": "housing_median_age", "Seed": 3}, house, true, orderHolds("housing_median_age")},
		{"folds", object{"Type": "KFold", "Folds": 5, "Seed": 11}, house, false, nil},
	}
}

func column(header []string, name string) int { return slices.Index(header, name) }

// strataHold: every stratum has the fractions to within one row.
func strataHold(name string) func(*testing.T, []string, map[string][][]string) {
	return func(t *testing.T, header []string, sides map[string][][]string) {
		c, all, per := column(header, name), map[string]float64{}, map[string]map[string]float64{}
		for side, rows := range sides {
			per[side] = map[string]float64{}
			for _, r := range rows {
				all[r[c]]++
				per[side][r[c]]++
			}
		}
		for side, fraction := range map[string]float64{"train": 0.7, "validation": 0.2, "test": 0.1} {
			for value, n := range all {
				require.Less(t, math.Abs(per[side][value]-fraction*n), 1+1e-9, "%s of %s", side, value)
			}
		}
	}
}

// groupsHold: no group is on two sides.
func groupsHold(name string) func(*testing.T, []string, map[string][][]string) {
	return func(t *testing.T, header []string, sides map[string][][]string) {
		c, where := column(header, name), map[string]string{}
		for side, rows := range sides {
			for _, r := range rows {
				other, ok := where[r[c]]
				require.True(t, !ok || other == side, "%q is in %s and %s", r[c], side, other)
				where[r[c]] = side
			}
		}
		require.Greater(t, len(where), 10)
	}
}

// orderHolds: nothing in a side is later than anything in the next.
func orderHolds(name string) func(*testing.T, []string, map[string][][]string) {
	return func(t *testing.T, header []string, sides map[string][][]string) {
		c, last := column(header, name), ""
		later := func(a, b string) bool {
			x, err := strconv.ParseFloat(a, 64)
			y, failed := strconv.ParseFloat(b, 64)
			if err == nil && failed == nil {
				return x > y
			}
			return a > b
		}
		for _, side := range []string{"train", "validation", "test"} {
			before := last
			for _, r := range sides[side] {
				require.False(t, before != "" && later(before, r[c]), "%s in %s, %s before it", r[c], side, before)
				if last == "" || later(r[c], last) {
					last = r[c]
				}
			}
		}
	}
}

// normal writes numbers in one way, so that rows can be compared as text.
func normal(r []string) string {
	out := make([]string, len(r))
	for i, f := range r {
		if v, err := strconv.ParseFloat(f, 64); err == nil {
			f = strconv.FormatFloat(v, 'g', -1, 64)
		}
		out[i] = strings.TrimSuffix(f, "Z")
	}
	return strings.Join(out, "\x00")
}

func TestSplits(t *testing.T) {
	t.Parallel()
	for _, c := range splitCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inputs := map[string][]byte{"s3://b/in/a.csv": toCSV(t, c.rows[:3001]), "s3://b/in/b/b.csv": toCSV(t, append(c.rows[:1:1], c.rows[3001:]...))}
			var first map[string]string
			for _, n := range []int{1, 3, 17} {
				s := newShop(t, newStore())
				for uri, data := range inputs {
					s.put(uri, data)
				}
				done, err := s.split(splitDoc("text/csv;header=present", c.strategy, n))
				require.NoError(t, err)
				s.verify(done)
				got := s.read("s3://b/out/")
				if first == nil {
					first = got
					checkSides(t, c, done, got)
				}
				sameObjects(t, first, got)
			}
		})
	}
}

func checkSides(t *testing.T, c splitCase, done protocol.Committed, got map[string]string) {
	t.Helper()
	header, rows := c.rows[0], c.rows[1:]
	require.EqualValues(t, len(rows), done.Rows)
	sides, all := map[string][][]string{}, []string{}
	for key, text := range got {
		name, ok := strings.CutPrefix(key, "out/")
		if !ok || !strings.HasSuffix(key, ".csv") {
			continue
		}
		side, _, _ := strings.Cut(name, "/")
		if side == "folds" {
			side = strings.Join(strings.SplitN(name, "/", 3)[:2], "/")
		}
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		require.Equal(t, header, records[0], key)
		sides[side] = append(sides[side], records[1:]...)
		for _, r := range records[1:] {
			all = append(all, normal(r))
		}
	}
	want := make([]string, len(rows))
	for i, r := range rows {
		want[i] = normal(r)
	}
	slices.Sort(want)
	slices.Sort(all)
	require.True(t, slices.Equal(want, all), "the sides together are not the input")

	var manifest struct{ Details splitSummary }
	require.NoError(t, json.Unmarshal([]byte(got["out/_batchmill/cut/manifest.json"]), &manifest))
	for _, side := range done.Sides {
		require.EqualValues(t, len(sides[side.ChannelName]), side.Rows, side.ChannelName)
		require.Equal(t, manifest.Details.Rows[side.ChannelName], side.Rows)
		share := 1 / float64(len(done.Sides))
		if len(done.Sides) == 3 {
			share = map[string]float64{"train": 0.7, "validation": 0.2, "test": 0.1}[side.ChannelName]
		}
		off := math.Abs(float64(side.Rows) - share*float64(len(rows)))
		if c.exact {
			require.LessOrEqual(t, off, 1.0, side.ChannelName)
		} else if c.strategy["Type"] != jobs.SplitGroup || c.strategy["Column"] == "median_income" {
			require.Less(t, off, 5*math.Sqrt(share*(1-share)*float64(len(rows))), side.ChannelName) // five standard deviations
		}
	}
	if c.check != nil {
		c.check(t, header, sides)
	}
	checkProfile(t, manifest.Details.Columns, header, rows)
	if c.strategy["Type"] == jobs.SplitKFold {
		checkFolds(t, got)
	}
}

// checkProfile compares the manifest's profile with the table.
func checkProfile(t *testing.T, profile json.RawMessage, header []string, rows [][]string) {
	t.Helper()
	var columns []map[string]any
	require.NoError(t, json.Unmarshal(profile, &columns), string(profile))
	require.Len(t, columns, len(header))
	for i, c := range columns {
		nulls, low := 0, math.Inf(1)
		for _, r := range rows {
			if r[i] == "" {
				nulls++
			} else if v, err := strconv.ParseFloat(r[i], 64); err == nil {
				low = min(low, v)
			}
		}
		lower := map[string]any{}
		for k, v := range c {
			lower[strings.ToLower(k)] = v
		}
		require.Equal(t, header[i], lower["name"])
		n, _ := lower["nulls"].(float64)
		require.EqualValues(t, nulls, n, header[i])
		if v, ok := lower["min"].(float64); ok {
			require.InDelta(t, low, v, 1e-9, header[i])
		}
	}
}

// checkFolds reads the manifests that put each fold's channels together.
func checkFolds(t *testing.T, got map[string]string) {
	t.Helper()
	for fold := range 5 {
		var listed []string
		for _, channel := range []string{"train", "validation"} {
			var entries []any
			require.NoError(t, json.Unmarshal([]byte(got[fmt.Sprintf("out/fold-%d/%s.manifest", fold, channel)]), &entries))
			require.Equal(t, map[string]any{"prefix": "s3://b/out/folds/"}, entries[0])
			for _, e := range entries[1:] {
				require.Equal(t, channel == "validation", strings.HasPrefix(e.(string), fmt.Sprintf("fold-%d/", fold)))
				require.Contains(t, got, "out/folds/"+e.(string))
				listed = append(listed, e.(string))
			}
		}
		require.Len(t, listed, 10)
	}
}

// TestSplitToParquetAndBack: what a split writes as Parquet has the same rows as what it writes as CSV.
func TestSplitToParquetAndBack(t *testing.T) {
	t.Parallel()
	house := california(t)[:5001]
	var ages [2][]string
	for i, in := range []struct {
		uri, media string
		data       []byte
	}{
		{"s3://b/in/a.csv", "text/csv;header=present", toCSV(t, house)},
		{"s3://b/in/a.parquet", "application/x-parquet", toParquet(t, house, 400)},
	} {
		s := newShop(t, newStore())
		s.put(in.uri, in.data)
		doc := splitDoc(in.media, object{"Type": "Random", "Seed": 7}, 17)
		doc["OutputDataConfig"] = object{"S3OutputPath": "s3://b/out/"}
		done, err := s.split(doc)
		require.NoError(t, err)
		s.verify(done)
		ages[i] = s.column("out/train/a.parquet", "median_income")
	}
	require.Equal(t, ages[0], ages[1], "a row's side depends on the row alone")
}

// TestSplitKilledAnywhere kills a split with a scan at each write; what is then run again ends like an undisturbed one.
func TestSplitKilledAnywhere(t *testing.T) {
	t.Parallel()
	house := california(t)[:121]
	doc := splitDoc("text/csv;header=present", object{"Type": "Time", "Column": "housing_median_age", "Seed": 7}, 3)
	job := protocol.Job{Name: "cut", Document: document(t, doc)}
	run := func(s *shop) error {
		planned, err := s.PlanSplit(t.Context(), job)
		if err != nil {
			return err
		}
		ref := protocol.PlanRef{Job: job, Kind: jobs.SplitKind.Name, PlanURI: planned.PlanURI, Digest: planned.Digest}
		all := protocol.Range{Job: job, PlanURI: planned.PlanURI, Digest: planned.Digest, To: planned.Shards}
		for final := false; !final; {
			if _, err := s.ScanShards(t.Context(), all); err != nil {
				return err
			}
			if final, err = s.DecideSplit(t.Context(), ref); err != nil {
				return err
			}
		}
		if _, err := s.SplitShards(t.Context(), all); err != nil {
			return err
		}
		_, err = s.Commit(t.Context(), ref)
		return err
	}
	calm := newShop(t, newStore())
	calm.put("s3://b/in/a.csv", toCSV(t, house))
	require.NoError(t, run(calm))
	want := calm.read("s3://b/out/")
	for n := 0; ; n++ {
		mem := newStore()
		store := faulty.New(mem)
		s := newShop(t, store)
		s.put("s3://b/in/a.csv", toCSV(t, house))
		store.Add(faulty.CrashIn(n))
		err := run(s)
		if err == nil {
			break
		}
		require.ErrorIs(t, err, faulty.ErrCrashed)
		store.Heal()
		if _, committed := s.read("s3://b/out/")["out/_batchmill/cut/manifest.json"]; committed {
			ref := protocol.PlanRef{Job: job, Kind: jobs.SplitKind.Name, PlanURI: "s3://b/out/_batchmill/cut/plan.json"}
			_, err := newShop(t, mem).Commit(t.Context(), ref)
			require.NoError(t, err)
		} else {
			require.NoError(t, run(newShop(t, mem)), "killed at write %d", n)
		}
		sameObjects(t, want, s.read("s3://b/out/"))
	}
}

// TestDecisionWhoseAnswerWasLost: asking again for a decision that is not final says so, and the next pass goes on.
func TestDecisionWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	s := newShop(t, newStore())
	s.put("s3://b/in/a.csv", toCSV(t, california(t)[:401]))
	job := protocol.Job{Name: "cut", Document: document(t, splitDoc("text/csv;header=present", object{"Type": "Time", "Column": "housing_median_age"}, 3))}
	planned, err := s.PlanSplit(t.Context(), job)
	require.NoError(t, err)
	_, err = s.ScanShards(t.Context(), protocol.Range{Job: job, PlanURI: planned.PlanURI, Digest: planned.Digest, To: planned.Shards})
	require.NoError(t, err)
	ref := protocol.PlanRef{Job: job, Kind: jobs.SplitKind.Name, PlanURI: planned.PlanURI, Digest: planned.Digest}
	// A table this small is decided in one pass, so the decision that needs another is put there by hand.
	s.put("s3://b/out/_batchmill/cut/decision/1.json", []byte(`{"Final":false}`))
	final, err := s.DecideSplit(t.Context(), ref)
	require.NoError(t, err)
	require.False(t, final)
	require.NoError(t, s.store.Delete(t.Context(), decisionURI(storage.URI{Bucket: "b", Key: "out/_batchmill/cut/"}, 1)))
	for range 2 {
		final, err = s.DecideSplit(t.Context(), ref)
		require.NoError(t, err)
		require.True(t, final)
	}
}
