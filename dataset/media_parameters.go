package dataset

import (
	"slices"
	"strings"
)

// mediaFormats declares the media types; the first name of each is its canonical one.
var mediaFormats = []struct {
	format Format
	names  []string
	about  string
}{
	{CSV, []string{"text/csv"}, "RFC 4180; fields may be quoted, quoted fields may hold line ends"},
	{Parquet, []string{"application/x-parquet", "application/vnd.apache.parquet"}, "Apache Parquet"},
	{JSONLines, []string{"application/jsonlines", "application/x-ndjson"}, "one JSON object per line, its members are the columns"},
	{JSON, []string{"application/json"}, "a JSON document per object (or line, see `split`): `{\"instances\": [...]}`, an array of records, or one record; a record is an object whose members are the columns, or a vector in one of [SageMaker's forms](#json-documents)"},
	{LibSVM, []string{"text/libsvm", "text/x-libsvm"}, "`label[:weight] [qid:N] index:value ...`, sparse"},
	{RecordIO, []string{"application/x-recordio-protobuf"}, "RecordIO of SageMaker's protobuf records: dense or sparse vectors of float32, float64 or int32 under the key `values`, with their label"},
	{ArrowStream, []string{"application/vnd.apache.arrow.stream"}, "Arrow IPC stream"},
	{ArrowFile, []string{"application/vnd.apache.arrow.file"}, "Arrow IPC file"},
}

// mediaParameter declares one parameter: the one source for parsing, printing and docs/content-types.md.
type mediaParameter struct {
	name    string
	formats []Format // nil: all
	values  string
	def     string
	about   string
	set     func(*Media, string) (reason string)
	get     func(*Media) (value string, said bool)
}

func (p *mediaParameter) appliesTo(f Format) bool {
	return p.formats == nil || slices.Contains(p.formats, f)
}

var mediaParameters = []mediaParameter{
	{name: "header", formats: []Format{CSV}, values: "`present` or `absent`", def: "`absent`, as in SageMaker",
		about: "whether the first record holds the column names; without them columns are called c0, c1, ...",
		set: func(m *Media, v string) string {
			m.Header = strings.EqualFold(v, "present")
			return oneOf(v, "present", "absent")
		},
		get: func(m *Media) (string, bool) { return "present", m.Header }},
	{name: "label", values: "`NAME` or `NAME+NAME`", def: "in training the first column, otherwise none",
		about: "the label columns, by name; by position from 1 where columns have no names",
		set:   func(m *Media, v string) string { return setList(&m.Label, v) },
		get:   func(m *Media) (string, bool) { return joinList(m.Label), len(m.Label) > 0 }},
	{name: "label_size", values: "a number", def: "1 in training, 0 otherwise",
		about: "SageMaker's parameter: that many leading columns are labels; 0: there is no label",
		set: func(m *Media, v string) string {
			n, ok := parseLabelSize(v)
			if !ok {
				return "must be a whole number of 0 or more"
			}
			m.LabelSize = n
			return ""
		},
		get: func(m *Media) (string, bool) {
			if m.LabelSize == nil {
				return "", false
			}
			return itoa(*m.LabelSize), true
		}},
	{name: "weight", values: "`NAME`", def: "none",
		about: "the column of instance weights, by name or position from 1",
		set: func(m *Media, v string) string {
			m.Weight = v
			return notEmpty(v)
		},
		get: func(m *Media) (string, bool) { return m.Weight, m.Weight != "" }},
	{name: "group", values: "`NAME`", def: "a column named `qid`",
		about: "for ranking: the column that says which query a row belongs to, by name or position from 1",
		set: func(m *Media, v string) string {
			m.Group = v
			return notEmpty(v)
		},
		get: func(m *Media) (string, bool) { return m.Group, m.Group != "" }},
	{name: "ignore", values: "`NAME` or `NAME+NAME`", def: "none",
		about: "columns that are neither label nor weight nor feature",
		set:   func(m *Media, v string) string { return setList(&m.Ignore, v) },
		get:   func(m *Media) (string, bool) { return joinList(m.Ignore), len(m.Ignore) > 0 }},
	{name: "delimiter", formats: []Format{CSV}, values: "one ASCII character, or `comma`, `semicolon`, `tab`, `pipe`, `space`",
		def: "the one of `,` `;` TAB `|` that is most frequent in the first record", about: "what separates fields",
		set: func(m *Media, v string) string {
			c, ok := parseDelimiter(v)
			if !ok {
				return "must be one ASCII character, or comma, semicolon, tab, pipe or space"
			}
			m.Delimiter = c
			return ""
		},
		get: func(m *Media) (string, bool) { return delimiterWord(m.Delimiter), m.Delimiter != 0 }},
	{name: "split", formats: []Format{JSON}, values: "`none` or `line`", def: "`none`; a transform's SplitType sets it",
		about: "whether an object is one document, or each line of it",
		set: func(m *Media, v string) string {
			m.LineSplit = strings.EqualFold(v, "line")
			return oneOf(v, "none", "line")
		},
		get: func(m *Media) (string, bool) { return "line", m.LineSplit }},
	{name: "null", formats: []Format{CSV, JSONLines, JSON}, values: "`TOKEN` or `TOKEN+TOKEN`", def: "none",
		about: "texts that stand for a missing value besides the empty one; for numbers `NaN`, `nan` and `NA` always do",
		set:   func(m *Media, v string) string { return setList(&m.Nulls, v) },
		get:   func(m *Media) (string, bool) { return joinList(m.Nulls), len(m.Nulls) > 0 }},
	{name: "text", values: "`NAME` or `NAME+NAME`", def: "none",
		about: "columns to take as text even if they look like numbers, for example postal codes",
		set:   func(m *Media, v string) string { return setList(&m.Text, v) },
		get:   func(m *Media) (string, bool) { return joinList(m.Text), len(m.Text) > 0 }},
	{name: "compression", formats: []Format{CSV, JSONLines, JSON, LibSVM, RecordIO, ArrowStream}, values: "`gzip`, `zstd` or `none`",
		def: "by the object's first bytes", about: "how the whole object is compressed",
		set: func(m *Media, v string) string {
			m.Compression = Compression(strings.ToLower(v))
			return oneOf(v, "gzip", "zstd", "none")
		},
		get: func(m *Media) (string, bool) { return string(m.Compression), m.Compression != "" }},
	{name: "charset", formats: []Format{CSV, JSONLines, JSON, LibSVM}, values: "`utf-8`", def: "`utf-8`",
		about: "accepted for compatibility; text is always UTF-8",
		set:   func(_ *Media, v string) string { return oneOf(v, "utf-8", "utf8", "us-ascii") },
		get:   func(*Media) (string, bool) { return "", false }},
}

func findMediaParameter(name string) *mediaParameter {
	for i := range mediaParameters {
		if mediaParameters[i].name == name {
			return &mediaParameters[i]
		}
	}
	return nil
}

func parameterNames(f Format) []string {
	var names []string
	for i := range mediaParameters {
		if mediaParameters[i].appliesTo(f) {
			names = append(names, mediaParameters[i].name)
		}
	}
	return names
}

func mediaNames() []string {
	var names []string
	for _, f := range mediaFormats {
		names = append(names, f.names...)
	}
	return names
}

func oneOf(v string, allowed ...string) string {
	for _, a := range allowed {
		if strings.EqualFold(v, a) {
			return ""
		}
	}
	return "must be one of " + strings.Join(allowed, ", ")
}

func notEmpty(v string) string {
	if v == "" {
		return "must not be empty"
	}
	return ""
}

func setList(dst *[]string, v string) string {
	*dst = splitList(v)
	if slices.Contains(*dst, "") {
		return "must not hold an empty name"
	}
	return ""
}
