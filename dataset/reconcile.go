package dataset

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// inferred is the schema a Parquet object is read with where none is asked for.
func (f *parquetFooter) inferred(m Media) *Schema {
	fields := make([]Field, f.schema.NumFields())
	for i, fl := range f.schema.Fields() {
		fields[i] = Field{Name: fl.Name, Type: plainType(fl.Type), Nullable: true}
		if textColumnNamed(m, f.schema, i) {
			fields[i].Type = StringType
		}
	}
	return withFields(f.schema, fields)
}

// textColumnNamed says whether the media wants a column taken as text.
func textColumnNamed(m Media, s *Schema, i int) bool {
	return slices.Contains(m.Text, s.Field(i).Name) || !Named(s) && slices.Contains(m.Text, itoa(i+1))
}

// plainType is the type values are carried in: decimals and half floats as float64, dictionaries as what they encode, nothing
// at all as a missing number.
func plainType(t DataType) DataType {
	switch t.ID() {
	case arrow.DECIMAL128, arrow.DECIMAL256, arrow.FLOAT16, arrow.NULL:
		return Float64Type
	case arrow.LARGE_STRING:
		return StringType
	case arrow.DICTIONARY:
		return plainType(t.(*arrow.DictionaryType).ValueType)
	}
	return t
}

// sameType compares types without regard to names and nullability inside nested ones.
func sameType(a, b DataType) bool {
	if arrow.TypeEqual(a, b) {
		return true
	}
	la, ok1 := a.(arrow.ListLikeType)
	lb, ok2 := b.(arrow.ListLikeType)
	return ok1 && ok2 && a.ID() == b.ID() && a.ID() != arrow.MAP && sameType(la.Elem(), lb.Elem())
}

// objectSchema is one object's own schema.
type objectSchema struct {
	object string
	schema *Schema
	empty  []bool // per column: no value at all, so any type will do
}

// reconcile finds the schema that all objects can be read with. The first object gives the order of columns.
func reconcile(all []*objectSchema, m Media) (*Schema, error) {
	first := all[0]
	named := Named(first.schema)
	if m.Format == RecordIO {
		return reconcileRecords(all)
	}
	if Sparse(first.schema) {
		return reconcileSparse(all), nil
	}
	if m.Format == JSONLines {
		first = unionMembers(all)
	}
	fields := slices.Clone(first.schema.Fields())
	types := make([]reconciled, len(fields))
	for _, o := range all {
		if Named(o.schema) != named {
			return nil, &SchemaError{Object: o.object, Other: first.object, Reason: "one of the objects has column names and the other has none"}
		}
		at, err := matchObject(first, o, m)
		if err != nil {
			return nil, err
		}
		for i, j := range at {
			if j < 0 {
				continue
			}
			if other := types[i].join(o, j); other != "" {
				return nil, &SchemaError{Object: o.object, Other: other, Column: columnLabel(first.schema, i),
					Reason: typeClash(types[i].typ, o.schema.Field(j).Type, m)}
			}
		}
	}
	for i := range fields {
		fields[i].Nullable = true
		fields[i].Type = types[i].typ
		if fields[i].Type == nil {
			fields[i].Type = plainType(first.schema.Field(i).Type)
		}
	}
	return withFields(first.schema, fields), nil
}

func typeClash(before, here DataType, m Media) string {
	reason := "holds " + typeWord(here) + " here and " + typeWord(before) + " there"
	if Text(before) || Text(here) {
		reason += "; say text=COLUMN in the content type to take it as text everywhere"
	}
	return reason
}

// unionMembers is an object with every member that any JSON Lines object has, in the order they come up.
func unionMembers(all []*objectSchema) *objectSchema {
	u := &objectSchema{object: all[0].object}
	seen := map[string]bool{}
	var fields []Field
	for _, o := range all {
		for _, f := range o.schema.Fields() {
			if !seen[f.Name] {
				seen[f.Name] = true
				fields = append(fields, f)
				u.empty = append(u.empty, true)
			}
		}
	}
	u.schema = withFields(all[0].schema, fields)
	return u
}

// matchObject finds the other object's column for each of first's; JSON Lines objects may lack members.
func matchObject(first, o *objectSchema, m Media) ([]int, error) {
	names, others := ColumnNames(first.schema), ColumnNames(o.schema)
	at := make([]int, len(names))
	if !Named(first.schema) {
		if len(names) != len(others) {
			return nil, &SchemaError{Object: o.object, Other: first.object, Reason: "has " + itoa(len(others)) + " columns, the other has " + itoa(len(names))}
		}
		for i := range at {
			at[i] = i
		}
		return at, nil
	}
	for i, n := range names {
		at[i] = columnIndex(o.schema, n)
		if at[i] < 0 && m.Format != JSONLines {
			err := missingColumn(o.object, n, others).(*SchemaError)
			err.Other = first.object
			return nil, err
		}
	}
	for _, n := range others {
		if columnIndex(first.schema, n) < 0 && m.Format != JSONLines {
			err := missingColumn(first.object, n, names).(*SchemaError)
			err.Other = o.object
			return nil, err
		}
	}
	return at, nil
}

// reconciled is a column's type so far, and the object that decided it.
type reconciled struct {
	typ    DataType // nil: no value so far
	object string
}

// join takes another object's column in. It returns the object it cannot be reconciled with.
func (r *reconciled) join(o *objectSchema, i int) (clash string) {
	if o.empty[i] {
		return ""
	}
	t := o.schema.Field(i).Type
	if r.typ == nil {
		r.typ, r.object = t, o.object
		return ""
	}
	joined := joinTypes(r.typ, t)
	if joined == nil {
		return r.object
	}
	r.typ = joined
	return ""
}

// joinTypes is the type that holds the values of both; nil if there is none.
func joinTypes(a, b DataType) DataType {
	number := func(t DataType) bool { return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) }
	switch {
	case sameType(a, b):
		return a
	case number(a) && number(b):
		if arrow.IsInteger(a.ID()) && arrow.IsInteger(b.ID()) {
			return Int64Type
		}
		return Float64Type
	case a.ID() == arrow.TIMESTAMP && b.ID() == arrow.TIMESTAMP:
		ta, tb := a.(*arrow.TimestampType), b.(*arrow.TimestampType)
		return &arrow.TimestampType{Unit: max(ta.Unit, tb.Unit), TimeZone: ta.TimeZone}
	case isTime(a) && isTime(b):
		return TimestampType
	}
	return nil
}

func reconcileSparse(all []*objectSchema) *Schema {
	weight, qid := false, false
	for _, o := range all {
		weight = weight || columnIndex(o.schema, weightCol) >= 0
		qid = qid || columnIndex(o.schema, qidCol) >= 0
	}
	return libsvmSchema(weight, qid)
}
