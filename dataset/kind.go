package dataset

import "github.com/apache/arrow/go/v15/arrow"

// ValueKind groups column types by what can be said about their values.
type ValueKind string

// The kinds of values.
const (
	NumberKind  ValueKind = "number"  // integers, floating point, decimals
	BooleanKind ValueKind = "boolean" // true, false
	TextKind    ValueKind = "text"    // strings and bytes
	TimeKind    ValueKind = "time"    // timestamps and dates
	NullKind    ValueKind = "null"    // a column without a single value
	OtherKind   ValueKind = "other"   // lists, structs, ...
)

// Days says whether a type counts days; other times count seconds and parts of them.
func Days(t DataType) bool { return t.ID() == arrow.DATE32 || t.ID() == arrow.DATE64 }

// KindOf tells what kind of values a type holds; a dictionary's kind is that of its values.
func KindOf(t DataType) ValueKind {
	switch t.ID() {
	case arrow.DICTIONARY:
		return KindOf(t.(*arrow.DictionaryType).ValueType)
	case arrow.BOOL:
		return BooleanKind
	case arrow.STRING, arrow.LARGE_STRING, arrow.BINARY, arrow.LARGE_BINARY, arrow.FIXED_SIZE_BINARY:
		return TextKind
	case arrow.TIMESTAMP, arrow.DATE32, arrow.DATE64:
		return TimeKind
	case arrow.NULL:
		return NullKind
	}
	if arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID()) {
		return NumberKind
	}
	return OtherKind
}
