package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// readHostile reads bytes as a format, in one piece and by units. Whatever they are, the answer is rows or an error of this package that
// names the object, never a panic.
func readHostile(t *testing.T, data []byte, m Media) {
	ctx, obj := context.Background(), newObject("hostile", data)
	known := func(err error) {
		if err == nil {
			return
		}
		var schema *SchemaError
		var record *RecordError
		require.True(t, errors.As(err, &schema) || errors.As(err, &record), "%T %v", err, err)
		require.ErrorContains(t, err, "hostile")
	}
	_, _, err := Columns(ctx, obj, m, nil)
	known(err)
	units, err := Units(ctx, obj, m, 64)
	known(err)
	schema, err := Infer(ctx, []Object{obj}, m)
	known(err)
	if err != nil {
		return
	}
	o := ReadOptions{Media: m, Schema: schema, BatchRows: 7, OnReject: func(*RecordError) error { return nil }, RejectedColumn: "rejected"}
	_, err = tryReadAll(obj, o)
	known(err)
	for i := range units {
		o.Unit = &units[i]
		_, err := tryReadAll(obj, o)
		known(err)
	}
}

// hostileTable is a small table of every kind of column that files are made of, with repeated texts, which Parquet puts into dictionaries.
func hostileTable(t testing.TB, m Media) []byte {
	n := 40
	text, number := make([]string, n), make([]float64, n)
	for i := range n {
		text[i], number[i] = []string{"a", "bb", "ccc"}[i%3], float64(i%5)/2
	}
	vectors := make([]float32, 2*n)
	b := NewBatch(NewSchema(true, NullField("text", StringType), NullField("number", Float64Type), Field{Name: "vector", Type: Float32ListType(2)}),
		[]Column{NewStrings(text), NewFloat64(number), NewFloat32List(vectors, 2)}, n)
	return write(t, b.Schema(), WriteOptions{Media: m, RowGroupRows: 16}, b)
}

func FuzzParquet(f *testing.F) {
	m := Media{Format: Parquet}
	seed := hostileTable(f, m)
	f.Add(seed)
	f.Add(seed[:len(seed)/2])
	for _, at := range []int{4, 9, 30, len(seed) / 3, len(seed) - 9} { // heads of dictionary pages, pages and footer
		bad := bytes.Clone(seed)
		bad[at] ^= 0x7f
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, data []byte) { readHostile(t, data, m) })
}

func FuzzArrow(f *testing.F) {
	seed := hostileTable(f, Media{Format: ArrowStream})
	f.Add(seed, false)
	f.Add(seed, true)
	f.Add(seed[:len(seed)-9], false)
	f.Add([]byte("ARROW1\x00\x00\xff\xff\xff\xff\x10\x00\x00\x00ARROW1"), true)
	f.Fuzz(func(t *testing.T, data []byte, file bool) {
		m := Media{Format: ArrowStream}
		if file {
			m.Format = ArrowFile
		}
		readHostile(t, data, m)
	})
}

// FuzzTextReaders reads the line formats, compressed or not.
func FuzzTextReaders(f *testing.F) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte("1,2\n3,4\n"))
	require.NoError(f, err)
	require.NoError(f, z.Close())
	for i, s := range []string{"a,b\n1,\"x\ny\"\n", "1 0:2 7:-1e9 qid:3\n# c\n", `{"a":1,"b":[1]}` + "\n{}", `{"instances":[[1,2],[3]]}`, "\ufeff1;2\r\n;\r\n", packed.String()} {
		f.Add([]byte(s), byte(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, format byte) {
		m := []Media{{Format: CSV, Header: true}, {Format: LibSVM}, {Format: JSONLines}, {Format: JSON}, {Format: JSON, LineSplit: true}, {Format: CSV}}[int(format)%6]
		readHostile(t, data, m)
	})
}

// TestDamagedArrow flips bytes one at a time: lengths that the library would make room for, up to the end of all memory, are errors.
func TestDamagedArrow(t *testing.T) {
	t.Parallel()
	m := Media{Format: ArrowStream}
	seed := hostileTable(t, m)
	for i := range seed {
		for _, flip := range []byte{0x01, 0x80, 0x7f} {
			bad := bytes.Clone(seed)
			bad[i] ^= flip
			_, err := tryReadAll(newObject("hostile", bad), ReadOptions{Media: m})
			var schema *SchemaError
			require.True(t, err == nil || errors.As(err, &schema), "byte %d: %v", i, err)
		}
	}
}
