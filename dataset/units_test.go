package dataset

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/stretchr/testify/require"
)

// quotedCSV is awkward CSV: quoted newlines, doubled quotes, CRLF, blank lines, empty fields, multi-byte text.
func quotedCSV(rows int, header, bom, crlf, lastNewline bool) []byte {
	eol := "\n"
	if crlf {
		eol = "\r\n"
	}
	var b strings.Builder
	if bom {
		b.WriteString("\ufeff")
	}
	if header {
		b.WriteString("n,\"te\nxt\",x" + eol)
	}
	texts := []string{"plain", `"with, comma"`, "\"line one\nline two\"", `"say ""hi"""`, "\"\n\n\"", "", `""`, "å"}
	for i := 0; i < rows; i++ {
		if i%11 == 5 {
			b.WriteString(eol)
		}
		fmt.Fprintf(&b, "%d,%s,%g", i, texts[i%len(texts)], float64(i)/8)
		if i < rows-1 || lastNewline {
			b.WriteString(eol)
		}
	}
	return []byte(b.String())
}

// Reading the units one by one gives what reading the whole gives, wherever the cuts are.
func TestUnitsTogetherAreTheWhole(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		data  []byte
		media string
	}{
		"plain":        {quotedCSV(300, false, false, false, true), "text/csv"},
		"everything":   {quotedCSV(300, true, true, true, false), "text/csv;header=present"},
		"bom":          {quotedCSV(50, false, true, false, true), "text/csv"},
		"header crlf":  {quotedCSV(120, true, false, true, true), "text/csv;header=present;delimiter=,"},
		"header alone": {[]byte("a,b\n"), "text/csv;header=present"},
		"libsvm":       {[]byte("# top\n1 1:2 3:4\n\n0 2:1 # x\n1:0.5 qid:3 7:1\n"), "text/libsvm"},
		"json":         {[]byte("{\"a\":1,\"b\":\"x\"}\n\n{\"a\":2.5}\r\n{\"b\":null,\"a\":3}"), "application/jsonlines"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unitsAreWhole(t, newObject(name, c.data), mustMedia(t, c.media), []int64{1, 2, 3, 7, 16, 61, 100, 1000, 1 << 20})
		})
	}
	t.Run("abalone", func(t *testing.T) {
		t.Parallel()
		unitsAreWhole(t, fileObject(t, "abalone", "abalone.train_0.libsvm"), mustMedia(t, "text/libsvm"), []int64{1000, 33333})
	})
	t.Run("agaricus", func(t *testing.T) {
		t.Parallel()
		unitsAreWhole(t, fileObject(t, "agaricus", "agaricus.txt.test"), mustMedia(t, "text/libsvm"), []int64{50000})
	})
	t.Run("california", func(t *testing.T) {
		t.Parallel()
		unitsAreWhole(t, fileObject(t, "california_housing", "california_train80.csv"), mustMedia(t, "text/csv;header=present"), []int64{9999, 100000, 1 << 20})
	})
}

func unitsAreWhole(t *testing.T, obj *bytesObject, m Media, targets []int64) {
	t.Helper()
	schema, err := Infer(context.Background(), []Object{obj}, m)
	require.NoError(t, err)
	o := ReadOptions{Media: m, Schema: schema, RawColumn: "raw", BatchRows: 17}
	whole := readAll(t, obj, o)
	for _, target := range targets {
		units, err := Units(context.Background(), obj, m, target)
		require.NoError(t, err)
		var parts []Batch
		var rows, end int64
		for i, u := range units {
			require.Equal(t, i, u.Index)
			o := o
			o.Unit = &units[i]
			part := readAll(t, obj, o)
			if u.Rows >= 0 {
				require.Equal(t, u.Rows, part.NumRows(), "target %d, unit %d", target, i)
			}
			require.Equal(t, rows, u.FirstRow)
			require.GreaterOrEqual(t, u.Offset, end)
			if i > 0 && obj.Size() > target {
				require.Greater(t, u.Offset/target, units[i-1].Offset/target)
			}
			end = u.Offset + u.Length
			rows += part.NumRows()
			parts = append(parts, part)
		}
		if whole.NumRows() == 0 {
			require.Zero(t, rows)
			continue
		}
		got, err := concatBatches(whole.Schema(), parts)
		require.NoError(t, err)
		require.True(t, array.RecordEqual(whole, got), "target %d", target)
	}
}

func TestUnitsReadNothingTheyNeedNot(t *testing.T) {
	t.Parallel()
	o := newObject("small", quotedCSV(100, false, false, false, true))
	units, err := Units(context.Background(), o, mustMedia(t, "text/csv"), 0)
	require.NoError(t, err)
	require.Equal(t, []Unit{{Length: o.Size(), Rows: -1, Bytes: o.Size(), FirstLine: 1}}, units)
	require.Zero(t, o.opens.Load())

	empty := newObject("empty", nil)
	for _, m := range []string{"text/csv", "application/x-parquet", "application/jsonlines"} {
		units, err = Units(context.Background(), empty, mustMedia(t, m), 0)
		require.NoError(t, err)
		require.Empty(t, units)
	}

	zipped := fileObject(t, "adult", "adult_train80.csv.gz")
	units, err = Units(context.Background(), zipped, mustMedia(t, "text/csv;header=present"), 1000)
	require.NoError(t, err)
	require.Len(t, units, 1)
}

// A unit in mid-object knows its records' place for messages.
func TestUnitErrorsNameTheRecord(t *testing.T) {
	t.Parallel()
	data := []byte("n,t\n1,\"a\nb\"\n2,x\n\nx,y\n4,z\n")
	o := newObject("o", data)
	m := mustMedia(t, "text/csv;header=present")
	schema := NewSchema(true, NullField("t", StringType), NullField("n", Int64Type))
	units, err := Units(context.Background(), o, m, 1)
	require.NoError(t, err)
	require.Len(t, units, 4)
	for _, u := range []*Unit{nil, &units[2]} {
		_, err = tryReadAll(o, ReadOptions{Media: m, Schema: schema, Unit: u})
		var re *RecordError
		require.ErrorAs(t, err, &re)
		require.Equal(t, RecordError{Object: "o", RowGroup: -1, Row: 3, Line: 6, Column: "n", Reason: `"x" is not a whole number`, Raw: "x,y"}, *re)
	}
}

func TestRecordTooLong(t *testing.T) {
	t.Parallel()
	data := append([]byte("1,\""), bytes.Repeat([]byte("x\n"), maxRecordBytes/2+10)...)
	_, err := Units(context.Background(), newObject("long", data), mustMedia(t, "text/csv"), 1000)
	var re *RecordError
	require.ErrorAs(t, err, &re)
	require.EqualValues(t, 1, re.Row)
	require.Less(t, len(re.Raw), 1000)
}

// FuzzRecordScanner checks that cutting anywhere agrees with reading through, and that the records hold all bytes in order.
func FuzzRecordScanner(f *testing.F) {
	f.Add([]byte("a,b\n\"c\nd\",e\r\n\nf,\"g\"\"h\"\n"), 3)
	f.Add([]byte("\xef\xbb\xbf1,2\n\"\n"), 1)
	f.Add([]byte("a\"b,c\n\"x\"y,\"\n\n"), 2)
	f.Fuzz(func(t *testing.T, data []byte, target int) {
		if len(data) == 0 || target <= 0 || len(data) > 1<<16 {
			return
		}
		obj := newObject("f", data)
		for _, m := range []Media{{Format: CSV, Delimiter: ','}, {Format: JSONLines}, {Format: LibSVM}} {
			m.Compression = CompressionNone
			whole := records(t, obj, m, nil)
			units, err := Units(context.Background(), obj, m, int64(target))
			require.NoError(t, err)
			var got []string
			for i := range units {
				part := records(t, obj, m, &units[i])
				if units[i].Rows >= 0 {
					require.Len(t, part, int(units[i].Rows))
				}
				got = append(got, part...)
			}
			require.Equal(t, whole, got)
		}
	})
}

// records cuts an object or unit into its records' texts.
func records(t *testing.T, obj Object, m Media, u *Unit) []string {
	offset, length := int64(0), int64(0)
	if u != nil {
		offset, length = u.Offset, u.Length
	}
	stream, err := openLines(context.Background(), obj, m, offset, length)
	require.NoError(t, err)
	defer stream.Close()
	s := newRecordScanner(stream, "f", rulesOf(m), offset, 1)
	s.buf = make([]byte, 1+len(obj.Name())) // small, so that records cross its end
	if offset == 0 {
		_, err = s.top(&m)
		require.NoError(t, err)
	}
	var out []string
	for {
		rec, err := s.next()
		if err != nil {
			break
		}
		out = append(out, string(rec.text))
	}
	return out
}
