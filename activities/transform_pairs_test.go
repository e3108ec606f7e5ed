package activities

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// TestEveryPair scores the same rows from every format into every format: the predictions are XGBoost's, and the bytes the same at any
// number of shards.
func TestEveryPair(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	house := columns(californiaTest(t), 8)[:201]
	inputs := map[string][]byte{
		"text/csv":                            toCSV(t, house[1:]),
		"text/csv;header=present":             toCSV(t, house),
		"application/jsonlines":               jsonLines(house),
		"application/json":                    []byte(`{"signature":{"a":[1]},"instances":[` + strings.Join(lines(string(jsonLines(house))), " ,\n") + `],"more":"[{"}`),
		"application/json;split=line":         jsonLines(house),
		"text/libsvm":                         libsvm(house[1:]),
		"application/x-recordio-protobuf":     convert(t, house, dataset.WriteOptions{Media: dataset.Media{Format: dataset.RecordIO}}),
		"application/x-parquet":               toParquet(t, house, 40),
		"application/vnd.apache.arrow.stream": convert(t, house, dataset.WriteOptions{Media: dataset.Media{Format: dataset.ArrowStream}}),
	}
	for contentType, in := range inputs {
		for accept, read := range readers {
			t.Run(contentType+" to "+accept, func(t *testing.T) {
				t.Parallel()
				doc := transformDoc(contentType, object{})
				doc["TransformOutput"].(object)["Accept"] = accept
				cut{artifact: artifact, key: "d/a", in: in, doc: doc}.atAnyShards(t, func(s *shop, done protocol.Committed, got map[string]string) {
					require.EqualValues(t, 200, done.Rows)
					near(t, want[:200], read(t, s, "out/d/a.out"))
				})
			})
		}
	}
}

// readers return predictions from an output in each format that Accept may name.
var readers = map[string]func(t *testing.T, s *shop, key string) []string{
	"text/csv": func(_ *testing.T, s *shop, key string) []string { return lines(s.read("s3://b/" + key)[key]) },
	"text/csv;header=present": func(t *testing.T, s *shop, key string) []string {
		all := lines(s.read("s3://b/" + key)[key])
		require.Equal(t, "SageMakerOutput", all[0])
		return all[1:]
	},
	"application/jsonlines": func(t *testing.T, s *shop, key string) (scores []string) {
		for _, l := range lines(s.read("s3://b/" + key)[key]) {
			scores = append(scores, scoresOf(t, `{"predictions":[`+l+`]}`)...)
		}
		return scores
	},
	"application/json": func(t *testing.T, s *shop, key string) []string {
		return scoresOf(t, s.read("s3://b/" + key)[key])
	},
	"application/json;split=line": func(t *testing.T, s *shop, key string) (scores []string) {
		for _, l := range lines(s.read("s3://b/" + key)[key]) {
			scores = append(scores, scoresOf(t, l)...)
		}
		return scores
	},
	"application/x-recordio-protobuf": func(t *testing.T, s *shop, key string) (scores []string) {
		for _, r := range records(t, s.read("s3://b/" + key)[key]) {
			v, ok := r.label["score"]
			require.True(t, ok && len(v) == 1)
			scores = append(scores, strconv.FormatFloat(float64(v[0]), 'g', -1, 32))
		}
		return scores
	},
	"application/x-parquet": func(_ *testing.T, s *shop, key string) []string {
		return s.column(strings.TrimSuffix(key, ".out")+".out.parquet", "SageMakerOutput")
	},
	"application/vnd.apache.arrow.stream": func(t *testing.T, s *shop, key string) []string {
		return s.columnOf(key, dataset.Media{Format: dataset.ArrowStream}, "SageMakerOutput")
	},
}

// scoresOf reads a response document.
func scoresOf(t *testing.T, document string) (scores []string) {
	t.Helper()
	var response struct {
		Predictions []struct{ Score json.Number }
	}
	d := json.NewDecoder(strings.NewReader(document))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&response), document)
	_, err := d.Token()
	require.ErrorIs(t, err, io.EOF)
	for _, p := range response.Predictions {
		scores = append(scores, p.Score.String())
	}
	return scores
}

// recordOf is what a test looks at of a record of RecordIO.
type recordOf struct {
	label    map[string][]float32
	features int
	uid      string
	metadata string
}

// records reads RecordIO by its definition (contract 11.2).
func records(t *testing.T, data string) (all []recordOf) {
	t.Helper()
	for len(data) > 0 {
		require.Equal(t, "\x0A\x23\xD7\xCE", data[:4])
		n := int(binary.LittleEndian.Uint32([]byte(data[4:8])))
		r := recordOf{label: map[string][]float32{}}
		fields(t, []byte(data[8:8+n]), func(number protowire.Number, value []byte) {
			switch number {
			case 1:
				r.features++
			case 2:
				var key string
				fields(t, value, func(number protowire.Number, value []byte) {
					if number == 1 {
						key = string(value)
						return
					}
					fields(t, value, func(number protowire.Number, tensor []byte) {
						require.EqualValues(t, 2, number, "a float32 tensor")
						fields(t, tensor, func(number protowire.Number, values []byte) {
							require.EqualValues(t, 1, number)
							for ; len(values) > 0; values = values[4:] {
								r.label[key] = append(r.label[key], math.Float32frombits(binary.LittleEndian.Uint32(values)))
							}
						})
					})
				})
			case 3:
				r.uid = string(value)
			case 4:
				r.metadata = string(value)
			}
		})
		all = append(all, r)
		data = data[8+(n+3)/4*4:]
	}
	return all
}

func fields(t *testing.T, message []byte, visit func(protowire.Number, []byte)) {
	t.Helper()
	for len(message) > 0 {
		number, wire, n := protowire.ConsumeTag(message)
		require.Positive(t, n)
		require.Equal(t, protowire.BytesType, wire)
		value, m := protowire.ConsumeBytes(message[n:])
		require.Positive(t, m)
		visit(number, value)
		message = message[n+m:]
	}
}

// libsvm writes rows without label; empty fields are left out.
func libsvm(rows [][]string) []byte {
	var b bytes.Buffer
	for _, r := range rows {
		b.WriteByte('0')
		for i, f := range r {
			if f != "" {
				fmt.Fprintf(&b, " %d:%s", i, f)
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// convert writes a CSV table with header in another format.
func convert(t testing.TB, rows [][]string, o dataset.WriteOptions) []byte {
	t.Helper()
	media := dataset.Media{Format: dataset.CSV, Header: true}
	in := bytesObject(toCSV(t, rows))
	schema, err := dataset.Infer(t.Context(), []dataset.Object{in}, media)
	require.NoError(t, err)
	r, err := dataset.NewReader(t.Context(), in, dataset.ReadOptions{Media: media, Schema: schema})
	require.NoError(t, err)
	defer r.Close()
	var buf bytes.Buffer
	w, err := dataset.NewWriter(&buf, schema, o)
	require.NoError(t, err)
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.NoError(t, w.Write(b))
		b.Release()
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

// columnOf reads a column of an object as text.
func (s *shop) columnOf(key string, media dataset.Media, name string) (out []string) {
	s.Helper()
	info, err := s.store.Stat(s.Context(), storage.URI{Bucket: "b", Key: key})
	require.NoError(s, err)
	r, err := dataset.NewReader(s.Context(), storage.NewObject(s.store, info), dataset.ReadOptions{Media: media, Columns: []string{name}})
	require.NoError(s, err)
	defer r.Close()
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(s, err)
		text, err := dataset.Strings(b.Column(0))
		require.NoError(s, err)
		for i := range int(b.NumRows()) {
			v, _ := text(i)
			out = append(out, v)
		}
		b.Release()
	}
}
