package dataset

import (
	"fmt"
	"strings"
)

// RecordError says that one record, or one value of it, cannot be read. It is the user's data to mend.
type RecordError struct {
	Object   string // name of the object
	RowGroup int    // Parquet row group, -1 if it does not apply
	Row      int64  // record within the object from 1, header excluded; 0 if unknown
	Line     int64  // line within the object from 1; 0 if it does not apply
	Instance int64  // JSON documents of several records: record within its document from 1; 0 if it does not apply
	Column   string // column name, or "column N" (from 1) without names; empty if it is about the whole record
	Reason   string
	Raw      string // the record's text, cut to a few hundred bytes; empty for binary formats
}

func (e *RecordError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "dataset: %s", e.Object)
	if e.RowGroup >= 0 {
		fmt.Fprintf(&b, ", row group %d", e.RowGroup)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	} else if e.Row > 0 && e.Instance == 0 {
		fmt.Fprintf(&b, ", row %d", e.Row)
	}
	if e.Instance > 0 {
		fmt.Fprintf(&b, ", instance %d", e.Instance)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ", column %q", e.Column)
	}
	return b.String() + ": " + e.Reason
}

// SchemaError says that an object's columns are not what they should be: unreadable, missing, renamed, or of a type that
// cannot be reconciled with another object's.
type SchemaError struct {
	Object string // name of the object
	Other  string // the object it disagrees with, if any
	Column string // the column, if it is about one
	Reason string
}

func (e *SchemaError) Error() string {
	s := "dataset"
	if e.Object != "" {
		s += ": " + e.Object
	}
	if e.Column != "" {
		s += fmt.Sprintf(", column %q", e.Column)
	}
	s += ": " + e.Reason
	if e.Other != "" {
		s += " (compare " + e.Other + ")"
	}
	return s
}

// MediaError says that a content type, or one of its parameters, is not one this package knows.
type MediaError struct {
	ContentType string
	Parameter   string // empty if it is about the media type itself
	Reason      string
}

func (e *MediaError) Error() string {
	s := fmt.Sprintf("dataset: content type %q", e.ContentType)
	if e.Parameter != "" {
		s += fmt.Sprintf(", parameter %q", e.Parameter)
	}
	return s + ": " + e.Reason
}
