package dataset

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// TestBadRecords has one bad record each, in row 2 of an object called o.
func TestBadRecords(t *testing.T) {
	t.Parallel()
	numbers := NewSchema(false, NullField("c0", Float64Type), NullField("c1", Int64Type), NullField("c2", StringType))
	members := NewSchema(true, numbers.Fields()...)
	cases := []struct {
		name, media, data string
		schema            *Schema
		line              int64
		column, reason    string
	}{
		{"ragged", "text/csv", "1,2,a\n1,2\n3,4,c\n", numbers, 2, "", "has 2 fields, expected 3"},
		{"too many", "text/csv", "1,2,a\n1,2,b,\n3,4,c\n", numbers, 2, "", "has 4 fields, expected 3"},
		{"text in a number", "text/csv", "1,2,a\nabc,2,b\n3,4,c\n", numbers, 2, "column 1", `"abc" is not a number`},
		{"broken number", "text/csv", "1,2,a\n1,2.5,b\n3,4,c\n", numbers, 2, "column 2", `"2.5" is not a whole number`},
		{"bare quote", "text/csv", "1,2,a\n1,2,5\" disk\n3,4,c\n", numbers, 2, "column 3", `a quote stands inside a field that is not quoted (write "" inside quotes)`},
		{"after the quote", "text/csv", "1,2,\"a\nb\"\n1,2,\"b\" c\n3,4,c\n", numbers, 3, "column 3", "text follows the closing quote of a field"},
		{"json", "application/jsonlines", "{\"c0\":1}\n{\"c0\":\n{\"c0\":2}\n", members, 2, "", "is not JSON: unexpected end of JSON input"},
		{"json array", "application/jsonlines", "{\"c0\":1}\n[1]\n{\"c0\":2}\n", members, 2, "", "is not a JSON object but starts with ["},
		{"json type", "application/jsonlines", "{\"c0\":1}\n{\"c0\":\"x\"}\n{\"c0\":2}\n", members, 2, "c0", `"x" is not a number`},
		{"json twice", "application/jsonlines", "{\"c0\":1}\n{\"c0\":1,\"c0\":2}\n{\"c0\":2}\n", members, 2, "c0", "the member stands twice in the record"},
		{"json tail", "application/jsonlines", "{\"c0\":1}\n{\"c0\":1} x\n{\"c0\":2}\n", members, 2, "", "is not JSON: invalid character 'x' after top-level value"},
		{"json vector: no list", "application/jsonlines", "[1,2,\"a\"]\n{\"c0\":1}\n[3,4,null]\n", numbers, 2, "", "is not a list of values, as the first record is"},
		{"json vector: ragged", "application/jsonlines", "[1,2,\"a\"]\n{\"features\":[1,2]}\n[3,4,null]\n", numbers, 2, "", "has 2 values, expected 3"},
		{"json vector: type", "application/jsonlines", "[1,2,\"a\"]\n[1,2.5,\"a\"]\n[3,4,null]\n", numbers, 2, "value 2", `"2.5" is not a whole number`},
		{"json vector: key", "application/jsonlines", "[1,2,\"a\"]\n{\"data\":{\"features\":{\"keys\":[3],\"shape\":[3],\"values\":[1]}}}\n[3,4,null]\n", numbers, 2, "", "key 3 is not a position below 3"},
		{"libsvm label", "text/libsvm", "1 1:2\nx 1:2\n1 1:2\n", libsvmSchema(false, false), 2, "label", `"x" is not a number`},
		{"libsvm pair", "text/libsvm", "1 1:2\n1 1:2 3\n1 1:2\n", libsvmSchema(false, false), 2, "", `"3" is not text of the form index:value`},
		{"libsvm index", "text/libsvm", "1 1:2\n1 -1:2\n1 1:2\n", libsvmSchema(false, false), 2, "indices", `"-1" is not a whole number from 0 to 2147483647`},
		{"libsvm value", "text/libsvm", "1 1:2\n1 1:y\n1 1:2\n", libsvmSchema(false, false), 2, "feature 1", `"y" is not a number`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := ReadOptions{Media: mustMedia(t, c.media), Schema: c.schema, RawColumn: "raw"}
			_, err := tryReadAll(newObject("o", []byte(c.data)), o)
			var re *RecordError
			require.ErrorAs(t, err, &re)
			require.Equal(t, []any{"o", int64(2), c.line, c.column, c.reason}, []any{re.Object, re.Row, re.Line, re.Column, re.Reason})
			require.NotEmpty(t, re.Raw)

			var seen []*RecordError
			o.OnReject = func(e *RecordError) error { seen = append(seen, e); return nil }
			b := readAll(t, newObject("o", []byte(c.data)), o)
			require.EqualValues(t, 2, b.NumRows())
			require.Len(t, seen, 1)
			require.NoError(t, err2nil(b))

			stop := errors.New("enough")
			o.OnReject = func(*RecordError) error { return stop }
			_, err = tryReadAll(newObject("o", []byte(c.data)), o)
			require.ErrorIs(t, err, stop)
		})
	}
}

// err2nil checks that the columns of a batch are sound.
func err2nil(b Batch) error {
	for _, c := range b.Columns() {
		if int64(c.Len()) != b.NumRows() {
			return errors.New("a column is too long")
		}
		_ = c.String()
	}
	return nil
}

func TestInfer(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("1,2\n", inferFirm)
	cases := []struct {
		name, media string
		data        []string
		want        string // names and types, or
		err         string // the error's text
	}{
		{"types", "text/csv;header=present", []string{"i,f,b,t,n,m\n1,2.5,true,x,,1\n-3,1e3,False,2,,\n,NaN,,,NA,2\n"}, "i:int64 f:float64 b:bool t:utf8 n:float64 m:int64", ""},
		{"two files", "text/csv;header=present", []string{"a,b\n1,\n", "b,a\nx,2.5\n"}, "a:float64 b:utf8", ""},
		{"no names", "text/csv", []string{"1;2;x\n"}, "c0:int64 c1:int64 c2:utf8", ""},
		{"nulls", "text/csv;null=?", []string{"1,?\n?,x\n"}, "c0:int64 c1:utf8", ""},
		{"forced text", "text/csv;header=present;text=zip", []string{"zip,n\n01234,1\n"}, "zip:utf8 n:int64", ""},
		{"forced by position", "text/csv;text=1", []string{"01234,1\n"}, "c0:utf8 c1:int64", ""},
		{"mixed early", "text/csv", []string{"1,2\n3,x\n"}, "c0:int64 c1:utf8", ""},
		{"big", "text/csv", []string{"9223372036854775807\n-9223372036854775808\n"}, "c0:int64", ""},
		{"too big", "text/csv", []string{"9223372036854775808\n"}, "c0:float64", ""},
		{"late text", "text/csv", []string{many + "5,oops\n"}, "",
			`dataset: f0, line 10001, column "column 2": "oops" is text in a column of numbers; mend it, or say in the content type null=oops if it stands for a missing value, or text=2 to take the column as text`},
		{"one stray word", "text/csv;header=present", []string{"a,b\n" + strings.Repeat("1,2\n", 20) + "3,?\n"}, "",
			`dataset: f0, line 22, column "b": "?" is text in a column of numbers; mend it, or say in the content type null=? if it stands for a missing value, or text=b to take the column as text`},
		{"stray but declared", "text/csv;null=?", []string{strings.Repeat("1,2\n", 20) + "3,?\n"}, "c0:int64 c1:int64", ""},
		{"late but forced", "text/csv;text=2", []string{many + "5,oops\n"}, "c0:int64 c1:utf8", ""},
		{"forgotten header", "text/csv", []string{"a,b\n1,x\n2,y\n"}, "",
			"dataset: f0, line 1: the first record holds text where the others hold numbers; if it is a header, say header=present in the content type"},
		{"clash", "text/csv;header=present", []string{"a,b\n1,2\n", "a,b\n1,x\n"}, "",
			`dataset: f1, column "b": holds text here and a whole number there; say text=COLUMN in the content type to take it as text everywhere (compare f0)`},
		{"missing column", "text/csv;header=present", []string{"a,b\n1,2\n", "a,c\n1,2\n"}, "",
			`dataset: f1, column "b": the column is not there; there are [a c] (compare f0)`},
		{"other width", "text/csv", []string{"1,2\n", "1\n"}, "", "dataset: f1: has 1 columns, the other has 2 (compare f0)"},
		{"same name twice", "text/csv;header=present", []string{"a,a\n1,2\n"}, "", `dataset: f0, column "a": two columns have this name`},
		{"nothing", "text/csv", []string{"", "\n\n"}, "", "dataset: f0: there are no records to take a schema from"},
		{"json", "application/jsonlines", []string{"{\"a\":1}\n{\"b\":\"x\",\"a\":2.5}\n", "{\"c\":true,\"d\":[1,2]}\n"}, "a:float64 b:utf8 c:bool d:utf8", ""},
		{"libsvm", "text/libsvm", []string{"1 1:2\n", "1:0.5 qid:1 2:3\n"}, "label:float32 weight:float32 qid:int64 indices:list values:list", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var objs []Object
			for i, d := range c.data {
				objs = append(objs, newObject("f"+strconv.Itoa(i), []byte(d)))
			}
			s, err := Infer(context.Background(), objs, mustMedia(t, c.media))
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			var got []string
			for _, f := range s.Fields() {
				got = append(got, f.Name+":"+f.Type.Name())
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestInferParquet(t *testing.T) {
	t.Parallel()
	file := func(name string, f []Field, cols ...Column) Object {
		b := NewBatch(NewSchema(true, f...), cols, cols[0].Len())
		return newObject(name, write(t, b.Schema(), WriteOptions{Media: parquetMedia}, b))
	}
	ints := file("ints", []Field{NullField("a", Int64Type), NullField("b", Float32Type)}, NewInt64([]int64{1, 2}), NewFloat32([]float32{1, 2}))
	floats := file("floats", []Field{NullField("b", Float32Type), NullField("a", Float64Type)}, NewFloat32([]float32{3}), NewFloat64([]float64{0.5}))
	nulls := file("nulls", []Field{NullField("a", StringType), NullField("b", Float32Type)}, nullColumn(StringType, 1), NewFloat32([]float32{4}))
	texts := file("texts", []Field{NullField("a", StringType), NullField("b", Float32Type)}, NewStrings([]string{"x"}), NewFloat32([]float32{4}))

	objs := []Object{nulls, ints, floats}
	s, err := Infer(context.Background(), objs, parquetMedia)
	require.NoError(t, err)
	require.Equal(t, []DataType{Float64Type, Float32Type}, []DataType{s.Field(0).Type, s.Field(1).Type})
	var got []string
	for _, o := range objs {
		b := readAll(t, o, ReadOptions{Media: parquetMedia, Schema: s})
		got = append(got, b.Column(0).String(), b.Column(1).String())
	}
	require.Equal(t, []string{"[(null)]", "[4]", "[1 2]", "[1 2]", "[0.5]", "[3]"}, got)

	_, err = Infer(context.Background(), []Object{ints, texts}, parquetMedia)
	require.EqualError(t, err, `dataset: texts, column "a": holds text here and a whole number there; say text=COLUMN in the content type to take it as text everywhere (compare ints)`)
	m := mustMedia(t, "application/x-parquet;text=a")
	s, err = Infer(context.Background(), []Object{ints, texts}, m)
	require.NoError(t, err)
	require.Equal(t, `["1" "2"]`, readAll(t, ints, ReadOptions{Media: m, Schema: s}).Column(0).String())

	_, err = tryReadAll(texts, ReadOptions{Media: parquetMedia, Schema: NewSchema(true, NullField("a", Float64Type))})
	require.EqualError(t, err, `dataset: texts, column "a": holds text, expected a number`)
	_, err = tryReadAll(texts, ReadOptions{Media: parquetMedia, Schema: NewSchema(true, NullField("z", Float64Type))})
	require.EqualError(t, err, `dataset: texts, column "z": the column is not there; there are [a b]`)
}

// CSV columns are found by name, in any order, and others are left alone.
func TestCSVByName(t *testing.T) {
	t.Parallel()
	o := newObject("o", []byte("x,a,b\n!,1,2\n?,3,4\n"))
	target := NewSchema(true, NullField("b", Float32Type), NullField("a", Int64Type))
	b := readAll(t, o, ReadOptions{Media: mustMedia(t, "text/csv;header=present"), Schema: target})
	require.Equal(t, "[2 4]", b.Column(0).String())
	require.Equal(t, "[1 3]", b.Column(1).String())
	b = readAll(t, o, ReadOptions{Media: mustMedia(t, "text/csv;header=present"), Schema: target, Columns: []string{"a"}, RawColumn: "raw"})
	require.Equal(t, []string{"a", "raw"}, ColumnNames(b.Schema()))
	require.Equal(t, `["!,1,2" "?,3,4"]`, b.Column(1).(*array.Binary).String())

	_, err := tryReadAll(newObject("o", []byte("a,x\n1,2\n")), ReadOptions{Media: mustMedia(t, "text/csv;header=present"), Schema: target})
	require.EqualError(t, err, `dataset: o, column "b": the column is not there; there are [a x]`)
}

// What is written reads back equal, in every format and compression.
func TestTextRoundTrip(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 700)
	b, err := SelectColumns(b, []string{"f32", "f64", "i64", "flag", "word", "id", "at"})
	require.NoError(t, err)
	// An empty text and a missing one are the same in CSV and here.
	for _, s := range []string{"text/csv;header=present", "text/csv", "text/csv;header=present;delimiter=tab;compression=gzip",
		"text/csv;compression=zstd;delimiter=pipe", "application/jsonlines", "application/jsonlines;compression=gzip",
		"application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream;compression=zstd"} {
		m := mustMedia(t, s)
		data := write(t, b.Schema(), WriteOptions{Media: m}, slicesOf(b, 97)...)
		require.True(t, bytes.Equal(data, write(t, b.Schema(), WriteOptions{Media: m}, b)) || m.Compression != CompressionAuto, s)
		m.Compression = CompressionAuto
		got := readAll(t, newObject("o", data), ReadOptions{Media: m, Schema: b.Schema()})
		require.Equal(t, b.NumRows(), got.NumRows(), s)
		for c := range b.Columns() {
			want, err := Strings(b.Column(c))
			require.NoError(t, err)
			have, err := Strings(got.Column(c))
			require.NoError(t, err)
			for i := 0; i < int(b.NumRows()); i++ {
				w, _ := want(i)
				h, _ := have(i)
				require.Equal(t, w, h, "%s, column %d, row %d", s, c, i)
			}
		}
	}
}

func TestCSVWriterAgreesWithStandardLibrary(t *testing.T) {
	t.Parallel()
	words := []string{"plain", "a,b", `say "hi"`, "two\nlines", "cr\rhere", "", " space ", "å"}
	b := NewBatch(NewSchema(true, NullField("a,b", StringType), NullField("x", StringType)), []Column{NewStrings(words), NewStrings(words)}, len(words))
	data := write(t, b.Schema(), WriteOptions{Media: Media{Format: CSV, Header: true}}, b)
	recs, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"a,b", "x"}, recs[0])
	for i, w := range words {
		require.Equal(t, []string{w, w}, recs[i+1])
	}
	one := NewBatch(NewSchema(false, NullField("c0", Float64Type)), []Column{nullColumn(Float64Type, 2)}, 2)
	require.Equal(t, "\"\"\n\"\"\n", string(write(t, one.Schema(), WriteOptions{Media: Media{Format: CSV}}, one)))
}

func TestLibSVMRealData(t *testing.T) {
	t.Parallel()
	for _, path := range [][]string{{"abalone", "abalone.train_0.libsvm"}, {"agaricus", "agaricus.txt.test"}} {
		o := fileObject(t, path...)
		b := readAll(t, o, ReadOptions{Media: Media{Format: LibSVM}})
		require.True(t, Sparse(b.Schema()))
		lines := strings.Split(strings.TrimSpace(string(o.data)), "\n")
		require.EqualValues(t, len(lines), b.NumRows())
		labels := make([]float32, b.NumRows())
		require.NoError(t, Floats(b.Column(0), labels))
		for i, line := range lines {
			idx, val, err := SparseRow(b, i)
			require.NoError(t, err)
			words := strings.Fields(line)
			require.Len(t, idx, len(words)-1)
			label, _ := strconv.ParseFloat(words[0], 32)
			require.Equal(t, float32(label), labels[i])
			for k, w := range words[1:] {
				v, _ := strconv.ParseFloat(w[strings.Index(w, ":")+1:], 32)
				require.Equal(t, float32(v), val[k])
				require.Equal(t, w[:strings.Index(w, ":")], strconv.Itoa(int(idx[k])))
			}
		}
		again := newObject("again", write(t, b.Schema(), WriteOptions{Media: Media{Format: LibSVM}}, b))
		require.True(t, array.RecordEqual(b, readAll(t, again, ReadOptions{Media: Media{Format: LibSVM}})))
		// Sparse rows travel through Parquet as well, and stay sparse.
		p := readAll(t, newObject("p", write(t, b.Schema(), WriteOptions{Media: parquetMedia}, b)), ReadOptions{Media: parquetMedia})
		require.True(t, Sparse(p.Schema()))
		require.False(t, Named(p.Schema()))
		for i := range lines {
			i1, v1, err := SparseRow(b, i)
			require.NoError(t, err)
			i2, v2, err := SparseRow(p, i)
			require.NoError(t, err)
			require.Equal(t, i1, i2)
			require.Equal(t, v1, v2)
		}
	}
}

func TestCorruptCompression(t *testing.T) {
	t.Parallel()
	var z bytes.Buffer
	w, err := zstd.NewWriter(&z)
	require.NoError(t, err)
	_, _ = w.Write(quotedCSV(1000, false, false, false, true))
	require.NoError(t, w.Close())
	for name, data := range map[string][]byte{"zstd": z.Bytes(), "gzip": fileObject(t, "adult", "adult_train80.csv.gz").data} {
		_, err := Infer(context.Background(), []Object{newObject(name, data[:len(data)/2])}, mustMedia(t, "text/csv;header=present"))
		var se *SchemaError
		require.ErrorAs(t, err, &se)
		require.Contains(t, se.Reason, name)
	}
}

func TestArrowFile(t *testing.T) {
	t.Parallel()
	data := write(t, mixedBatch(t, 10).Schema(), WriteOptions{Media: Media{Format: ArrowStream}}, mixedBatch(t, 10))
	for n := 0; n < len(data)-8; n += 11 {
		_, err := tryReadAll(newObject("cut", data[:n]), ReadOptions{Media: Media{Format: ArrowStream}})
		if err != nil {
			var se *SchemaError
			require.ErrorAs(t, err, &se, "cut at %d", n)
		}
		_, err = tryReadAll(newObject("cut", data[:n]), ReadOptions{Media: Media{Format: ArrowFile}})
		require.Error(t, err)
	}
}

// FuzzSplitCSV compares with encoding/csv, which differs in one point: it turns \r\n inside quotes into \n.
func FuzzSplitCSV(f *testing.F) {
	f.Add(`a,"b ""c""",`)
	f.Add("\"a\nb\",\"\"")
	f.Add(`a"b,c`)
	f.Add(`"a"b`)
	f.Add("12345678,,-,-,,-abcdefgh,,,,,,,,,x") // a minus follows the comma
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\r") {
			return
		}
		sc := newRecordScanner(strings.NewReader(s), "f", recordRules{quotes: true, delimiter: ','}, 0, 1)
		rec, err := sc.next()
		r := csv.NewReader(strings.NewReader(s))
		r.FieldsPerRecord = -1
		want, werr := r.Read()
		if err != nil {
			if werr == nil {
				t.Fatalf("%q: no record, want %q", s, want)
			}
			return
		}
		var scratch []byte
		fields, reason, _ := splitCSV(rec.text, ',', nil, &scratch)
		if (reason != "") != (werr != nil) {
			t.Fatalf("%q: %q, want %v", s, reason, werr)
		}
		if werr != nil {
			return
		}
		var got []string
		for _, f := range fields {
			got = append(got, string(f))
		}
		require.Equal(t, want, got)
	})
}

// FuzzJSONMembers compares with encoding/json.
func FuzzJSONMembers(f *testing.F) {
	f.Add(`{"a":1,"b":[1,{"c":"}"}],"d\"":"x\u00e9","e":null}`)
	f.Add(` { } `)
	f.Fuzz(func(t *testing.T, s string) {
		members, reason := jsonMembers([]byte(s), nil)
		var want map[string]json.RawMessage
		err := json.Unmarshal([]byte(s), &want)
		if (reason == "") != (err == nil && want != nil) {
			t.Fatalf("%q: %q, want %v", s, reason, err)
		}
		got := map[string]jsonMember{}
		for _, m := range members {
			got[m.name] = m
		}
		if len(got) != len(want) && utf8.ValidString(s) && !strings.Contains(s, `\u`) {
			t.Fatalf("%q: %d members, want %d", s, len(got), len(want))
		}
		for name, raw := range want {
			m, ok := got[name]
			if !ok || m.string {
				continue
			}
			require.Equal(t, string(raw), string(m.value))
		}
	})
}

func FuzzLibSVM(f *testing.F) {
	f.Add("1:0.5 qid:7 1:2 3:4e1 # c")
	f.Add("-1 0:nan")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\n") {
			return
		}
		p := &libsvmParser{schema: libsvmSchema(true, true)}
		_, reason := p.parse([]byte(s))
		if reason != "" {
			p.truncate(0)
		}
		for _, c := range p.build() {
			if want := map[bool]int{true: 1, false: 0}[reason == ""]; c.Len() != want {
				t.Fatalf("%q: %d rows, want %d", s, c.Len(), want)
			}
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1", "-0.1", "1e22", "3.4028236e38", "16777217", "0.1e-3", "9007199254740993", "1.00000017881393432617187499", "1e-46", "inf", ".", "0.12345678", "1.1234567e2", "-0.1234", "2.12345678901234", "0.1234567:", "0.12/45678", "1_0", "0x1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "_xX") {
			return
		}
		want, err := strconv.ParseFloat(s, 64)
		ok64 := err == nil || errors.Is(err, strconv.ErrRange)
		got, ok := parseFloat64([]byte(s))
		if ok != (ok64 && !math.IsNaN(want)) || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%q: %v %v, want %v %v", s, got, ok, want, err)
		}
		want32, _ := strconv.ParseFloat(s, 32)
		got32, ok := parseFloat32([]byte(s))
		if ok && math.Float32bits(got32) != math.Float32bits(float32(want32)) {
			t.Fatalf("%q: %v, want %v", s, got32, float32(want32))
		}
		i, err := strconv.ParseInt(s, 10, 64)
		if isInt64([]byte(s)) && (err != nil) {
			t.Fatalf("%q is no int64", s)
		}
		if v, ok := parseInt64([]byte(s)); err == nil && len(s) < 18 && (!ok || v != i) {
			t.Fatalf("%q: %v %v, want %v", s, v, ok, i)
		}
	})
}
