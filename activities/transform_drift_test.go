package activities

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
)

// driftCase is a second file beside a first one.
type driftCase struct {
	file, beside string   // the second and the first, in testdata/drift; "": base
	filter       string   // InputFilter
	refused      []string // what the error says besides the object; none: both files give the same predictions
	later        bool     // of Parquet, which does not say how long lists are, only once they are read
}

// typedDrift is what may happen to files that say their types.
var typedDrift = []driftCase{
	{file: "base"},
	{file: "reordered"},
	{file: "base", beside: "reordered"},
	{file: "missing", refused: []string{"households"}},
	{file: "upper", refused: []string{"latitude"}},
	{file: "renamed", refused: []string{"longitude"}},
	{file: "extra"},
	{file: "extra_number"},
	{file: "twice", refused: []string{"latitude", "two columns have this name"}},
	{file: "float32"},
	{file: "float16"},
	{file: "int64"},
	{file: "int32"},
	{file: "uint16"},
	{file: "decimal"},
	{file: "decimal256"},
	{file: "dictionary"},
	{file: "required"},
	{file: "string", refused: []string{"median_income", "utf8"}},
	{file: "large_string", refused: []string{"median_income", "utf8"}},
	{file: "bool", refused: []string{"households", "booleans here and numbers there", "base"}},
	{file: "list", refused: []string{"median_income", "list"}},
	{file: "timestamp", refused: []string{"total_rooms", "timestamps here and numbers there", "base"}},
	{file: "date", refused: []string{"total_rooms", "dates here and numbers there", "base"}},
	{file: "timestamp_s", beside: "timestamp"},
	{file: "timestamp_ms", beside: "timestamp"},
	{file: "timestamp_ns", beside: "timestamp"},
	{file: "timestamp_zone", beside: "timestamp"},
	{file: "date", beside: "timestamp", refused: []string{"total_rooms", "dates here and timestamps there", "timestamp"}},
	{file: "struct_reordered", beside: "struct", filter: "$.house.values"},
	{file: "struct_extra", beside: "struct", filter: "$.house.values"},
	{file: "struct_float32", beside: "struct", filter: "$.house.values"},
	{file: "struct_large", beside: "struct", filter: "$.house.values"},
	{file: "struct_fixed", beside: "struct", filter: "$.house.values"},
	{file: "struct_missing", beside: "struct", filter: "$.house.values", refused: []string{"house", `no member "values"`}},
	{file: "struct_string", beside: "struct", filter: "$.house.values", refused: []string{"house"}},
	{file: "struct_short", beside: "struct", filter: "$.house.values", refused: []string{"8 feature columns, but there are 7"}, later: true},
	{file: "struct_scalar", beside: "struct", filter: "$.house.values", refused: []string{"8 feature columns, but there are 1"}},
}

// TestTypedDrift: files of one job that differ in columns or types give what equal files give, or the one that does not fit is refused with
// the column before any shard runs. The files are another program's.
func TestTypedDrift(t *testing.T) {
	t.Parallel()
	for contentType, suffix := range map[string]string{"application/x-parquet": ".parquet", "application/vnd.apache.arrow.stream": ".arrows"} {
		read := func(name string) []byte {
			data, err := os.ReadFile(filepath.Join("testdata", "drift", name+suffix))
			require.NoError(t, err)
			return data
		}
		for model, artifact := range driftModels(t) {
			for _, c := range typedDrift {
				if c.beside == "" {
					c.beside = "base"
				}
				t.Run(c.file+" beside "+c.beside+suffix+", model "+model, func(t *testing.T) {
					t.Parallel()
					c.run(t, contentType, artifact, read(c.beside), read(c.file))
				})
			}
		}
	}
}

// driftModels are a model that knows the names of its features and one that does not.
func driftModels(t *testing.T) map[string][]byte {
	t.Helper()
	nameless := shared(t, "xgboost_reference/california_missing/model.json")
	names, err := json.Marshal(california(t)[0][:8])
	require.NoError(t, err)
	const empty = `"feature_names":[]`
	require.Equal(t, 1, bytes.Count(nameless, []byte(empty)))
	return map[string][]byte{
		"without names": nameless,
		"with names":    bytes.Replace(nameless, []byte(empty), []byte(`"feature_names":`+string(names)), 1),
	}
}

func (c driftCase) run(t *testing.T, contentType string, artifact, first, second []byte) {
	s := newShop(t, newStore())
	s.put("s3://b/model", artifact)
	s.put("s3://b/in/1 "+c.beside, first)
	s.put("s3://b/in/2 "+c.file, second)
	doc := transformDoc(contentType, object{})
	doc["ModelName"] = "s3://b/model"
	doc["TransformOutput"].(object)["Accept"] = "text/csv"
	if c.filter != "" {
		doc["DataProcessing"] = object{"InputFilter": c.filter}
	}
	if c.later && contentType == "application/x-parquet" {
		_, err := s.transform(doc)
		require.ErrorContains(t, err, `dataset: s3://b/in/2 `+c.file+`, row group 0, row 1, column "house": `)
		return
	}
	if c.refused != nil {
		_, err := s.PlanTransform(t.Context(), jobOf(s, doc))
		for _, want := range append([]string{"s3://b/in/2 " + c.file}, c.refused...) {
			require.ErrorContains(t, err, want)
		}
		require.Equal(t, jobs.ClientError, classify(err), err)
		require.Empty(t, s.read("s3://b/out/"))
		return
	}
	done, err := s.transform(doc)
	require.NoError(t, err)
	s.verify(done)
	got := s.read("s3://b/out/")
	one, two := got["out/1 "+c.beside+".out"], got["out/2 "+c.file+".out"]
	require.Len(t, lines(one), bytes.Count([]byte(one), []byte("\n")))
	require.NotEmpty(t, one)
	require.Equal(t, one, two)
}

// TestTextDrift is TestTypedDrift for CSV with a header and for JSON Lines, where the values say the types.
func TestTextDrift(t *testing.T) {
	t.Parallel()
	house := columns(california(t), 8)[:31]
	change := func(column int, to func(string) string) [][]string {
		out := make([][]string, len(house))
		for i, r := range house {
			out[i] = slices.Clone(r)
			if i > 0 {
				out[i][column] = to(r[column])
			}
		}
		return out
	}
	named := func(column int, name string) [][]string {
		out := slices.Clone(house)
		out[0] = slices.Clone(house[0])
		out[0][column] = name
		return out
	}
	reversed := make([][]string, len(house))
	for i, r := range house {
		reversed[i] = slices.Clone(r)
		slices.Reverse(reversed[i])
	}
	more := make([][]string, len(house))
	for i, r := range house {
		more[i] = append([]string{map[bool]string{true: "id", false: "7"}[i == 0]}, r...)
	}
	whole := func(v string) string { return strings.TrimSuffix(v, ".0") }
	text := string(toCSV(t, house))
	objects := string(jsonLines(house))
	for name, c := range map[string]struct {
		contentType string
		in          string
		refused     []string
	}{
		"CSV, reordered":       {"text/csv;header=present", string(toCSV(t, reversed)), nil},
		"CSV, extra":           {"text/csv;header=present", string(toCSV(t, more)), nil},
		"CSV, whole numbers":   {"text/csv;header=present", string(toCSV(t, change(3, whole))), nil},
		"CSV, quoted":          {"text/csv;header=present", `"` + strings.NewReplacer(",", `","`, "\n", "\"\n\"").Replace(strings.TrimSuffix(text, "\n")) + `"`, nil},
		"CSV, semicolons":      {"text/csv;header=present", strings.ReplaceAll(text, ",", ";"), nil},
		"CSV, CRLF, BOM":       {"text/csv;header=present", "\xef\xbb\xbf" + strings.ReplaceAll(text, "\n", "\r\n"), nil},
		"CSV, missing":         {"text/csv;header=present", string(toCSV(t, columns(house, 7))), []string{"median_income"}},
		"CSV, upper case":      {"text/csv;header=present", string(toCSV(t, named(1, "LATITUDE"))), []string{"latitude"}},
		"CSV, twice":           {"text/csv;header=present", string(toCSV(t, named(2, "latitude"))), []string{"latitude", "two columns have this name"}},
		"CSV, text":            {"text/csv;header=present", string(toCSV(t, change(6, func(string) string { return "many" }))), []string{"households", `"many"`}},
		"CSV, dates":           {"text/csv;header=present", string(toCSV(t, change(2, func(string) string { return "2026-11-21" }))), []string{"housing_median_age", "2026-11-21"}},
		"JSON, reordered":      {"application/jsonlines", string(jsonLines(reversed)), nil},
		"JSON, extra":          {"application/jsonlines", string(jsonLines(more)), nil},
		"JSON, whole numbers":  {"application/jsonlines", string(jsonLines(change(3, whole))), nil},
		"JSON, numbers quoted": {"application/jsonlines", string(jsonLines(change(3, func(v string) string { return `"` + v + `"` }))), nil},
		"JSON, nested beside":  {"application/jsonlines", strings.ReplaceAll(objects, "{", `{"more":{"a":[1,{"b":2}]},`), nil},
		"JSON, missing":        {"application/jsonlines", string(jsonLines(columns(house, 7))), []string{"median_income"}},
		"JSON, upper case":     {"application/jsonlines", string(jsonLines(named(1, "Latitude"))), []string{"latitude"}},
		"JSON, text":           {"application/jsonlines", string(jsonLines(change(6, func(string) string { return `"many"` }))), []string{"households", "many"}},
		"JSON, booleans":       {"application/jsonlines", string(jsonLines(change(6, func(string) string { return "true" }))), []string{"households", "true"}},
		"JSON, nested":         {"application/jsonlines", string(jsonLines(change(6, func(v string) string { return `{"v":` + v + "}" }))), []string{"households"}},
	} {
		for model, artifact := range driftModels(t) {
			t.Run(name+", model "+model, func(t *testing.T) {
				t.Parallel()
				first := text
				if c.contentType == "application/jsonlines" {
					first = objects
				}
				driftCase{file: "changed", beside: "base", refused: c.refused}.run(t, c.contentType, artifact, []byte(first), []byte(c.in))
			})
		}
	}
}

// TestDriftToNothing: a column without any value is missing in every row, whatever type it has.
func TestDriftToNothing(t *testing.T) {
	t.Parallel()
	missing := slices.Clone(columns(california(t), 8)[:25])
	base := driftRows(t)
	for i := range missing {
		missing[i] = slices.Clone(base[i])
		if i > 0 {
			missing[i][4] = ""
		}
	}
	want := predictionsOf(t, "text/csv;header=present", toCSV(t, missing))
	for contentType, suffix := range map[string]string{"application/x-parquet": ".parquet", "application/vnd.apache.arrow.stream": ".arrows"} {
		data, err := os.ReadFile(filepath.Join("testdata", "drift", "null"+suffix))
		require.NoError(t, err)
		require.Equal(t, want, predictionsOf(t, contentType, data), contentType)
	}
	require.Equal(t, want, predictionsOf(t, "application/jsonlines", jsonLines(missing)))
}

// driftRows are the rows of the files in testdata/drift, with their header.
func driftRows(t *testing.T) [][]string {
	t.Helper()
	all := columns(california(t), 8)
	return append(slices.Clone(all[:1]), all[16:40]...)
}

// predictionsOf scores one object alone.
func predictionsOf(t *testing.T, contentType string, in []byte) string {
	t.Helper()
	s := newShop(t, newStore())
	s.put("s3://b/model", shared(t, "xgboost_reference/california_missing/model.json"))
	s.put("s3://b/in/a", in)
	doc := transformDoc(contentType, object{})
	doc["ModelName"], doc["TransformOutput"].(object)["Accept"] = "s3://b/model", "text/csv"
	_, err := s.transform(doc)
	require.NoError(t, err)
	return s.read("s3://b/out/a.out")["out/a.out"]
}
