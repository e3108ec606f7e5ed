package dataset

import (
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
)

// DataType is the type of a column.
type DataType = arrow.DataType

// Column types under Batchmill's names.
var (
	Float32Type DataType = arrow.PrimitiveTypes.Float32
	Float64Type DataType = arrow.PrimitiveTypes.Float64
	Int32Type   DataType = arrow.PrimitiveTypes.Int32
	Int64Type   DataType = arrow.PrimitiveTypes.Int64
	StringType  DataType = arrow.BinaryTypes.String
	BinaryType  DataType = arrow.BinaryTypes.Binary
	BoolType    DataType = arrow.FixedWidthTypes.Boolean
	// TimestampType counts microseconds since 1970 in UTC.
	TimestampType DataType = arrow.FixedWidthTypes.Timestamp_us
)

// Float32ListType is the type of vectors of width float32 values.
func Float32ListType(width int) DataType {
	return arrow.FixedSizeListOfNonNullable(int32(width), arrow.PrimitiveTypes.Float32)
}

// Int32ListType is the type of vectors of width int32 values.
func Int32ListType(width int) DataType {
	return arrow.FixedSizeListOfNonNullable(int32(width), arrow.PrimitiveTypes.Int32)
}

// Width is the number of values in a vector of that type; 1 for types that are none.
func Width(t DataType) int {
	if l, ok := t.(*arrow.FixedSizeListType); ok {
		return int(l.Len())
	}
	return 1
}

// Schema metadata. It travels in Parquet's key-value metadata, so that what was read without names keeps having none.
const (
	namesKey       = "batchmill.names" // "positional": names were made up from positions
	positional     = "positional"
	sparseKey      = "batchmill.rows" // what rows are, where columns alone do not say it
	sparseRows     = "sparse"         // features are the columns indices and values
	recordRows     = "records"        // the label stands apart from the features, which are the other columns
	sparseIndexCol = "indices"
	sparseValueCol = "values"
	labelCol       = "label"
	weightCol      = "weight"
	qidCol         = "qid"
)

// NewSchema makes a schema. named says whether the names are the user's own or made up from positions.
func NewSchema(named bool, fields ...Field) *Schema {
	md := arrow.Metadata{}
	if !named {
		md = arrow.NewMetadata([]string{namesKey}, []string{positional})
	}
	return arrow.NewSchema(fields, &md)
}

// PositionalSchema is the schema of that many columns of text without names of their own.
func PositionalSchema(width int) *Schema {
	fields := make([]Field, width)
	for i := range fields {
		fields[i] = NullField(positionName(i), StringType)
	}
	return NewSchema(false, fields...)
}

// Named says whether the column names are the user's own. They are not for CSV without a header, whose columns are called
// c0, c1, ..., nor for libsvm and RecordIO.
func Named(s *Schema) bool {
	v, ok := s.Metadata().GetValue(namesKey)
	return !ok || v != positional
}

// Sparse says whether rows are sparse vectors, as libsvm's are, and RecordIO's may be: see SparseRow.
func Sparse(s *Schema) bool {
	v, ok := s.Metadata().GetValue(sparseKey)
	return ok && v == sparseRows
}

// ownLabel says whether rows carry their label apart from the features, so that it need not be told.
func ownLabel(s *Schema) bool {
	v, _ := s.Metadata().GetValue(sparseKey)
	return v == sparseRows || v == recordRows
}

// NullField is a column that may miss values.
func NullField(name string, t DataType) Field { return Field{Name: name, Type: t, Nullable: true} }

// fieldsOf returns the schema with other fields and the same metadata.
func withFields(s *Schema, fields []Field) *Schema {
	md := s.Metadata()
	return arrow.NewSchema(fields, &md)
}

// columnIndex finds a column by name; -1 if it is not there.
func columnIndex(s *Schema, name string) int {
	if idx := s.FieldIndices(name); len(idx) > 0 {
		return idx[0]
	}
	return -1
}

func positionName(i int) string { return "c" + strconv.Itoa(i) }

func itoa(i int) string { return strconv.Itoa(i) }

// ColumnNames lists a schema's columns.
func ColumnNames(s *Schema) []string {
	names := make([]string, s.NumFields())
	for i := range names {
		names[i] = s.Field(i).Name
	}
	return names
}

// columnLabel names a column in messages: its name, or "column N" where names are made up.
func columnLabel(s *Schema, i int) string {
	if Named(s) || Sparse(s) {
		return s.Field(i).Name
	}
	return "column " + strconv.Itoa(i+1)
}
