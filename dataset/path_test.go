package dataset

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/theory/jsonpath"
)

// TestPathColumns holds positions against what the JSONPath library selects of an array.
func TestPathColumns(t *testing.T) {
	t.Parallel()
	row := []any{"c0", "c1", "c2", "c3", "c4"}
	for _, text := range []string{"$", "$[*]", "$[0]", "$[-1]", "$[1:]", "$[:2]", "$[1:4]", "$[0,-1]", "$[0,3:]", "$[-2:]", "$[0:5:2]", "$[4,0,0]", "$[2:2,1]"} {
		p, err := ParsePath(text)
		require.NoError(t, err, text)
		at, err := p.Columns(len(row), nil, 0)
		require.NoError(t, err, text)
		var got []any
		for _, i := range at {
			got = append(got, row[i])
		}
		var want []any = jsonpath.MustParse(text).Select(row)
		if text == "$" {
			want = row
		}
		require.Equal(t, want, got, text)
	}
}

func TestPathColumnsByName(t *testing.T) {
	t.Parallel()
	names := []string{"id", "age", "score", "leaf"}
	for text, want := range map[string][]int{
		"$.id": {0}, "$['age','id']": {1, 0}, "$['id','SageMakerOutput']": {0, 2, 3}, "$['leaf']": {3}, `$["id",-1]`: {0, 3},
	} {
		p, err := ParsePath(text)
		require.NoError(t, err, text)
		got, err := p.Columns(4, names, 2)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestPathErrors(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{
		"$..a": "recursive descent", "$[?@.a]": "filter expressions", "$[": "unexpected", "a": "", "$[::-1]": "step",
	} {
		_, err := ParsePath(text)
		var pathErr *PathError
		require.ErrorAs(t, err, &pathErr, text)
		require.Contains(t, err.Error(), reason)
		require.Contains(t, err.Error(), text)
	}
	for text, reason := range map[string]string{
		"$[3]": "position 3 is not there: there are 3 columns", "$[-4]": "position -4", "$[3:]": "selects none of 3 columns", "$.a": "have no names", "$[0][1]": "only one step",
	} {
		p, err := ParsePath(text)
		require.NoError(t, err)
		_, err = p.Columns(3, nil, 0)
		require.ErrorContains(t, err, reason, text)
	}
}

// TestPathJSON holds selected parts against the JSONPath library's: the value of a singular path, else the list of all.
func TestPathJSON(t *testing.T) {
	t.Parallel()
	texts := []string{
		`{"id": 1e2, "features": [1.50, 16, null, "a\"b"], "data": {"x y": {"z": [1,2,3]}}, "items": [{"p":1},{"p":2},{"q":3}]}`,
		`[10, 20.0, {"a": [1, [2, 3]]}, "x", true, null]`, `"text"`, `{}`, `[]`,
	}
	paths := []string{
		"$", "$.id", "$.features", "$.features[1:3]", "$.features[*]", "$['data']['x y'].z[0,2]", "$.items[*].p", "$.items[0].p", "$[2].a[1][0]", "$[1:3]", "$[*]", "$.nothing", "$.*",
	}
	for _, text := range texts {
		for _, path := range paths {
			p, err := ParsePath(path)
			require.NoError(t, err)
			var value any
			require.NoError(t, json.Unmarshal([]byte(text), &value))
			parsed := jsonpath.MustParse(path)
			nodes := parsed.Select(value)
			got, reason := p.jsonText(nil, []byte(text))
			if parsed.Query().Singular() != nil {
				if reason != "" {
					require.Empty(t, nodes, path)
					continue
				}
				var want any
				if len(nodes) > 0 {
					want = nodes[0]
				}
				requireJSON(t, want, got, path+" of "+text)
				continue
			}
			if reason != "" { // a position that is not there
				continue
			}
			if path == "$.*" || path == "$[*]" { // the library's order of an object's members is not the text's
				require.Len(t, jsonElements(got), len(nodes))
				continue
			}
			requireJSON(t, append([]any{}, nodes...), got, path+" of "+text)
		}
	}
}

func requireJSON(t *testing.T, want any, got []byte, of string) {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(got, &value), of)
	require.Equal(t, want, value, of)
}

// TestPathKeepsText: what is selected is not written anew.
func TestPathKeepsText(t *testing.T) {
	t.Parallel()
	p, err := ParsePath("$['b','gone','a']")
	require.NoError(t, err)
	got, reason := p.jsonText(nil, []byte(`{"a": 1.50, "c": 0, "b" : {"y":1,  "x":2e-3}}`))
	require.Empty(t, reason)
	require.Equal(t, `{"b":{"y":1,  "x":2e-3},"a":1.50}`, string(got))
}

func FuzzPath(f *testing.F) {
	f.Add("$['a',0,1:]", `{"a":[1,2]}`)
	f.Add("$.a[*]", `{"a":{"b":1}}`)
	f.Add("$[-1]", `[1,2]`)
	f.Fuzz(func(t *testing.T, path, text string) {
		p, err := ParsePath(path)
		if err != nil {
			return
		}
		if _, err := p.Columns(3, nil, 1); err != nil {
			require.ErrorContains(t, err, path)
		}
		valid, reason := validJSON([]byte(text))
		if reason != "" {
			return
		}
		if got, reason := p.jsonText(nil, valid); reason == "" {
			require.True(t, json.Valid(got), "%s of %s is %s", path, text, got)
		}
	})
}

func TestQuotedFields(t *testing.T) {
	t.Parallel()
	got := quotedFields([]byte(`"a,""b""",c,,"d"`), ',', nil)
	require.Equal(t, [][]byte{[]byte(`"a,""b"""`), []byte("c"), {}, []byte(`"d"`)}, got)
}

// TestRecordWriter: outputs beside records, and parts of both.
func TestRecordWriter(t *testing.T) {
	t.Parallel()
	score := []Field{{Name: "score", Type: Float32Type}}
	two := append(score, Field{Name: "leaf", Type: Int32ListType(2)})
	for _, c := range []struct {
		media, record, path string
		fields              []Field
		names               []string
		alone               bool
		want                string
	}{
		{media: "text/csv", record: `7,"a,b",0010`, fields: score, want: `7,"a,b",0010,0.5`},
		{media: "text/csv", record: `7,"a,b",0010`, path: "$[1,-1]", fields: score, want: `"a,b",0.5`},
		{media: "text/csv", record: `7;"a;b"`, path: "$[2:]", fields: two, want: `0.5;3;4`},
		{media: "text/csv", record: `7,8`, path: "$['b','leaf_1']", names: []string{"a", "b"}, fields: two, want: `8,4`},
		{media: "text/csv", record: `7,8`, path: "$['a','SageMakerOutput']", names: []string{"a", "b"}, fields: two, want: `7,0.5,3,4`},
		{media: "text/csv", record: `,8`, path: "$[0]", fields: score, want: `""`},
		{media: "text/csv", alone: true, path: "$[1:]", fields: two, want: `3,4`},
		{media: "application/jsonlines", record: `{"id": 1.50 }`, fields: score, want: `{"id": 1.50 ,"SageMakerOutput":{"score":0.5}}`},
		{media: "application/jsonlines", record: `{}`, fields: two, want: `{"SageMakerOutput":{"score":0.5,"leaf":[3,4]}}`},
		{media: "application/jsonlines", record: `{"SageMakerOutput":1,"a":2}`, fields: score, want: `{"a":2,"SageMakerOutput":{"score":0.5}}`},
		{media: "application/jsonlines", record: `[1, 2]`, fields: score, want: `{"SageMakerInput":[1, 2],"SageMakerOutput":{"score":0.5}}`},
		{media: "application/jsonlines", record: `{"id":1,"x":2}`, path: "$['id','SageMakerOutput']", fields: score, want: `{"id":1,"SageMakerOutput":{"score":0.5}}`},
		{media: "application/jsonlines", record: `{"id":1,"x":2}`, path: "$.SageMakerOutput.score", fields: score, want: `0.5`},
		{media: "application/jsonlines", alone: true, path: "$.leaf[-1]", fields: two, want: `4`},
	} {
		media := mustMedia(t, c.media)
		media.Delimiter = ','
		if strings.Contains(c.record, ";") {
			media.Delimiter = ';'
		}
		p, err := ParsePath(c.path)
		require.NoError(t, err)
		var out bytes.Buffer
		width := 0
		if !c.alone {
			width = len(quotedFields([]byte(c.record), media.Delimiter, nil))
		}
		w, err := NewRecordWriter(&out, RecordOptions{Media: media, Fields: c.fields, Join: !c.alone, Width: width, Names: c.names, Path: p})
		require.NoError(t, err)
		var raw Column
		if !c.alone {
			text := &textParser{typ: BinaryType}
			text.parse([]byte(c.record))
			raw = text.build()
		}
		values := []Column{NewFloat32([]float32{0.5}), NewInt32List([]int32{3, 4}, 2)}[:len(c.fields)]
		require.NoError(t, w.Write(raw, values...))
		require.Equal(t, c.want+"\n", out.String(), c.record+" "+c.path)
	}
}
