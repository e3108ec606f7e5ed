package activities

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/dataset"
)

// withID is the table of houses with the columns the model wants behind an id and before a note.
func withID(house [][]string) [][]string {
	out := make([][]string, len(house))
	for i, r := range house {
		out[i] = append(append([]string{"ID-" + strconv.Itoa(i)}, r[:8]...), "note, "+strconv.Itoa(i))
	}
	out[0][0], out[0][9] = "id", "note"
	return out
}

func quoteLast(r []string) string { return strings.Join(r[:9], ",") + `,"` + r[9] + `"` }

// TestFilters: what is scored and what is written are parts of a record, in each format, and the same at any number of shards.
func TestFilters(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	rows := withID(californiaTest(t))
	var plain, objects, vectors strings.Builder
	for _, r := range rows[1:] {
		plain.WriteString(quoteLast(r) + "\n")
		values := strings.ReplaceAll("["+strings.Join(r[1:9], ",")+"]", ",,", ",null,")
		objects.WriteString(`{"id":"` + r[0] + `","x":` + values + `,"note":"` + r[9] + "\"}\n")
		vectors.WriteString(`{"id":"` + r[0] + `","data":{"features":{"values":` + values + "}}}\n")
	}
	ids := func(i int) string { return rows[i+1][0] }
	for name, c := range map[string]struct {
		contentType, key string
		in               []byte
		processing       object
		// read returns a row's id and prediction.
		read func(t *testing.T, s *shop, out string) (id, prediction []string)
	}{
		"CSV: id and prediction": {
			"text/csv", "a.csv", []byte(plain.String()), object{"InputFilter": "$[1:-1]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}, readPairs,
		},
		"CSV with names": {
			"text/csv;header=present", "a.csv", toCSV(t, rows),
			object{"InputFilter": "$[1:9]", "JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"}, readPairs,
		},
		"JSON Lines": {
			"application/jsonlines", "a.jsonl", []byte(objects.String()),
			object{"InputFilter": "$.x", "JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"}, readMembers,
		},
		"JSON Lines in the form of instances": {
			"application/jsonlines", "a.jsonl", []byte(vectors.String()), object{"JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"}, readMembers,
		},
		"Parquet": {
			"application/x-parquet", "a.parquet", toParquet(t, rows, 150),
			object{"InputFilter": "$[1:9]", "JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"},
			func(t *testing.T, s *shop, out string) (id, prediction []string) {
				require.Equal(t, 2, s.schema(out).NumFields())
				return s.column(out, "id"), s.column(out, "SageMakerOutput")
			},
		},
		"Parquet: the prediction out of the middle": {
			"application/x-parquet", "a.parquet", toParquet(t, rows, 150), object{"InputFilter": "$[1:-1]", "JoinSource": "Input", "OutputFilter": "$[-1,9,0]"},
			func(t *testing.T, s *shop, out string) (id, prediction []string) {
				require.Equal(t, []string{"SageMakerOutput", "note", "id"}, dataset.ColumnNames(s.schema(out)))
				return s.column(out, "id"), s.column(out, "SageMakerOutput")
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := with(transformDoc(c.contentType, object{}), "DataProcessing", c.processing)
			cut{artifact: artifact, key: c.key, in: c.in, doc: doc}.atAnyShards(t, func(s *shop, _ protocol.Committed, _ map[string]string) {
				out := "out/" + c.key + ".out"
				if c.key == "a.parquet" {
					out = "out/a.out.parquet"
				}
				id, predictions := c.read(t, s, out)
				near(t, want, predictions)
				for i := range id {
					require.Equal(t, ids(i), id[i])
				}
			})
		})
	}
}

func readPairs(t *testing.T, s *shop, out string) (id, prediction []string) {
	for _, l := range lines(s.read("s3://b/out/a")[out]) {
		fields := strings.Split(l, ",")
		require.Len(t, fields, 2)
		id, prediction = append(id, fields[0]), append(prediction, fields[1])
	}
	return id, prediction
}

func readMembers(t *testing.T, s *shop, out string) (id, prediction []string) {
	for _, l := range lines(s.read("s3://b/out/a")[out]) {
		var row struct {
			ID              string `json:"id"`
			SageMakerOutput struct {
				Score json.Number `json:"score"`
			}
		}
		d := json.NewDecoder(strings.NewReader(l))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&row))
		id, prediction = append(id, row.ID), append(prediction, row.SageMakerOutput.Score.String())
	}
	return id, prediction
}

// TestFilteredHeader: the header of a joined output names what the filter keeps.
func TestFilteredHeader(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	rows := withID(californiaTest(t))[:50]
	s := newShop(t, newStore())
	s.register("m", artifact)
	s.put("s3://b/in/a.csv", toCSV(t, rows))
	doc := with(transformDoc("text/csv;header=present", shards(3)), "DataProcessing",
		object{"InputFilter": "$[1:9]", "JoinSource": "Input", "OutputFilter": "$['note','SageMakerOutput','id']"})
	doc["TransformOutput"] = object{"S3OutputPath": "s3://b/out/", "Accept": "text/csv;header=present"}
	done, err := s.transform(doc)
	require.NoError(t, err)
	s.verify(done)
	got := lines(s.read("s3://b/out/a")["out/a.csv.out"])
	require.Len(t, got, len(rows))
	require.Equal(t, "note,SageMakerOutput,id", got[0])
	require.True(t, strings.HasPrefix(got[1], `"note, 1",`) && strings.HasSuffix(got[1], ",ID-1"), got[1])
}
