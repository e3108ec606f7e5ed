package activities

import (
	"bytes"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/dataset"
)

// listTable writes houses with their values in lists: fixed holds them, wide has them on every other place behind two others, any is a
// list of any length, rest one without the first value, which is the column first.
func listTable(t *testing.T, rows [][]string, format dataset.Format) []byte {
	t.Helper()
	var id []int64
	var first, fixed, wide, rest []float32
	restEnds := []int32{0}
	for i, r := range rows {
		id, wide = append(id, int64(i)), append(wide, -1, -2)
		for k, text := range r {
			v := float32(0)
			if f, err := strconv.ParseFloat(text, 32); err == nil {
				v = float32(f)
			} else {
				v = nan
			}
			if fixed, wide = append(fixed, v), append(wide, v, -3); k == 0 {
				first = append(first, v)
			} else {
				rest = append(rest, v)
			}
		}
		restEnds = append(restEnds, int32(len(rest)))
	}
	width := len(rows[0])
	fields := []dataset.Field{
		{Name: "id", Type: dataset.Int64Type}, {Name: "fixed", Type: dataset.Float32ListType(width)}, {Name: "wide", Type: dataset.Float32ListType(2 + 2*width)},
		listField("any"), {Name: "first", Type: dataset.Float32Type}, listField("rest"),
	}
	ends := []int32{0}
	for i := range rows {
		ends = append(ends, int32((i+1)*width))
	}
	batch := dataset.NewBatch(dataset.NewSchema(true, fields...), []dataset.Column{
		dataset.NewInt64(id), dataset.NewFloat32List(fixed, width), dataset.NewFloat32List(wide, 2+2*width), anyList(fixed, ends), dataset.NewFloat32(first), anyList(rest, restEnds),
	}, len(rows))
	var out bytes.Buffer
	w, err := dataset.NewWriter(&out, batch.Schema(), dataset.WriteOptions{Media: dataset.Media{Format: format}, RowGroupRows: 60})
	require.NoError(t, err)
	require.NoError(t, w.Write(batch))
	require.NoError(t, w.Close())
	return out.Bytes()
}

// anyList makes a column of lists of any length: those of a sparse row's values are such.
func anyList(values []float32, ends []int32) dataset.Column {
	return dataset.NewSparseBatch(make([]float32, len(ends)-1), ends, make([]int32, len(values)), values).Column(2)
}

func listField(name string) dataset.Field {
	f := dataset.SparseSchema().Field(2)
	f.Name = name
	return f
}

// TestListColumns: the elements of list columns are features, in whatever way a path picks them.
func TestListColumns(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	rows := columns(californiaTest(t), 8)[1:151]
	for format, key := range map[dataset.Format]string{dataset.Parquet: "out/a.out.parquet", dataset.ArrowStream: "out/a.out"} {
		in := listTable(t, rows, format)
		for filter, ignore := range map[string]string{
			"$.fixed": "", "$.any": "", "$.any[0:8]": "", "$.fixed[-8:]": "", "$.wide[2::2]": "", "$.wide[-16::2]": "", "$.any[0,1,2,3,-4,-3,-2,-1]": "",
			"$['first','rest']": "", "$[1]": "", "$": "id+wide+any+first+rest", "$[!'id','wide','any','first','rest']": "",
		} {
			t.Run(string(format)+" "+filter, func(t *testing.T) {
				t.Parallel()
				contentType := string(format)
				if ignore != "" {
					contentType += ";ignore=" + ignore
				}
				doc := with(transformDoc(contentType, object{}), "DataProcessing", object{"InputFilter": filter, "JoinSource": "Input", "OutputFilter": "$[!'any','rest']"})
				cut{artifact: artifact, key: "a", in: in, doc: doc}.atAnyShards(t, func(s *shop, _ protocol.Committed, _ map[string]string) {
					near(t, want[:150], s.columnOf(key, dataset.Media{Format: format}, "SageMakerOutput"))
					schema := s.schemaOf(key, dataset.Media{Format: format})
					require.Equal(t, []string{"id", "fixed", "wide", "first", "SageMakerOutput"}, dataset.ColumnNames(schema))
					require.Equal(t, s.schemaOf("in/a", dataset.Media{Format: format}).Field(1).Type, schema.Field(1).Type)
				})
			})
		}
	}
}

// TestKeptListElements: an output filter cuts lists, of the input and of the outputs, and their types stay.
func TestKeptListElements(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	rows := columns(californiaTest(t), 8)[1:151]
	for filter, check := range map[string]func(t *testing.T, s *shop, schema *dataset.Schema){
		"$.fixed[1:7:2]": func(t *testing.T, _ *shop, schema *dataset.Schema) {
			require.True(t, dataset.List(schema.Field(0).Type))
		},
		"$.any[0]": func(t *testing.T, s *shop, schema *dataset.Schema) {
			require.Equal(t, dataset.Float32Type, schema.Field(0).Type)
			require.Equal(t, s.column("in/a", "first"), s.column("out/a.out.parquet", "any"))
		},
		"$['leaf'][-1]": func(t *testing.T, _ *shop, schema *dataset.Schema) {
			require.Equal(t, dataset.Int32Type, schema.Field(0).Type)
		},
	} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		s.put("s3://b/in/a", listTable(t, rows, dataset.Parquet))
		doc := with(transformDoc("application/x-parquet", object{"BATCHMILL_OUTPUT": "prediction,leaf"}), "DataProcessing",
			object{"InputFilter": "$.fixed", "JoinSource": "Input", "OutputFilter": filter})
		done, err := s.transform(doc)
		require.NoError(t, err, filter)
		s.verify(done)
		schema := s.schema("out/a.out.parquet")
		require.Equal(t, 1, schema.NumFields())
		check(t, s, schema)
	}
}

// TestListFilterErrors name the column, before any row is read.
func TestListFilterErrors(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	in := listTable(t, columns(californiaTest(t), 8)[1:20], dataset.Parquet)
	for filter, want := range map[string]string{
		"$.lists":            `inputFilter: s3://b/in/a: path $.lists: column "lists" is not there; there are id, fixed`,
		"$.id[0]":            `path $.id[0]: column "id" holds a whole number, which has no members`,
		"$.fixed.x":          `column "fixed" holds lists, which have positions and no member`,
		"$['any','rest']":    `columns "any" and "rest" hold lists of any length: say which elements to take, such as [0:10]`,
		"$['fixed','fixed']": `column "fixed" is selected twice`,
		"$['fixed','any']":   `columns "fixed" and "any" hold lists of any length`,
		"$.fixed[0:3]":       "3",
		"$[!'id'].x":         "nothing may follow the brackets",
		"$.fixed[?@ > 1]":    "filter expressions are not supported",
		"$.fixed[0:4][0:1]":  "of whose elements no members can be taken",
	} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		s.put("s3://b/in/a", in)
		_, err := s.transform(with(transformDoc("application/x-parquet", object{}), "DataProcessing", object{"InputFilter": filter}))
		require.ErrorContains(t, err, want, filter)
		require.Equal(t, "ClientError", string(classify(err)), filter)
		require.Empty(t, s.read("s3://b/out/"))
	}
}

// TestUnevenLists: a list of another length is a rejected row, with its row group and column.
func TestUnevenLists(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	rows := columns(californiaTest(t), 8)[1:101]
	var values []float32
	ends := []int32{0}
	for i, r := range rows {
		for _, text := range r {
			v, err := strconv.ParseFloat(text, 32)
			if err != nil {
				v = float64(nan)
			}
			values = append(values, float32(v))
		}
		if i == 70 {
			values = values[:len(values)-1]
		}
		ends = append(ends, int32(len(values)))
	}
	batch := dataset.NewBatch(dataset.NewSchema(true, listField("x")), []dataset.Column{anyList(values, ends)}, len(rows))
	var in bytes.Buffer
	w, err := dataset.NewWriter(&in, batch.Schema(), dataset.WriteOptions{Media: dataset.Media{Format: dataset.Parquet}, RowGroupRows: 40})
	require.NoError(t, err)
	require.NoError(t, w.Write(batch))
	require.NoError(t, w.Close())
	doc := transformDoc("application/x-parquet", object{"BATCHMILL_MAX_REJECTED_RECORDS": "1"})
	cut{artifact: artifact, key: "a", in: in.Bytes(), doc: doc}.atAnyShards(t, func(s *shop, done protocol.Committed, got map[string]string) {
		require.EqualValues(t, 1, done.Rejected)
		near(t, append(append([]float64(nil), want[:70]...), want[71:100]...), s.column("out/a.out.parquet", "SageMakerOutput"))
		var r rejectedRow
		require.NoError(t, json.Unmarshal([]byte(got["out/_batchmill/score/rejects/rejects.jsonl"]), &r))
		group := 1
		require.Equal(t, rejectedRow{Object: "s3://b/in/a", RowGroup: &group, Row: 71, Column: "x", Reason: "a list of 7 elements gives 7 values, expected 8"}, r)
	})
}
