package activities

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/dataset"
)

var nan = float32(math.NaN())

// TestDocuments: a JSON document is answered by a document, which a join puts into it and a filter cuts.
func TestDocuments(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	house := columns(californiaTest(t), 8)[:4]
	rows := lines(string(jsonLines(house)))
	vectors := make([]string, 3)
	for i, r := range house[1:] {
		vectors[i] = "[" + strings.ReplaceAll(strings.Join(r, ","), ",,", ",null,") + "]"
	}
	score := func(i int) string {
		data, err := json.Marshal(float32(want[i]))
		require.NoError(t, err)
		return `{"score":` + string(data) + `}`
	}
	list := func(of ...int) string {
		all := make([]string, len(of))
		for k, i := range of {
			all[k] = score(i)
		}
		return `{"predictions":[` + strings.Join(all, ",") + `]}`
	}
	for name, c := range map[string]struct {
		in         string
		split      string
		assemble   string
		processing object
		want       string
	}{
		"joined": {
			in: "{\"id\": 7, \"instances\":[" + strings.Join(rows, ",") + "]}\n", processing: object{"JoinSource": "Input"},
			want: `{"id": 7, "instances":[` + strings.Join(rows, ",") + `],"SageMakerOutput":` + list(0, 1, 2) + "}",
		},
		"an array joined": {
			in: "[" + strings.Join(vectors, ",") + "]", processing: object{"JoinSource": "Input"},
			want: `{"SageMakerInput":[` + strings.Join(vectors, ",") + `],"SageMakerOutput":` + list(0, 1, 2) + "}",
		},
		"one record": {in: rows[0], want: list(0)},
		"none":       {in: `{"instances":[],"id":1}`, processing: object{"JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"}, want: `{"id":1,"SageMakerOutput":{"predictions":[]}}`},
		"filtered": {
			in: `{"data":{"features":{"values":` + vectors[1] + `}},"id":"x"}`, processing: object{"JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"},
			want: `{"id":"x","SageMakerOutput":` + list(1) + "}",
		},
		"a part is scored": {
			in:         `{"batch":{"rows":[{"x":` + vectors[0] + `},{"x":` + vectors[2] + `}]}}`,
			processing: object{"InputFilter": "$.batch.rows[*].x", "OutputFilter": "$.predictions[*].score"},
			want:       "[" + strings.NewReplacer(`{"score":`, "", "}", "").Replace(score(0)+","+score(2)) + "]",
		},
		"lines": {
			in: `{"instances":[` + vectors[0] + "," + vectors[1] + "]}\n{\"features\":" + vectors[2] + "}\n", split: "Line", assemble: "Line", want: list(0, 1) + "\n" + list(2),
		},
		"lines joined": {
			in: `{"id":1,"features":` + vectors[0] + "}\r\n" + `{"id":2,"features":` + vectors[1] + "}", split: "Line", processing: object{"JoinSource": "Input", "OutputFilter": "$[!'features']"},
			want: `{"id":1,"SageMakerOutput":` + list(0) + "}\n" + `{"id":2,"SageMakerOutput":` + list(1) + "}",
		},
		"lines in one answer": {in: rows[0] + "\n" + rows[1], split: "Line", want: `{"predictions":[` + score(0) + ",\n" + score(1) + "]}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := with(transformDoc("application/json", object{}), "DataProcessing", c.processing)
			doc["TransformInput"].(object)["SplitType"] = c.split
			doc["TransformOutput"].(object)["AssembleWith"] = c.assemble
			for k, v := range map[string]string{"SplitType": c.split, "AssembleWith": c.assemble} {
				if v == "" {
					delete(doc["TransformInput"].(object), k)
					delete(doc["TransformOutput"].(object), k)
				}
			}
			cut{artifact: artifact, key: "a.json", in: []byte(c.in), doc: doc}.atAnyShards(t, func(_ *shop, _ protocol.Committed, got map[string]string) {
				require.Equal(t, c.want+"\n", got["out/a.json.out"])
			})
		})
	}
}

// TestRejectedInDocuments: a bad record of a document is left out of its answer or null in it; a bad line is left out or kept as text.
func TestRejectedInDocuments(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "iris_softprob")
	in := "{\"instances\":[[5.1,3.5,1.4,0.2],[1,2],[6.3,3.3,6.0,2.5]]}\nnot json\n[[5.1,3.5,1.4,\"x\"]]\n"
	for keep, want := range map[string]string{
		"":     "{\"predictions\":[{\"predicted_label\":0},{\"predicted_label\":2}]}\n{\"predictions\":[]}\n",
		"null": "{\"predictions\":[{\"predicted_label\":0},{\"predicted_label\":null},{\"predicted_label\":2}]}\n{\"predictions\":[{\"predicted_label\":null}]}\n{\"predictions\":[{\"predicted_label\":null}]}\n",
	} {
		env := object{"BATCHMILL_OUTPUT": "predicted_label", "BATCHMILL_MAX_REJECTED_RECORDS": "3"}
		if keep != "" {
			env["BATCHMILL_REJECTED_RECORDS"] = keep
		}
		doc := transformDoc("application/json;split=line", env)
		doc["TransformOutput"].(object)["AssembleWith"] = "Line"
		cut{artifact: artifact, key: "a", in: []byte(in), doc: doc}.atAnyShards(t, func(_ *shop, done protocol.Committed, got map[string]string) {
			require.EqualValues(t, 3, done.Rejected)
			require.EqualValues(t, 5, done.Rows)
			require.Equal(t, want, got["out/a.out"])
			var at []int64
			for _, l := range lines(got["out/_batchmill/score/rejects/rejects.jsonl"]) {
				var r rejectedRow
				require.NoError(t, json.Unmarshal([]byte(l), &r))
				at = append(at, r.Line)
			}
			require.Equal(t, []int64{1, 2, 3}, at)
		})
	}
}

// TestRecordsOfRecordIO: an answer has the uid and metadata of its record, or is the record with outputs in its label; a record that
// cannot be read keeps its place where that is asked for.
func TestRecordsOfRecordIO(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "iris_softprob")
	// A record: features values float32 [5.1, 3.5, 1.4, 0.2], uid, metadata.
	features := "\x0a\x1e\x0a\x06values\x12\x14\x12\x12\x0a\x10" + "\x33\x33\xa3\x40\x00\x00\x60\x40\x33\x33\xb3\x3f\xcd\xcc\x4c\x3e"
	frame := func(payload string) string {
		n := len(payload)
		return "\x0a\x23\xd7\xce" + string([]byte{byte(n), byte(n >> 8), 0, 0}) + payload + strings.Repeat("\x00", -n&3)
	}
	in := frame(features+"\x1a\x02u1\x22\x01m") + frame("\x1a\x02u2") + frame(features)
	for _, c := range []struct {
		join  bool
		check func(t *testing.T, got []recordOf)
	}{
		{false, func(t *testing.T, got []recordOf) {
			require.Equal(t, recordOf{label: map[string][]float32{"predicted_label": {0}}, uid: "u1", metadata: "m"}, got[0])
			require.Equal(t, "u2", got[1].uid)
			require.True(t, math.IsNaN(float64(got[1].label["predicted_label"][0])))
			require.Equal(t, recordOf{label: map[string][]float32{"predicted_label": {0}}}, got[2])
		}},
		{true, func(t *testing.T, got []recordOf) {
			require.Equal(t, recordOf{label: map[string][]float32{"predicted_label": {0}}, uid: "u1", metadata: "m", features: 1}, got[0])
			require.Equal(t, "u2", got[1].uid)
			require.Equal(t, 1, got[2].features)
		}},
	} {
		env := object{"BATCHMILL_OUTPUT": "predicted_label", "BATCHMILL_MAX_REJECTED_RECORDS": "1", "BATCHMILL_REJECTED_RECORDS": "null"}
		doc := transformDoc("application/x-recordio-protobuf", env)
		doc["TransformOutput"].(object)["Accept"] = "application/x-recordio-protobuf"
		if c.join {
			doc["DataProcessing"] = object{"JoinSource": "Input"}
		}
		cut{artifact: artifact, key: "a", in: []byte(in), doc: doc}.atAnyShards(t, func(_ *shop, done protocol.Committed, got map[string]string) {
			require.EqualValues(t, 1, done.Rejected)
			all := records(t, got["out/a.out"])
			require.Len(t, all, 3)
			c.check(t, all)
		})
	}
}

// TestEmptyObjects: every input has an output, of the format's own nothing.
func TestEmptyObjects(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "iris_softprob")
	for accept, want := range map[string]string{
		"text/csv": "", "text/csv;header=present": "predicted_label\n", "application/jsonlines": "", "application/json": "{\"predictions\":[]}\n", "application/x-recordio-protobuf": "",
	} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		for i, in := range []string{"", "\n", "5.1,3.5,1.4,0.2"} {
			s.put(fmt.Sprintf("s3://b/in/%d.csv", i), []byte(in))
		}
		doc := transformDoc("text/csv", object{"BATCHMILL_OUTPUT": "predicted_label"})
		doc["TransformOutput"].(object)["Accept"] = accept
		done, err := s.transform(doc)
		require.NoError(t, err, accept)
		s.verify(done)
		got := s.read("s3://b/out/")
		require.Equal(t, want, got["out/0.csv.out"], accept)
		require.Equal(t, want, got["out/1.csv.out"], accept)
		require.NotEmpty(t, got["out/2.csv.out"], accept)
	}
	s := newShop(t, newStore())
	s.register("m", artifact)
	s.put("s3://b/in/a", nil)
	doc := transformDoc("text/csv", object{})
	doc["TransformOutput"].(object)["Accept"] = "application/vnd.apache.arrow.stream"
	_, err := s.transform(doc)
	require.NoError(t, err)
	require.Empty(t, s.columnOf("out/a.out", dataset.Media{Format: dataset.ArrowStream}, "SageMakerOutput"))
}
