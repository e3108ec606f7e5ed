package dataset

import (
	"fmt"
	"strconv"
	"strings"
)

// Format is a file format, written as its media type without parameters.
type Format string

// The formats this package reads and writes.
const (
	CSV         Format = "text/csv"
	Parquet     Format = "application/x-parquet"
	JSONLines   Format = "application/jsonlines"
	JSON        Format = "application/json"
	LibSVM      Format = "text/libsvm"
	RecordIO    Format = "application/x-recordio-protobuf"
	ArrowStream Format = "application/vnd.apache.arrow.stream"
	ArrowFile   Format = "application/vnd.apache.arrow.file"
)

// Lines says whether the format is one of text records, which can be cut into byte ranges.
func (f Format) Lines() bool { return f == CSV || f == JSONLines || f == JSON || f == LibSVM }

// Typed says whether the format says the types of its columns.
func (f Format) Typed() bool { return f == Parquet || f == ArrowStream || f == ArrowFile }

// Compression is how a whole object is compressed. Parquet compresses inside the file: see WriteOptions.
type Compression string

// The compressions of whole objects.
const (
	CompressionAuto Compression = ""     // by the first bytes of the object, when read; none, when written
	CompressionNone Compression = "none" // never
	Gzip            Compression = "gzip" // RFC 1952, several members are read as one
	Zstd            Compression = "zstd" // RFC 8878
)

// Media is a parsed content type: the format and what a user says about the columns. The zero value of every member
// means "not said". docs/content-types.md lists the parameters.
type Media struct {
	Format      Format
	Header      bool        // CSV: the first record holds column names
	Label       []string    // label columns: names, or positions from 1
	LabelSize   *int        // number of leading label columns (SageMaker's label_size); nil: not said
	Weight      string      // instance weight column
	Group       string      // column that says which query a row belongs to, for ranking
	Ignore      []string    // columns that are neither label, weight nor feature
	Delimiter   byte        // CSV: field separator; 0: found out from the first record
	LineSplit   bool        // JSON: each line is a document; else the object is one
	Nulls       []string    // texts that stand for a missing value, besides the empty one
	Text        []string    // columns to take as text whatever they look like
	Compression Compression // of the whole object
}

// ParseMedia parses a content type such as "text/csv; header=present; label=income". Names are matched without regard to
// case, spaces around them are ignored. An unknown media type or parameter, or a parameter that does not apply to the
// format, is a *MediaError.
func ParseMedia(contentType string) (Media, error) {
	pieces, err := splitMedia(contentType)
	if err != nil {
		return Media{}, err
	}
	m := Media{}
	name := strings.ToLower(pieces[0])
	for _, f := range mediaFormats {
		for _, n := range f.names {
			if n == name {
				m.Format = f.format
			}
		}
	}
	if m.Format == "" {
		return Media{}, &MediaError{ContentType: contentType, Reason: "unknown media type; known are " + strings.Join(mediaNames(), ", ")}
	}
	seen := map[string]bool{}
	for _, piece := range pieces[1:] {
		if piece == "" {
			continue
		}
		key, value, ok := strings.Cut(piece, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		fail := func(reason string) (Media, error) {
			return Media{}, &MediaError{ContentType: contentType, Parameter: key, Reason: reason}
		}
		if !ok {
			return fail("has no value")
		}
		p := findMediaParameter(key)
		if p == nil {
			return fail("is not known; known are " + strings.Join(parameterNames(m.Format), ", "))
		}
		if !p.appliesTo(m.Format) {
			return fail(fmt.Sprintf("does not apply to %s", m.Format))
		}
		if seen[key] {
			return fail("is given twice")
		}
		seen[key] = true
		if reason := p.set(&m, unquoteMedia(value)); reason != "" {
			return fail(reason)
		}
	}
	if m.LabelSize != nil && len(m.Label) > 0 {
		return Media{}, &MediaError{ContentType: contentType, Parameter: "label_size", Reason: "cannot be given together with label"}
	}
	return m, nil
}

// String writes the content type back; ParseMedia(m.String()) yields m again.
func (m Media) String() string {
	var b strings.Builder
	b.WriteString(string(m.Format))
	for i := range mediaParameters {
		p := &mediaParameters[i]
		if v, said := p.get(&m); said && p.appliesTo(m.Format) {
			b.WriteString(";" + p.name + "=" + quoteMedia(v))
		}
	}
	return b.String()
}

// splitMedia cuts a content type at the semicolons outside quotes.
func splitMedia(s string) ([]string, error) {
	var pieces []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			pieces = append(pieces, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	if quoted {
		return nil, &MediaError{ContentType: s, Reason: "a quote is not closed"}
	}
	return append(pieces, strings.TrimSpace(s[start:])), nil
}

func unquoteMedia(v string) string {
	v = strings.TrimSpace(v)
	if len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
		return v
	}
	v = v[1 : len(v)-1]
	if !strings.Contains(v, `\`) {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

func quoteMedia(v string) string {
	if v != "" && v == strings.TrimSpace(v) && !strings.ContainsAny(v, "\";\\\t\r\n") {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}

// Lists are joined by "+"; a plus or percent sign inside an element is written %2B or %25.
func joinList(v []string) string {
	e := make([]string, len(v))
	for i, s := range v {
		e[i] = strings.NewReplacer("%", "%25", "+", "%2B").Replace(s)
	}
	return strings.Join(e, "+")
}

func splitList(s string) []string {
	e := strings.Split(s, "+")
	for i := range e {
		e[i] = strings.NewReplacer("%25", "%", "%2B", "+", "%2b", "+").Replace(e[i])
	}
	return e
}

var delimiterWords = map[string]byte{"comma": ',', "semicolon": ';', "tab": '\t', `\t`: '\t', "pipe": '|', "space": ' ', "colon": ':'}

func parseDelimiter(s string) (byte, bool) {
	if c, ok := delimiterWords[strings.ToLower(s)]; ok {
		return c, true
	}
	if len(s) != 1 || s[0] >= 0x80 || strings.IndexByte("\"\r\n\x00", s[0]) >= 0 {
		return 0, false
	}
	return s[0], true
}

func delimiterWord(c byte) string {
	switch c {
	case ';':
		return "semicolon"
	case '\t':
		return "tab"
	case ' ':
		return "space"
	}
	return string(rune(c))
}

func parseLabelSize(s string) (*int, bool) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return nil, false
	}
	return &n, true
}
