package activities

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
)

// TestRejects: bad records are left out and written down, with where they are and why, the same for any number of shards.
func TestRejects(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	rows := columns(californiaTest(t), 8)[1:]
	text := lines(string(toCSV(t, rows)))
	text[10] = "1,2,3"                            // ragged
	text[2000] = "-122,37,many,1,1,1,1,1"         // no number
	text[len(text)-1] = "1,2,3,4,5,6,7,8,9,10,11" // too long
	expect := append(append(append([]float64(nil), want[:10]...), want[11:2000]...), want[2001:len(want)-1]...)
	in := []byte(strings.Join(text, "\n") + "\n")
	for _, bound := range []string{"3", "1%"} {
		doc := transformDoc("text/csv", object{"BATCHMILL_MAX_REJECTED_RECORDS": bound})
		cut{artifact: artifact, key: "a.csv", in: in, doc: doc}.atAnyShards(t, func(_ *shop, done protocol.Committed, got map[string]string) {
			require.EqualValues(t, len(text), done.Rows)
			require.EqualValues(t, 3, done.Rejected)
			near(t, expect, lines(got["out/a.csv.out"]))
			checkRejectFile(t, got["out/_batchmill/score/rejects/rejects.jsonl"], text)
		})
	}
}

func checkRejectFile(t *testing.T, file string, text []string) {
	t.Helper()
	var rejected []rejectedRow
	for _, l := range lines(file) {
		var r rejectedRow
		require.NoError(t, json.Unmarshal([]byte(l), &r))
		require.Equal(t, "s3://b/in/a.csv", r.Object)
		require.Equal(t, text[r.Line-1], r.Raw)
		require.Nil(t, r.RowGroup)
		require.NotEmpty(t, r.Reason)
		rejected = append(rejected, r)
	}
	require.Len(t, rejected, 3)
	require.EqualValues(t, 11, rejected[0].Line)
	require.EqualValues(t, 2001, rejected[1].Line)
	require.Equal(t, "column 3", rejected[1].Column)
	require.EqualValues(t, len(text), rejected[2].Line)
}

// TestRejectsKeepTheirPlace: a rejected record leaves missing outputs, in every format, at any number of shards.
func TestRejectsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	house := columns(californiaTest(t), 8)
	bad := []int{10, 2000, len(house) - 2}
	text := lines(string(toCSV(t, house[1:])))
	objects := lines(string(jsonLines(house)))
	for i, at := range bad {
		text[at] = []string{"1,2,3", "-122,37,many,1,1,1,1,1", "1,2,3,4,5,6,7,8,9"}[i]
		objects[at] = []string{"[1", `{"housing_median_age":"many"}`, "7"}[i]
	}
	for name, c := range map[string]struct {
		contentType, accept string
		in                  []string
		processing          object
		read                func(t *testing.T, s *shop) []string
	}{
		"CSV": {"text/csv", "text/csv", text, object{}, func(t *testing.T, s *shop) []string { return lines(s.read("s3://b/out/a")["out/a.out"]) }},
		"CSV joined and cut": {"text/csv", "text/csv", text, object{"JoinSource": "Input", "OutputFilter": "$[0,-1]"}, func(t *testing.T, s *shop) (scores []string) {
			for i, l := range lines(s.read("s3://b/out/a")["out/a.out"]) {
				first, score, _ := strings.Cut(l, ",")
				require.Equal(t, strings.Split(text[i], ",")[0], first)
				scores = append(scores, score)
			}
			return scores
		}},
		"JSON Lines joined": {"application/jsonlines", "application/jsonlines", objects, object{"JoinSource": "Input"}, func(t *testing.T, s *shop) (scores []string) {
			for i, l := range lines(s.read("s3://b/out/a")["out/a.out"]) {
				var row struct {
					SageMakerInput  any
					SageMakerOutput struct{ Score *json.Number }
				}
				require.NoError(t, json.Unmarshal([]byte(l), &row))
				if i == bad[0] {
					require.Equal(t, objects[i], row.SageMakerInput)
				}
				score := ""
				if row.SageMakerOutput.Score != nil {
					score = row.SageMakerOutput.Score.String()
				}
				scores = append(scores, score)
			}
			return scores
		}},
		"Parquet": {"text/csv", "application/x-parquet", text, object{}, func(t *testing.T, s *shop) []string { return s.column("out/a.out.parquet", "SageMakerOutput") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := object{"BATCHMILL_MAX_REJECTED_RECORDS": "3", "BATCHMILL_REJECTED_RECORDS": "null"}
			doc := with(transformDoc(c.contentType, env), "DataProcessing", c.processing)
			doc["TransformOutput"].(object)["Accept"] = c.accept
			in := []byte(strings.Join(c.in, "\n"))
			cut{artifact: artifact, key: "a", in: in, doc: doc}.atAnyShards(t, func(s *shop, done protocol.Committed, _ map[string]string) {
				require.EqualValues(t, len(text), done.Rows)
				require.EqualValues(t, 3, done.Rejected)
				scores, expect := c.read(t, s), append([]float64(nil), want...)
				for i := len(bad) - 1; i >= 0; i-- {
					require.Contains(t, []string{"", `""`, "null", "(null)"}, scores[bad[i]])
					scores, expect = append(scores[:bad[i]], scores[bad[i]+1:]...), append(expect[:bad[i]], expect[bad[i]+1:]...)
				}
				near(t, expect, scores)
			})
		})
	}
}

// TestTooManyRejects: beyond the bound the job fails and leaves nothing.
func TestTooManyRejects(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	text := lines(string(toCSV(t, columns(californiaTest(t), 8)[1:])))
	text[10], text[2000] = "1,2,3", "4,5,6"
	both := "; the first: dataset: s3://b/in/a.csv, line 11: has 3 fields, expected 8; dataset: s3://b/in/a.csv, line 2001: has 3 fields, expected 8"
	for bound, want := range map[string]string{
		"1":     "2 of 3303 records were rejected, BATCHMILL_MAX_REJECTED_RECORDS allows 1" + both,
		"0.01%": "2 of 3303 records were rejected, BATCHMILL_MAX_REJECTED_RECORDS allows 0.01%" + both,
		"0":     "line 2001: has 3 fields, expected 8",
	} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		s.put("s3://b/in/a.csv", []byte(strings.Join(text, "\n")))
		env := shards(17)
		env["BATCHMILL_MAX_REJECTED_RECORDS"] = bound
		_, err := s.transform(transformDoc("text/csv", env))
		require.ErrorContains(t, err, want)
		require.Equal(t, "ClientError", string(classify(err)))
		require.Empty(t, s.read("s3://b/out/"))
	}
}

// TestFirstRejects: a failure for too many bad records names ten of them, whether a shard knows it or only the whole job.
func TestFirstRejects(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	text := lines(string(toCSV(t, columns(californiaTest(t), 8)[1:])))
	for i := range 40 {
		text[i*80+5] = "bad"
	}
	for bound, want := range map[string]string{
		"0":    "at least 10 records are bad, BATCHMILL_MAX_REJECTED_RECORDS allows 0; the first: ",
		"1%":   "40 of 3303 records were rejected, BATCHMILL_MAX_REJECTED_RECORDS allows 1%; the first: ",
		"0.1%": "40 of 3303 records were rejected, BATCHMILL_MAX_REJECTED_RECORDS allows 0.1%; the first: ",
	} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		s.put("s3://b/in/a.csv", []byte(strings.Join(text, "\n")))
		env := shards(2)
		env["BATCHMILL_MAX_REJECTED_RECORDS"] = bound
		_, err := s.transform(transformDoc("text/csv", env))
		require.ErrorContains(t, err, want)
		require.Equal(t, "ClientError", string(classify(err)))
		_, named, _ := strings.Cut(err.Error(), "; the first: ")
		require.Len(t, strings.Split(named, "; "), 10)
		if bound != "0" {
			for i, one := range strings.Split(named, "; ") {
				require.Contains(t, one, "line "+strconv.Itoa(i*80+6)+": ")
			}
		}
		require.Empty(t, s.read("s3://b/out/"))
	}
}
