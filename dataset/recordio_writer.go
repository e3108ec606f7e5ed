package dataset

import (
	"io"
	"math"

	"github.com/apache/arrow/go/v15/arrow/array"
	"google.golang.org/protobuf/encoding/protowire"
)

// recordIOWriter writes RecordIO of protobuf records, all numbers as float32 tensors. The column label, and label1, ... after
// it, are a record's label, the other columns its features; sparse batches keep their vectors. With scores set every column is
// an entry of the label map under its own name instead: so algorithms answer.
type recordIOWriter struct {
	w      io.Writer
	schema *Schema
	scores bool
	buf    []byte
	record []byte
	entry  []byte
	values []float32
}

func newRecordIOWriter(w io.Writer, schema *Schema, scores bool) (*recordIOWriter, error) {
	if err := CheckRecordIO(schema.Fields()); err != nil {
		return nil, err
	}
	return &recordIOWriter{w: w, schema: schema, scores: scores}, nil
}

// CheckRecordIO is a *SchemaError that names a column which RecordIO cannot hold.
func CheckRecordIO(fields []Field) error {
	for _, f := range fields {
		if !Numeric(f.Type) && Width(f.Type) == 1 && f.Name != sparseIndexCol && f.Name != sparseValueCol {
			return &SchemaError{Column: f.Name, Reason: "records hold numbers, not " + typeWord(f.Type)}
		}
	}
	return nil
}

func (r *recordIOWriter) Write(b Batch) error {
	if err := checkColumns(r.schema, b.Schema()); err != nil {
		return err
	}
	vectors, err := r.vectors(b)
	if err != nil {
		return err
	}
	for i := range int(b.NumRows()) {
		r.record = r.record[:0]
		for _, v := range vectors {
			v.append(r, i)
		}
		r.buf = appendFrame(r.buf, r.record)
	}
	_, err = r.w.Write(r.buf)
	r.buf = r.buf[:0]
	return err
}

func (r *recordIOWriter) Close() error { return nil }

// recordVector is an entry of one of a record's maps, for every row of a batch.
type recordVector struct {
	in      protowire.Number // recordFeatures or recordLabel
	key     string
	columns [][]float32 // of one value a row each
	list    []float32   // or width values a row
	width   int
	sparse  *SparseRows // or a sparse vector
}

// vectors sorts the columns of a batch.
func (r *recordIOWriter) vectors(b Batch) ([]recordVector, error) {
	if r.scores {
		return scoreVectors(r.schema.Fields(), b.Columns())
	}
	features, label := recordVector{in: recordFeatures, key: plainKey}, recordVector{in: recordLabel, key: plainKey}
	labels := recordLabels(r.schema)
	for i, f := range r.schema.Fields() {
		if f.Name == sparseIndexCol || f.Name == sparseValueCol {
			continue
		}
		values := make([]float32, b.NumRows())
		if err := Floats(b.Column(i), values); err != nil {
			return nil, err
		}
		if i < labels {
			label.columns = append(label.columns, values)
		} else {
			features.columns = append(features.columns, values)
		}
	}
	if Sparse(r.schema) {
		rows, err := SparseColumns(b)
		if err != nil {
			return nil, err
		}
		features.sparse, features.columns = rows, nil
	}
	out := []recordVector{features}
	if labels > 0 {
		out = append(out, label)
	}
	return out, nil
}

// scoreVectors are entries of the label map, one for each column.
func scoreVectors(fields []Field, columns []Column) ([]recordVector, error) {
	var out []recordVector
	for i, f := range fields {
		v := recordVector{in: recordLabel, key: f.Name, width: 1}
		col := columns[i]
		if list, ok := col.(*array.FixedSizeList); ok {
			v.width = Width(f.Type)
			from := (list.Data().Offset()) * v.width
			col = array.NewSlice(list.ListValues(), int64(from), int64(from+list.Len()*v.width))
		}
		v.list = make([]float32, col.Len())
		if err := Floats(col, v.list); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// append adds row i's entry to the writer's record.
func (v *recordVector) append(r *recordIOWriter, i int) {
	r.values = r.values[:0]
	var keys []int32
	switch {
	case v.sparse != nil:
		var values []float32
		keys, values = v.sparse.Row(i)
		r.values = append(r.values, values...)
	case v.list != nil:
		r.values = append(r.values, v.list[i*v.width:(i+1)*v.width]...)
	default:
		for _, c := range v.columns {
			r.values = append(r.values, c[i])
		}
	}
	tensor := appendFloats(nil, r.values)
	if v.sparse != nil {
		tensor = appendKeys(tensor, keys)
	}
	value := protowire.AppendBytes(protowire.AppendTag(nil, valueFloat32, protowire.BytesType), tensor)
	r.entry = protowire.AppendString(protowire.AppendTag(r.entry[:0], entryKey, protowire.BytesType), v.key)
	r.entry = protowire.AppendBytes(protowire.AppendTag(r.entry, entryValue, protowire.BytesType), value)
	r.record = protowire.AppendBytes(protowire.AppendTag(r.record, v.in, protowire.BytesType), r.entry)
}

func appendFloats(dst []byte, values []float32) []byte {
	if len(values) == 0 {
		return dst
	}
	dst = protowire.AppendTag(dst, tensorValues, protowire.BytesType)
	dst = protowire.AppendVarint(dst, uint64(4*len(values)))
	for _, v := range values {
		dst = protowire.AppendFixed32(dst, math.Float32bits(v))
	}
	return dst
}

// appendKeys adds the keys of a sparse vector and its shape: one more than the largest key, since rows do not say how long
// they are.
func appendKeys(dst []byte, keys []int32) []byte {
	if len(keys) > 0 {
		packed, size := 0, int32(0)
		for _, k := range keys {
			packed += protowire.SizeVarint(uint64(k))
			size = max(size, k)
		}
		dst = protowire.AppendVarint(protowire.AppendTag(dst, tensorKeys, protowire.BytesType), uint64(packed))
		for _, k := range keys {
			dst = protowire.AppendVarint(dst, uint64(k))
		}
		return appendShape(dst, uint64(size)+1)
	}
	return appendShape(dst, 1)
}

func appendShape(dst []byte, size uint64) []byte {
	dst = protowire.AppendVarint(protowire.AppendTag(dst, tensorShape, protowire.BytesType), uint64(protowire.SizeVarint(size)))
	return protowire.AppendVarint(dst, size)
}
