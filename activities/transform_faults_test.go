package activities

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/poison"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// poisoned is the table that the reference models were tested on, with values of our own in the first column of some rows; the model's
// predictions for all others.
func poisoned(t *testing.T, rows ...int) (table [][]string, artifact []byte, want []float64, bad poison.Algorithm) {
	artifact, want = reference(t, "california_missing")
	table = columns(californiaTest(t), 8)
	bad = poison.Algorithm{Algorithm: xgboost.New(), Do: func() { panic("a row too many") }}
	for i, row := range rows {
		value := 1000 + i
		record := slices.Clone(table[1+row])
		record[0] = strconv.Itoa(value)
		table[1+row] = record
		bad.Values = append(bad.Values, float32(value))
	}
	return table, artifact, want, bad
}

func without(all []float64, rows []int) []float64 {
	var left []float64
	for i, v := range all {
		if !slices.Contains(rows, i) {
			left = append(left, v)
		}
	}
	return left
}

// TestRowsThatPanic: rows that the model panics on are found and rejected, every other row is scored, and the bytes are the same at any
// number of shards.
func TestRowsThatPanic(t *testing.T) {
	t.Parallel()
	rows := []int{0, 1, 1500, 3301}
	table, artifact, want, algorithm := poisoned(t, rows...)
	for name, c := range map[string]struct {
		contentType string
		in          []byte
		env, more   object
		place       bool // rejected rows keep theirs
	}{
		"CSV":             {"text/csv;header=present", toCSV(t, table), object{}, object{}, false},
		"CSV in place":    {"text/csv;header=present", toCSV(t, table), object{"BATCHMILL_REJECTED_RECORDS": "null"}, object{}, true},
		"CSV joined":      {"text/csv;header=present", toCSV(t, table), object{"BATCHMILL_REJECTED_RECORDS": "null"}, object{"JoinSource": "Input", "OutputFilter": "$[-1]"}, true},
		"gzip":            {"text/csv;header=present", gzipped(t, toCSV(t, table)), object{}, object{}, false},
		"JSON Lines":      {"application/jsonlines", jsonLines(table), object{}, object{}, false},
		"Parquet":         {"application/x-parquet", toParquet(t, table, 500), object{}, object{}, false},
		"Parquet, places": {"application/x-parquet", toParquet(t, table, 500), object{"BATCHMILL_REJECTED_RECORDS": "null"}, object{}, true},
		"JSON":            {"application/json", instances(table), object{}, object{}, false},
		"JSON in place":   {"application/json", instances(table), object{"BATCHMILL_REJECTED_RECORDS": "null"}, object{}, true},
		"JSON, by line":   {"application/json;split=line", jsonLines(table), object{}, object{}, false},
		"Parquet, joined": {"application/x-parquet", toParquet(t, table, 500), object{"BATCHMILL_REJECTED_RECORDS": "null"}, object{"JoinSource": "Input"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.env["BATCHMILL_MAX_REJECTED_RECORDS"] = "4"
			doc := with(transformDoc(c.contentType, c.env), "DataProcessing", c.more)
			doc["TransformOutput"].(object)["Accept"] = "text/csv"
			key, parquet := "a", c.contentType == "application/x-parquet"
			switch c.contentType {
			case "application/x-parquet":
				key, doc["TransformOutput"].(object)["Accept"] = "a.parquet", c.contentType
			case "application/jsonlines":
			}
			cut{artifact: artifact, key: key, in: c.in, doc: doc, registry: algorithms.NewRegistry(algorithm)}.atAnyShards(t, func(s *shop, done protocol.Committed, got map[string]string) {
				require.EqualValues(t, len(want), done.Rows)
				require.EqualValues(t, len(rows), done.Rejected)
				var scores []string
				if parquet {
					scores = s.column("out/a.out.parquet", "SageMakerOutput")
				} else {
					scores = lines(got["out/a.out"])
				}
				if c.place {
					for _, row := range slices.Backward(rows) {
						require.Contains(t, []string{"", `""`, "(null)"}, scores[row])
						scores = slices.Delete(scores, row, row+1)
					}
				}
				near(t, without(want, rows), scores)
				var found []int
				for _, l := range lines(got["out/_batchmill/score/rejects/rejects.jsonl"]) {
					var r rejectedRow
					require.NoError(t, json.Unmarshal([]byte(l), &r))
					require.Equal(t, "panic: a row too many", r.Reason)
					if parquet {
						require.Equal(t, int(r.Row-1)/500, *r.RowGroup)
					}
					if c.contentType == "application/json;split=line" { // a document is named by its line
						require.Zero(t, r.Row)
						r.Row = r.Line
					} else if c.contentType == "application/json" {
						require.Equal(t, r.Row, r.Instance)
					}
					if strings.HasPrefix(c.contentType, "application/json") && c.contentType != "application/jsonlines" {
						require.Equal(t, lines(string(jsonLines(table)))[r.Row-1], r.Raw)
					}
					found = append(found, int(r.Row-1))
				}
				require.Equal(t, rows, found)
			})
		})
	}
}

// instances is a JSON document of the rows of a table.
func instances(table [][]string) []byte {
	return []byte(`{"instances":[` + strings.Join(lines(string(jsonLines(table))), ",\n") + `]}`)
}

// TestInstancesThatPanic: of documents that are answered, the instance at fault is found and left out of the answer, or is null in it; all
// others are answered.
func TestInstancesThatPanic(t *testing.T) {
	t.Parallel()
	table, artifact, want, algorithm := poisoned(t, 1, 5)
	rows := lines(string(jsonLines(table[:8])))
	score := func(i int) string {
		if i == 1 || i == 5 {
			return `{"SageMakerOutput":null}` // the poisoned model has no other name for it
		}
		data, err := json.Marshal(float32(want[i]))
		require.NoError(t, err)
		return `{"SageMakerOutput":` + string(data) + `}`
	}
	answer := func(keep bool, of ...int) string {
		var all []string
		for _, i := range of {
			if keep || i != 1 && i != 5 {
				all = append(all, score(i))
			}
		}
		return `{"predictions":[` + strings.Join(all, ",") + `]}`
	}
	list := func(rows ...string) string { return `{"instances":[` + strings.Join(rows, ",") + `]` }
	for name, c := range map[string]struct {
		contentType, in string
		want            func(keep bool) string
		at              []rejectedAt
	}{
		"by line": {
			"application/json;split=line", list(rows[:3]...) + "}\n" + rows[3] + "\n\n" + list(rows[4:7]...) + `,"id":"x"}`,
			func(keep bool) string {
				return list(rows[:3]...) + `,"SageMakerOutput":` + answer(keep, 0, 1, 2) + "}\n" +
					strings.TrimSuffix(rows[3], "}") + `,"SageMakerOutput":` + answer(keep, 3) + "}\n" +
					list(rows[4:7]...) + `,"id":"x","SageMakerOutput":` + answer(keep, 4, 5, 6) + "}\n"
			},
			[]rejectedAt{{line: 1, instance: 2}, {line: 4, instance: 2}},
		},
		"an object": {
			"application/json", "\n" + list(rows...) + "}",
			func(keep bool) string {
				return list(rows...) + `,"SageMakerOutput":` + answer(keep, 0, 1, 2, 3, 4, 5, 6) + "}\n"
			},
			[]rejectedAt{{line: 2, instance: 2}, {line: 2, instance: 6}},
		},
	} {
		for _, keep := range []string{"drop", "null"} {
			t.Run(name+", "+keep, func(t *testing.T) {
				t.Parallel()
				doc := with(transformDoc(c.contentType, object{"BATCHMILL_MAX_REJECTED_RECORDS": "2", "BATCHMILL_REJECTED_RECORDS": keep}), "DataProcessing", object{"JoinSource": "Input"})
				cut{artifact: artifact, key: "a", in: []byte(c.in), doc: doc, registry: algorithms.NewRegistry(algorithm)}.atAnyShards(t, func(s *shop, done protocol.Committed, got map[string]string) {
					require.EqualValues(t, 7, done.Rows)
					require.EqualValues(t, 2, done.Rejected)
					require.Equal(t, c.want(keep == "null"), got["out/a.out"])
					var at []rejectedAt
					for i, l := range lines(got["out/_batchmill/score/rejects/rejects.jsonl"]) {
						var r rejectedRow
						require.NoError(t, json.Unmarshal([]byte(l), &r))
						require.Equal(t, "panic: a row too many", r.Reason)
						require.Equal(t, rows[[]int{1, 5}[i]], r.Raw)
						at = append(at, rejectedAt{r.Row, r.Line, r.Instance})
					}
					require.Equal(t, c.at, at)
				})
			})
		}
	}
}

// TestRowThatPanicsNotAllowed: where nothing may be rejected, the job's error names the row.
func TestRowThatPanicsNotAllowed(t *testing.T) {
	t.Parallel()
	table, artifact, _, algorithm := poisoned(t, 1500)
	s := newShop(t, newStore())
	s.registry = algorithms.NewRegistry(algorithm)
	s.register("m", artifact)
	s.put("s3://b/in/a.csv", toCSV(t, table))
	_, err := s.transform(transformDoc("text/csv;header=present", shards(3)))
	require.EqualError(t, err, "dataset: s3://b/in/a.csv, line 1502: panic: a row too many")
	require.Equal(t, "ClientError", string(classify(err)))
	require.Empty(t, s.read("s3://b/out/"))
}

// TestUnreadableRowGroup: the rows of a row group whose pages are damaged are rejected, those of the others scored.
func TestUnreadableRowGroup(t *testing.T) {
	t.Parallel()
	table, artifact, want, _ := poisoned(t)
	const group = 500
	in := toParquet(t, table, group)
	s := newShop(t, newStore())
	s.put("s3://b/t", in)
	info, err := s.store.Stat(t.Context(), storage.URI{Bucket: "b", Key: "t"})
	require.NoError(t, err)
	units, err := dataset.Units(t.Context(), storage.NewObject(s.store, info), dataset.Media{Format: dataset.Parquet}, 0)
	require.NoError(t, err)
	offset := int64(4)
	for _, u := range units[:2] {
		offset += u.Bytes
	}
	for i := range int64(200) { // of the third row group's first pages, their headers included
		in[offset+i] ^= 0xff
	}
	var gone []int
	for i := range group {
		gone = append(gone, 2*group+i)
	}
	for _, place := range []string{"drop", "null"} {
		doc := transformDoc("application/x-parquet", object{"BATCHMILL_MAX_REJECTED_RECORDS": "500", "BATCHMILL_REJECTED_RECORDS": place})
		cut{artifact: artifact, key: "a.parquet", in: in, doc: doc}.atAnyShards(t, func(s *shop, done protocol.Committed, got map[string]string) {
			require.EqualValues(t, len(want), done.Rows)
			require.EqualValues(t, group, done.Rejected)
			scores := s.column("out/a.out.parquet", "SageMakerOutput")
			if place == "null" {
				require.Len(t, scores, len(want))
				for _, v := range scores[2*group : 3*group] {
					require.Empty(t, v)
				}
				scores = slices.Delete(scores, 2*group, 3*group)
			}
			near(t, without(want, gone), scores)
			rejects := lines(got["out/_batchmill/score/rejects/rejects.jsonl"])
			require.Len(t, rejects, group)
			require.Contains(t, rejects[0], `"row_group":2,"row":1001,`)
			require.Contains(t, rejects[0], "row group 2 cannot be read")
		})
	}
}

// TestSearchSurvivesDeaths: a worker that dies of a row finds it over its lives, from what it noted in the store; a row that merely
// was worked while its process died of something else is cleared.
func TestSearchSurvivesDeaths(t *testing.T) {
	t.Parallel()
	const rows, poison, unlucky = 1000, 617, 411
	store := newStore()
	shard := sharding.Shard{Runs: []sharding.Run{{Units: []dataset.Unit{{Rows: rows}}}}}
	died := errors.New("died") // ends the process: nothing is noted after it
	deaths, bad := 0, 0
	try := func(_ context.Context, s span) (outcome, error) {
		from, to := int64(0), int64(rows)
		if s.Rows != nil {
			from, to = s.Rows.From, s.Rows.To
		}
		if from <= unlucky && unlucky < to && to-from == 1 && bad < 2 {
			bad++
			panic(died)
		}
		if from <= poison && poison < to {
			panic(died)
		}
		return outcome{Rows: rows}, nil
	}
	live := func() (found faults, err error, dead bool) {
		defer func() {
			if p := recover(); p != nil {
				require.Equal(t, died, p)
				dead = true
			}
		}()
		s, err := readSuspect(t.Context(), store, storage.URI{Bucket: "b"}, "plan", 7)
		require.NoError(t, err)
		found, err = (&isolation{
			shard: shard, try: s.trying(try),
			open: func(sharding.Run) (dataset.Object, dataset.Media, error) {
				return nil, dataset.Media{Format: dataset.Parquet}, nil
			},
		}).run(t.Context())
		return found, err, false
	}
	for {
		found, err, dead := live()
		if !dead {
			require.NoError(t, err)
			require.Equal(t, faults{at{0, 0}: {rows: map[int64]string{poison: reasonDeath}}}, found)
			break
		}
		deaths++
		require.Less(t, deaths, 40)
	}
	require.Greater(t, deaths, 8, "it was found by halving")
}
