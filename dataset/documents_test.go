package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rawRecords reads the records of an object, each of its units by itself, as they were written.
func rawRecords(t testing.TB, data []byte, m Media, path *Path, target int64) ([]string, error) {
	obj := newObject("o", data)
	units, err := Units(context.Background(), obj, m, target)
	if err != nil {
		return nil, err
	}
	found := []string{}
	for i := range units {
		b, err := tryReadAll(obj, ReadOptions{Media: m, Unit: &units[i], Path: path, Schema: NewSchema(true, NullField("a", Float64Type)), RawColumn: "raw",
			OnReject: func(*RecordError) error { return nil }, RejectedColumn: "rejected"})
		if err != nil {
			return nil, err
		}
		text, err := Strings(b.Column(2))
		if err != nil {
			raw := b.Column(2).(interface{ Value(int) []byte })
			text = func(i int) (string, bool) { return string(raw.Value(i)), true }
		}
		for r := range int(b.NumRows()) {
			v, _ := text(r)
			found = append(found, v)
		}
	}
	return found, nil
}

// TestDocumentRecords: the forms a JSON document may have, cut into units of any size.
func TestDocumentRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		document string
		path     string
		line     bool
		want     []string
	}{
		"instances":           {document: "\ufeff {\"instances\" :\n[ {\"a\":1} , {\"a\":[2,\"]\"]}\n] } ", want: []string{`{"a":1}`, `{"a":[2,"]"]}`}},
		"between members":     {document: `{"x":{"instances":[1]},"y":"\"[","instances":[[1,2],[3]],"z":[{}],"w":null}`, want: []string{"[1,2]", "[3]"}},
		"an array":            {document: `[[1],[2]]`, want: []string{"[1]", "[2]"}},
		"an array of objects": {document: "[\n{\"a\":1}\n]\n", want: []string{`{"a":1}`}},
		"a vector":            {document: `[1, 2]`, want: []string{"[1, 2]"}},
		"a record":            {document: `{"a": 1, "b": {"instances": []}}`, want: []string{`{"a": 1, "b": {"instances": []}}`}},
		"a record of scores":  {document: `{"scores": [1, 2]}`, want: []string{`{"scores": [1, 2]}`}},
		"an answer":           {document: `{"predictions":[{"a":1},{"a":2}]}`, want: []string{`{"a":1}`, `{"a":2}`}},
		"bare instances":      {document: `{"instances":[1,"x" ,true]}`, want: []string{"1", `"x"`, "true"}},
		"none":                {document: `{"instances":[ ]}`, want: []string{}},
		"an empty array":      {document: `[]`, want: []string{}},
		"nothing":             {document: " \n", want: []string{}},
		"a scalar":            {document: " 7", want: []string{"7"}},
		"cut":                 {document: `{"batch":{"rows":[{"a":1},{"a":2}]}}`, path: "$.batch.rows", want: []string{`{"a":1}`, `{"a":2}`}},
		"cut to vectors":      {document: `{"instances":[{"f":[1],"g":2},{"f":[3]}]}`, path: "$.instances[*].f", want: []string{"[1]", "[3]"}},
		"lines":               {document: "{\"instances\":[[1],[2]]}\r\n\n[[3]]\n{\"a\":4}", line: true, want: []string{"[1]", "[2]", "[3]", `{"a":4}`}},
		"a bad line":          {document: "{\"a\":1}\n{\"a\":\n[2]", line: true, want: []string{`{"a":1}`, `{"a":`, "[2]"}},
		"lines, cut":          {document: "{\"b\":{\"a\":1},\"c\":2}\n{\"b\":{\"a\":3}}", path: "$.b", line: true, want: []string{`{"a":1}`, `{"a":3}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ParsePath(c.path)
			require.NoError(t, err)
			for _, target := range []int64{1, 3, 10, 1 << 20} {
				if c.path != "" && !c.line {
					target = 1 << 20 // what is cut is read whole
				}
				got, err := rawRecords(t, []byte(c.document), Media{Format: JSON, LineSplit: c.line}, p, target)
				require.NoError(t, err)
				require.Equal(t, c.want, got, "units of %d", target)
			}
		})
	}
}

// TestBrokenDocuments names the line on which a document breaks, whether it is read whole or in units.
func TestBrokenDocuments(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{"instances":[{"a":1}`:                  "line 1: the JSON document is not closed before the end of the data",
		"{\"instances\":[{\"a\":1},\n{\"a\":":    "line 2: the JSON document is not closed before the end of the data",
		"{\"instances\":[[1]\n[2]]}":             "line 2: a comma or the end of the list should follow a record, not '['",
		"{\"instances\":[[1],\n]}":               "line 2: a value should stand before ']'",
		`{"instances":[[1]]]`:                    "line 1: a comma or the end of the document should follow the list of records, not ']'",
		`{"instances":[[1]],"x":nil}`:            `line 1: is not JSON: invalid character 'i' in literal null (expecting 'u')`,
		"{\"a\":1}\n{\"a\":2}\n":                 "line 2: holds more than one JSON document; say SplitType Line, or split=line in the content type, if each line is one",
		`{"instances":["` + "\xff" + `"],"y" 1}`: `line 1: ':' should follow, not '1'`,
	} {
		for _, target := range []int64{1, 1 << 20} {
			_, err := rawRecords(t, []byte(document), Media{Format: JSON}, nil, target)
			var bad *RecordError
			require.ErrorAs(t, err, &bad, document)
			require.Equal(t, "dataset: o, "+want, err.Error(), document)
		}
	}
}

// TestLongDocument: only a record needs to fit, not the document; a longer record is an error that says so.
func TestLongDocument(t *testing.T) {
	t.Parallel()
	const count = 3
	part := `{"a":1,"pad":"` + strings.Repeat("x", maxRecordBytes/2) + `"}`
	all := `{"instances":[` + strings.Repeat(part+",", count-1) + part + "]}"
	rows := func(data string) (n int64, err error) {
		r, err := NewReader(context.Background(), newObject("o", []byte(data)), ReadOptions{Media: Media{Format: JSON}, Schema: NewSchema(true, NullField("a", Float64Type))})
		require.NoError(t, err)
		defer r.Close()
		for {
			b, err := r.Next()
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return n, err
			}
			n += b.NumRows()
		}
	}
	n, err := rows(all)
	require.NoError(t, err)
	require.EqualValues(t, count, n)
	_, err = rows(`{"instances":[` + `["` + strings.Repeat("x", 2*maxRecordBytes) + `"]]}`)
	require.ErrorContains(t, err, "is longer than 64 MiB")
}

// FuzzDocuments: the scanner finds the records that encoding/json finds, however the document is cut, and never panics.
func FuzzDocuments(f *testing.F) {
	for _, s := range []string{`{"instances":[{"a":1},[2]]}`, `[[1],[2]]`, `{"x":[{}],"instances":[] , "y":{}}`, `[1,2]`, "\ufeff{\"a\":\"\\\"]\"}", `{"predictions":[{}]}`, `7`, `{"instances":[1,]}`} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, line bool) {
		m := Media{Format: JSON, LineSplit: line, Compression: CompressionNone}
		whole, err := rawRecords(t, data, m, nil, 1<<20)
		cut, cutErr := rawRecords(t, data, m, nil, 1)
		require.Equal(t, err == nil, cutErr == nil, "%v, %v", err, cutErr)
		if err == nil {
			require.Equal(t, whole, cut)
		}
		text := bytes.TrimPrefix(data, []byte("\ufeff"))
		if line || !json.Valid(text) {
			return
		}
		require.NoError(t, err)
		want := []string{}
		for _, instance := range instancesByDecoder(t, text) {
			want = append(want, string(instance))
		}
		require.Equal(t, want, whole)
	})
}

// instancesByDecoder takes a valid document apart with encoding/json.
func instancesByDecoder(t *testing.T, text []byte) []json.RawMessage {
	isNested := func(list []json.RawMessage) bool { return len(list) == 0 || list[0][0] == '[' || list[0][0] == '{' }
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil && list != nil && isNested(list) {
		return list
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if first, err := d.Token(); err == nil && first == json.Delim('{') {
		for d.More() {
			name, err := d.Token()
			require.NoError(t, err)
			var value json.RawMessage
			require.NoError(t, d.Decode(&value))
			list = nil
			if json.Unmarshal(value, &list) == nil && list != nil {
				switch name {
				case "instances":
					return list
				case "predictions", "projections", "scores":
					if isNested(list) {
						return list
					}
				}
			}
		}
	}
	return []json.RawMessage{bytes.TrimSpace(text)}
}
