package dataset

import (
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseMedia(t *testing.T) {
	t.Parallel()
	two := 2
	for in, want := range map[string]Media{
		"text/csv":                                {Format: CSV},
		"TEXT/CSV ; Header=Present":               {Format: CSV, Header: true},
		"text/csv;header=present;label=income":    {Format: CSV, Header: true, Label: []string{"income"}},
		"text/csv; label_size=2":                  {Format: CSV, LabelSize: &two},
		"text/csv;label=a+b;ignore=x%2By;":        {Format: CSV, Label: []string{"a", "b"}, Ignore: []string{"x+y"}},
		`text/csv;label="my; label";weight= w `:   {Format: CSV, Label: []string{"my; label"}, Weight: "w"},
		"text/csv;delimiter=tab":                  {Format: CSV, Delimiter: '\t'},
		`text/csv;delimiter=";"`:                  {Format: CSV, Delimiter: ';'},
		"text/csv;delimiter=,;null=?+NULL":        {Format: CSV, Delimiter: ',', Nulls: []string{"?", "NULL"}},
		"text/csv;charset=UTF-8":                  {Format: CSV},
		"application/vnd.apache.parquet;text=zip": {Format: Parquet, Text: []string{"zip"}},
		"application/x-ndjson;compression=zstd":   {Format: JSONLines, Compression: Zstd},
		"application/json":                        {Format: JSON},
		"application/json; Split=Line":            {Format: JSON, LineSplit: true},
		"text/x-libsvm":                           {Format: LibSVM},
		"application/vnd.apache.arrow.stream":     {Format: ArrowStream},
		"application/vnd.apache.arrow.file":       {Format: ArrowFile},
	} {
		got, err := ParseMedia(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
		again, err := ParseMedia(got.String())
		require.NoError(t, err, got.String())
		require.Equal(t, got, again, got.String())
	}
	for in, parameter := range map[string]string{
		"":                                    "",
		"application/xml":                     "",
		"application/jsonlines;split=line":    "split",
		"text/csv;lable=x":                    "lable",
		"text/csv;header":                     "header",
		"text/csv;header=maybe":               "header",
		"text/csv;label_size=-1":              "label_size",
		"text/csv;label_size=1;label=x":       "label_size",
		"text/csv;label=":                     "label",
		"text/csv;label=a;label=b":            "label",
		"text/csv;delimiter=ab":               "delimiter",
		"text/csv;charset=latin1":             "charset",
		"application/x-parquet;header=absent": "header",
		`text/csv;label="x`:                   "",
	} {
		_, err := ParseMedia(in)
		var me *MediaError
		require.ErrorAs(t, err, &me, in)
		require.Equal(t, parameter, me.Parameter, in)
	}
}

func FuzzParseMedia(f *testing.F) {
	f.Add("text/csv;header=present;label=a+b;delimiter=\";\";null=?")
	f.Add("application/x-parquet; text=\"a\\\"b\"")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMedia(s)
		if err != nil {
			return
		}
		again, err := ParseMedia(m.String())
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%q: %+v became %q: %+v, %v", s, m, m.String(), again, err)
		}
	})
}

func TestRoles(t *testing.T) {
	t.Parallel()
	named := NewSchema(true, NullField("y", Float64Type), NullField("w", Float64Type), NullField("a", Float64Type), NullField("b", StringType))
	bare := NewSchema(false, NullField("c0", Float64Type), NullField("c1", Float64Type), NullField("c2", Float64Type))
	cases := []struct {
		name     string
		media    string
		schema   *Schema
		training bool
		want     Roles
		err      string // column of the error
	}{
		{"label first", "text/csv", bare, true, Roles{Label: []string{"c0"}, Features: []string{"c1", "c2"}}, ""},
		{"no label to score", "text/csv", bare, false, Roles{Features: []string{"c0", "c1", "c2"}}, ""},
		{"by position", "text/csv;label=3;ignore=1", bare, true, Roles{Label: []string{"c2"}, Features: []string{"c1"}}, ""},
		{"label_size", "text/csv;label_size=2", bare, true, Roles{Label: []string{"c0", "c1"}, Features: []string{"c2"}}, ""},
		{"unlabelled", "text/csv;label_size=0", bare, true, Roles{Features: []string{"c0", "c1", "c2"}}, ""},
		{"by name", "application/x-parquet;label=b;weight=w", named, true, Roles{Label: []string{"b"}, Weight: "w", Features: []string{"y", "a"}, Named: true}, ""},
		{"named to score", "text/csv;header=present;label=y", named, false, Roles{Label: []string{"y"}, Features: []string{"w", "a", "b"}, Named: true}, ""},
		{"group", "application/x-parquet;label=b;group=w", named, true, Roles{Label: []string{"b"}, Group: "w", Features: []string{"y", "a"}, Named: true}, ""},
		{"group and label", "application/x-parquet;label=b;group=b", named, true, Roles{}, "b"},
		{"first but weight", "application/x-parquet;weight=y", named, true, Roles{Label: []string{"w"}, Weight: "y", Features: []string{"a", "b"}, Named: true}, ""},
		{"label missing", "text/csv;header=present;label=z", named, true, Roles{}, "z"},
		{"position too far", "text/csv;label=4", bare, true, Roles{}, "4"},
		{"twice", "text/csv;header=present;label=y;ignore=y", named, true, Roles{}, "y"},
		{"libsvm", "text/libsvm", libsvmSchema(true, true), true, Roles{Label: []string{"label"}, Weight: "weight", Features: []string{"indices", "values"}}, ""},
	}
	for _, c := range cases {
		got, err := mustMedia(t, c.media).Roles(c.schema, c.training)
		if c.err != "" {
			var se *SchemaError
			require.ErrorAs(t, err, &se, c.name)
			require.Equal(t, c.err, se.Column, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, got, c.name)
	}
	_, err := mustMedia(t, "text/csv;header=present;label=z").Roles(named, true)
	require.EqualError(t, err, `dataset, column "z": the label column is not there; there are y, w, a, b`)
}

func TestContentTypesPageIsCurrent(t *testing.T) {
	t.Parallel()
	const page = "../docs/content-types.md"
	want := ContentTypesPage()
	if os.Getenv("BATCHMILL_UPDATE") != "" {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
	}
	got, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run BATCHMILL_UPDATE=1 go test ./dataset -run ContentTypesPage")
}
