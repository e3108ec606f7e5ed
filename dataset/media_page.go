package dataset

import (
	"fmt"
	"strings"
)

// ContentTypesPage is docs/content-types.md, made from the declarations that ParseMedia uses.
func ContentTypesPage() string {
	var b strings.Builder
	b.WriteString(`# Content types

What a channel or a transform input holds is said by its content type: a media type, and parameters after semicolons.

    text/csv
    text/csv;header=present;label=income;ignore=fnlwgt
    application/x-parquet;label=median_house_value;weight=w

Names of media types and parameters are matched without regard to case, spaces around them are ignored. A value may stand in
double quotes, and must if it holds a semicolon or a quote. Lists are joined by ` + "`+`" + `; a plus sign inside a name is
written ` + "`%2B`, a percent sign `%25`" + `. A parameter that is not in the table is refused by name.

<!-- Generated from dataset/media_parameters.go: BATCHMILL_UPDATE=1 go test ./dataset -run ContentTypesPage -->

## Formats

| media type | also | what it is |
|---|---|---|
`)
	for _, f := range mediaFormats {
		also := ""
		for _, n := range f.names[1:] {
			also += "`" + n + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.format, also, f.about)
	}
	b.WriteString("\n## Parameters\n\n| parameter | value | where nothing is said | meaning | formats |\n|---|---|---|---|---|\n")
	for i := range mediaParameters {
		p := &mediaParameters[i]
		formats := "all"
		if p.formats != nil {
			names := make([]string, len(p.formats))
			for j, f := range p.formats {
				names[j] = "`" + string(f) + "`"
			}
			formats = strings.Join(names, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", p.name, escapeCell(p.values), escapeCell(p.def), escapeCell(p.about), formats)
	}
	b.WriteString(`
## Types of columns

Parquet and Arrow say the types themselves: decimals are read as float64, dictionaries as what they encode. In text formats every
record of every object is looked at: whole numbers, numbers, ` + "`true` and `false`" + `, else text. Where columns of several
objects differ in type, whole and other numbers become numbers, and a column without any value takes the type it has elsewhere; a
number in one object and text in another is an error that names both objects and the column.

A column of numbers does not become text because of one stray word: where the first 10,000 records of an object hold numbers, a
later word is an error that names object, row and column. Say ` + "`text=COLUMN`" + ` if it is meant to be text.

An empty field is a missing value, quoted or not.

A record of text or of RecordIO may have 64 MiB. A longer one fails the job and is named by object and line.

## JSON documents

An object of ` + "`application/json`" + ` is one document, or, with ` + "`split=line`" + ` (a transform's SplitType Line), a document on each line. Its records are
the elements of its member ` + "`instances`" + ` (or ` + "`predictions`, `projections`, `scores`" + `, so that an answer can be read again), the elements of an array of
arrays or objects, or the document itself. Forms of a record, which may be mixed where they are lists:

    {"age": 39, "city": "Oslo"}                                                     members are columns, by name
    [1.5, 16.0]                                                                     columns by position
    {"features": [1.5, 16.0]}
    {"data": {"features": {"values": [1.5, 16.0]}}}
    {"data": {"features": {"keys": [26, 182], "shape": [2000], "values": [1, 4]}}}  sparse

A document is read as a stream, however long: only a record, and what stands above the list of records, must fit 64 MiB. So must a
document that a transform joins its answer to or that a filter cuts.
`)
	return b.String()
}

func escapeCell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
