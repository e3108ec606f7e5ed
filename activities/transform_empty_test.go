package activities

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xitongsys/parquet-go/reader"
	"github.com/xitongsys/parquet-go/source"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/dataset"
)

// TestTablesWithoutRows: an input without rows, whatever it is like, has a table without rows and with the right columns as its output,
// and so has one whose rows are all rejected.
func TestTablesWithoutRows(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	house := columns(californiaTest(t), 8)
	outputs := []string{"SageMakerOutput"}
	joined := append(append([]string{}, house[0]...), "SageMakerOutput")
	arrow := dataset.Media{Format: dataset.ArrowStream}
	bad := strings.Repeat("x,x,x,x,x,x,x,x\n", 2000) // of several units
	for name, c := range map[string]struct {
		contentType string
		in          []byte
		processing  object
		want        []string
	}{
		"no bytes":                   {"text/csv", nil, object{}, outputs},
		"no bytes, joined":           {"application/x-parquet", nil, object{"JoinSource": "Input"}, outputs},
		"no bytes, filtered":         {"application/x-parquet", nil, object{"JoinSource": "Input", "OutputFilter": "$['latitude']"}, outputs},
		"a blank line":               {"text/csv", []byte("\n"), object{}, outputs},
		"a header":                   {"text/csv;header=present", toCSV(t, house[:1]), object{}, outputs},
		"gzip of nothing":            {"text/csv", gzipped(t, nil), object{}, outputs},
		"JSON Lines":                 {"application/jsonlines", []byte("\n\n"), object{}, outputs},
		"a document of no records":   {"application/json", []byte(`{"instances":[]}`), object{}, outputs},
		"libsvm":                     {"text/libsvm", []byte("# nothing\n"), object{}, outputs},
		"Parquet":                    {"application/x-parquet", emptyTableOf(t, house, dataset.Media{Format: dataset.Parquet}), object{}, outputs},
		"Parquet, joined":            {"application/x-parquet", emptyTableOf(t, house, dataset.Media{Format: dataset.Parquet}), object{"JoinSource": "Input"}, joined},
		"Parquet, filtered":          {"application/x-parquet", emptyTableOf(t, house, dataset.Media{Format: dataset.Parquet}), object{"JoinSource": "Input", "OutputFilter": "$['latitude','SageMakerOutput']"}, []string{"latitude", "SageMakerOutput"}},
		"an Arrow stream":            {"application/vnd.apache.arrow.stream", emptyTableOf(t, house, arrow), object{}, outputs},
		"an Arrow stream, joined":    {"application/vnd.apache.arrow.stream", emptyTableOf(t, house, arrow), object{"JoinSource": "Input"}, joined},
		"rows that are all rejected": {"text/csv", []byte(bad), object{}, outputs},
	} {
		for accept, media := range map[string]dataset.Media{"application/x-parquet": {Format: dataset.Parquet}, "application/vnd.apache.arrow.stream": arrow} {
			t.Run(name+" to "+accept, func(t *testing.T) {
				t.Parallel()
				doc := with(transformDoc(c.contentType, object{"BATCHMILL_MAX_REJECTED_RECORDS": "100%"}), "DataProcessing", c.processing)
				doc["TransformOutput"].(object)["Accept"] = accept
				cut{artifact: artifact, key: "a", in: c.in, doc: doc}.atAnyShards(t, func(s *shop, _ protocol.Committed, got map[string]string) {
					key := "out/a.out"
					if media.Format == dataset.Parquet {
						key += ".parquet"
					}
					require.Contains(t, got, key)
					require.Equal(t, c.want, dataset.ColumnNames(s.schemaOf(key, media)))
					require.Zero(t, rowsOfObject(t, []byte(got[key]), media))
					if media.Format == dataset.Parquet { // a second implementation
						r, err := reader.NewParquetReader(&otherFile{strings.NewReader(got[key]), got[key]}, nil, 1)
						require.NoError(t, err)
						require.Zero(t, r.GetNumRows())
						require.Len(t, r.Footer.Schema, 1+len(c.want))
						r.ReadStop()
					}
				})
			})
		}
	}
}

// otherFile is a file as the other implementation of Parquet reads it.
type otherFile struct {
	*strings.Reader
	text string
}

func (f *otherFile) Open(string) (source.ParquetFile, error) {
	return &otherFile{strings.NewReader(f.text), f.text}, nil
}
func (f *otherFile) Create(string) (source.ParquetFile, error) { return nil, errors.ErrUnsupported }
func (f *otherFile) Write([]byte) (int, error)                 { return 0, errors.ErrUnsupported }
func (f *otherFile) Close() error                              { return nil }

// emptyTableOf is a table with the columns of another and no rows.
func emptyTableOf(t *testing.T, rows [][]string, media dataset.Media) []byte {
	t.Helper()
	in := bytesObject(toCSV(t, rows[:100]))
	schema, err := dataset.Infer(t.Context(), []dataset.Object{in}, dataset.Media{Format: dataset.CSV, Header: true})
	require.NoError(t, err)
	var file bytes.Buffer
	w, err := dataset.NewWriter(&file, schema, dataset.WriteOptions{Media: media})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return file.Bytes()
}

func rowsOfObject(t *testing.T, data []byte, media dataset.Media) (rows int64) {
	t.Helper()
	r, err := dataset.NewReader(t.Context(), bytesObject(data), dataset.ReadOptions{Media: media})
	require.NoError(t, err)
	defer r.Close()
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		require.NoError(t, err)
		rows += b.NumRows()
		b.Release()
	}
}
