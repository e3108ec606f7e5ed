package activities

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
	"github.com/batchmill/batchmill/storage"
)

// near holds predictions to XGBoost's own, to 1e-6 of their size.
func near(t testing.TB, want []float64, got []string) {
	t.Helper()
	require.Equal(t, len(want), len(got))
	for i, text := range got {
		v, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		require.LessOrEqual(t, math.Abs(v-want[i]), 1e-6*max(1, math.Abs(want[i])), "row %d: %v, want %v", i, v, want[i])
	}
}

func lines(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n"), "\n") }

// TestTransformPredictsAsXGBoost scores real rows with models that XGBoost has trained, in every form the input can have, and
// for 1, 3 and 17 shards with equal bytes.
func TestTransformPredictsAsXGBoost(t *testing.T) {
	t.Parallel()
	house := californiaTest(t)
	ignore := ";ignore=median_house_value+ocean_proximity"
	for _, c := range []struct {
		name, model, contentType string
		inputs                   map[string][]byte
		output                   string
		most                     int // shards
	}{
		{"csv without header", "california_missing", "text/csv", map[string][]byte{"a.csv": toCSV(t, columns(house, 8)[1:])}, "out/a.csv.out", 17},
		{"csv with header", "california_gamma", "text/csv;header=present" + ignore, map[string][]byte{"d/a.csv": toCSV(t, house)}, "out/d/a.csv.out", 17},
		{"parquet", "california_missing", "application/x-parquet" + ignore, map[string][]byte{"a.parquet": toParquet(t, house, 150)}, "out/a.out.parquet", 17},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			artifact, want := reference(t, c.model)
			var first map[string]string
			for _, n := range []int{1, 3, c.most} {
				s := newShop(t, newStore())
				s.register("m", artifact)
				for name, data := range c.inputs {
					s.put("s3://b/in/"+name, data)
				}
				done, err := s.transform(transformDoc(c.contentType, shards(n)))
				require.NoError(t, err)
				require.EqualValues(t, len(want), done.Rows)
				require.Zero(t, done.Rejected)
				s.verify(done)
				got := s.read("s3://b/out/")
				if first == nil {
					first = got
					require.Len(t, got, 2, "the output and the manifest")
					if strings.HasSuffix(c.output, ".parquet") {
						near(t, want, s.column(c.output, "SageMakerOutput"))
					} else {
						near(t, want, lines(got[c.output]))
					}
				}
				sameObjects(t, first, got)
			}
		})
	}
}

// column reads a column of a Parquet object as text.
func (s *shop) column(key, name string) []string {
	s.Helper()
	return s.columnOf(key, dataset.Media{Format: dataset.Parquet}, name)
}

// TestTransformOfManyClasses writes one field per class, and reads sparse rows.
func TestTransformOfManyClasses(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "iris_softprob")
	iris := table(t, "small_classics", "iris.csv")
	rows := [][]string{}
	for i := 1; i < len(iris); i += 5 {
		rows = append(rows, iris[i][:4])
	}
	s := newShop(t, newStore())
	s.register("m", artifact)
	s.put("s3://b/in/iris.csv", toCSV(t, rows))
	done, err := s.transform(transformDoc("text/csv", nil))
	require.NoError(t, err)
	s.verify(done)
	var got []string
	for _, l := range lines(s.read("s3://b/out/iris")["out/iris.csv.out"]) {
		fields := strings.Split(l, ",")
		require.Len(t, fields, 3)
		got = append(got, fields...)
	}
	near(t, want, got)
}

// TestJoinKeepsText: with JoinSource Input a CSV record comes out as it was written, the prediction behind it.
func TestJoinKeepsText(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	house := californiaTest(t)[1:]
	var in, head []byte
	for i, r := range columns(house, 8) {
		r = append([]string(nil), r...)
		switch i % 3 { // as many ways to write the same number
		case 0:
			r[0] = `"` + r[0] + `"`
		case 1:
			r[1] += "00"
		}
		head = append(append([]byte(nil), strings.Join(r, ",")...), '\n')
		in = append(in, head...)
	}
	c := cut{artifact: artifact, key: "a.csv", in: in, doc: with(transformDoc("text/csv", object{}), "DataProcessing", object{"JoinSource": "Input"})}
	c.atAnyShards(t, func(_ *shop, _ protocol.Committed, got map[string]string) {
		var predictions []string
		for i, l := range lines(got["out/a.csv.out"]) {
			at := strings.LastIndexByte(l, ',')
			require.Equal(t, lines(string(in))[i], l[:at])
			predictions = append(predictions, l[at+1:])
		}
		near(t, want, predictions)
	})
}

// TestJoinKeepsColumns: with Parquet all columns come out with their types, the prediction as the last.
func TestJoinKeepsColumns(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	house := californiaTest(t)
	in := toParquet(t, house, 150)
	doc := transformDoc("application/x-parquet;ignore=median_house_value+ocean_proximity", object{})
	c := cut{artifact: artifact, key: "a.parquet", in: in, doc: with(doc, "DataProcessing", object{"JoinSource": "Input"})}
	c.atAnyShards(t, func(s *shop, _ protocol.Committed, _ map[string]string) {
		near(t, want, s.column("out/a.out.parquet", "SageMakerOutput"))
		require.Equal(t, s.column("in/a.parquet", "ocean_proximity"), s.column("out/a.out.parquet", "ocean_proximity"))
		require.Equal(t, s.column("in/a.parquet", "total_bedrooms"), s.column("out/a.out.parquet", "total_bedrooms"))
		before, after := s.schema("in/a.parquet"), s.schema("out/a.out.parquet")
		require.Equal(t, len(house[0])+1, after.NumFields())
		for i, f := range before.Fields() {
			require.Equal(t, f.Name, after.Field(i).Name)
			require.Equal(t, f.Type, after.Field(i).Type)
		}
	})
}

func (s *shop) schema(key string) *dataset.Schema {
	return s.schemaOf(key, dataset.Media{Format: dataset.Parquet})
}

func (s *shop) schemaOf(key string, media dataset.Media) *dataset.Schema {
	s.Helper()
	info, err := s.store.Stat(s.Context(), storage.URI{Bucket: "b", Key: key})
	require.NoError(s, err)
	schema, err := dataset.Infer(s.Context(), []dataset.Object{storage.NewObject(s.store, info)}, media)
	require.NoError(s, err)
	return schema
}

// TestAcceptHeader: an output with header has it once, whatever the number of shards.
func TestAcceptHeader(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	var first map[string]string
	for _, n := range []int{1, 17} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		s.put("s3://b/in/a.csv", toCSV(t, columns(californiaTest(t), 8)[1:]))
		doc := transformDoc("text/csv", shards(n))
		doc["TransformOutput"] = object{"S3OutputPath": "s3://b/out/", "Accept": "text/csv;header=present"}
		done, err := s.transform(doc)
		require.NoError(t, err)
		s.verify(done)
		got := s.read("s3://b/out/")
		if first == nil {
			first = got
			l := lines(got["out/a.csv.out"])
			require.Equal(t, "SageMakerOutput", l[0])
			near(t, want, l[1:])
		}
		sameObjects(t, first, got)
	}
}

// TestManyObjects: one output per input, in folders as the inputs are; markers and hidden names are no data.
func TestManyObjects(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	rows := columns(californiaTest(t), 8)[1:]
	s := newShop(t, newStore())
	s.register("m", artifact)
	for i := range 20 {
		s.put(fmt.Sprintf("s3://b/in/day=%d/p.csv", i), toCSV(t, rows[i*100:(i+1)*100]))
	}
	s.put("s3://b/in/day=3/_SUCCESS", nil)
	s.put("s3://b/in/day=4/", nil)
	s.put("s3://b/in/.hidden/p.csv", []byte("not,a,table"))
	done, err := s.transform(transformDoc("text/csv", nil))
	require.NoError(t, err)
	require.EqualValues(t, 2000, done.Rows)
	s.verify(done)
	got := s.read("s3://b/out/day=")
	require.Len(t, got, 20)
	for i := range 20 {
		near(t, want[i*100:(i+1)*100], lines(got[fmt.Sprintf("out/day=%d/p.csv.out", i)]))
	}
	// A name is used once: the second job must not take the first one's output for its own.
	_, err = s.PlanTransform(t.Context(), jobOf(s, transformDoc("text/csv", nil)))
	require.ErrorContains(t, err, "already holds the committed output of a job of this name")
	records, err := csv.NewReader(bytes.NewReader([]byte(got["out/day=0/p.csv.out"]))).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 100)
}

// TestTransformOfSparseRows reads libsvm and RecordIO, with a label in front that is no feature; predictions come out as CSV,
// since one number is no sparse row.
func TestTransformOfSparseRows(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "agaricus_logistic")
	rows, err := os.ReadFile(testdata.Path(t, "agaricus", "agaricus.txt.test"))
	require.NoError(t, err)
	for contentType, c := range map[string]struct {
		name, split string
		data        []byte
	}{
		"text/libsvm":                     {"a.libsvm", "Line", rows},
		"application/x-recordio-protobuf": {"a.rec", "RecordIO", toRecordIO(t, rows)},
	} {
		var first map[string]string
		for _, accept := range []string{"", "text/csv"} {
			for _, n := range []int{1, 17} {
				s := newShop(t, newStore())
				s.register("m", artifact)
				s.put("s3://b/in/"+c.name, c.data)
				doc := transformDoc(contentType, shards(n))
				doc["TransformInput"].(object)["SplitType"] = c.split
				doc["TransformOutput"] = object{"S3OutputPath": "s3://b/out/", "Accept": accept}
				done, err := s.transform(doc)
				require.NoError(t, err)
				s.verify(done)
				got := s.read("s3://b/out/")
				if first == nil {
					first = got
					near(t, want, lines(got["out/"+c.name+".out"]))
				}
				sameObjects(t, first, got)
			}
		}
	}
}

// bytesObject is an object in memory.
type bytesObject []byte

func (o bytesObject) Name() string { return "o" }
func (o bytesObject) Size() int64  { return int64(len(o)) }
func (o bytesObject) Open(_ context.Context, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		length = o.Size() - offset
	}
	return io.NopCloser(bytes.NewReader(o[offset : offset+length])), nil
}

// toRecordIO writes libsvm rows as RecordIO.
func toRecordIO(t *testing.T, libsvm []byte) []byte {
	from, to := dataset.Media{Format: dataset.LibSVM}, dataset.Media{Format: dataset.RecordIO}
	r, err := dataset.NewReader(t.Context(), bytesObject(libsvm), dataset.ReadOptions{Media: from})
	require.NoError(t, err)
	defer r.Close()
	var out bytes.Buffer
	w, err := dataset.NewWriter(&out, r.Schema(), dataset.WriteOptions{Media: to})
	require.NoError(t, err)
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.NoError(t, w.Write(b))
		b.Release()
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestTransformOfJSONLines reads and writes objects, and joins the prediction to what was written.
func TestTransformOfJSONLines(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	house := californiaTest(t)
	var in strings.Builder
	for _, r := range house[1:] {
		in.WriteString("{")
		for c, f := range r[:8] {
			if f == "" {
				f = "null"
			}
			fmt.Fprintf(&in, "%s %q : %s", map[bool]string{true: ","}[c > 0], house[0][c], f)
		}
		in.WriteString(" }\n")
	}
	for _, join := range []bool{false, true} {
		var first map[string]string
		for _, n := range []int{1, 17} {
			s := newShop(t, newStore())
			s.register("m", artifact)
			s.put("s3://b/in/a.jsonl", []byte(in.String()))
			doc := transformDoc("application/jsonlines", shards(n))
			if join {
				doc["DataProcessing"] = object{"JoinSource": "Input"}
			}
			done, err := s.transform(doc)
			require.NoError(t, err)
			s.verify(done)
			got := s.read("s3://b/out/")
			if first == nil {
				first = got
				checkObjects(t, want, got["out/a.jsonl.out"], in.String(), join)
			}
			sameObjects(t, first, got)
		}
	}
}

func checkObjects(t *testing.T, want []float64, got, in string, join bool) {
	t.Helper()
	var predictions []string
	for i, l := range lines(got) {
		var o map[string]any
		require.NoError(t, json.Unmarshal([]byte(l), &o))
		response := o
		if join {
			response = o["SageMakerOutput"].(object)
		}
		v, ok := response["score"].(float64)
		require.True(t, ok, l)
		predictions = append(predictions, strconv.FormatFloat(v, 'g', -1, 64))
		if join {
			require.True(t, strings.HasPrefix(l, strings.TrimSuffix(lines(in)[i], " }")), l)
			require.Len(t, o, 9)
		} else {
			require.Len(t, o, 1)
		}
	}
	near(t, want, predictions)
}
