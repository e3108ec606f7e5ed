package dataset

import (
	"context"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Infer finds the schema that every object can be read with. Parquet and Arrow objects are asked for theirs (footers only for
// Parquet); of text formats every record of every object is looked at.
//
// Types: whole numbers are int64, whole and broken numbers together float64, whole numbers of several sizes int64; float32 stays
// float32 only if every object has it; a column without any value takes the type it has elsewhere, and is float64 if it has
// none; true and false are bool, anything else is text. A number here and text there is a *SchemaError that names both objects.
// Objects with column names are matched by name, and a column that one of them lacks is a *SchemaError.
//
// A text column does not come from stray words: where at most one value in strayShare is text and the others are numbers, or the
// first inferFirm records hold numbers (or nothing) and a later one does not, the first text is a *RecordError that says how to
// declare it. So is a first record of names over columns of numbers.
func Infer(ctx context.Context, objs []Object, m Media) (*Schema, error) {
	if len(objs) == 0 {
		return nil, &SchemaError{Reason: "there is no object to take a schema from"}
	}
	each, err := inferEach(ctx, objs, m)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(each, func(s *objectSchema) bool { return s == nil })
	if len(found) == 0 {
		return nil, &SchemaError{Object: objs[0].Name(), Reason: "there are no records to take a schema from"}
	}
	schema, err := reconcile(found, m)
	if err != nil {
		return nil, err
	}
	for _, name := range m.Text {
		if _, err := resolveColumn(schema, "text", name); err != nil {
			return nil, err
		}
	}
	return schema, nil
}

// inferAtOnce is how many objects are looked at together: footers wait for the store, text for the processor.
const inferAtOnce = 8

// inferEach looks at every object. Of several errors the first object's is returned, so that the answer is always the same.
func inferEach(ctx context.Context, objs []Object, m Media) ([]*objectSchema, error) {
	found := make([]*objectSchema, len(objs))
	errs := make([]error, len(objs))
	var failed atomic.Int64
	failed.Store(int64(len(objs)))
	var g errgroup.Group
	g.SetLimit(inferAtOnce)
	for i, obj := range objs {
		if obj.Size() == 0 && m.Format.Lines() {
			continue
		}
		g.Go(func() error {
			if int64(i) > failed.Load() { // an earlier object has failed already
				return nil
			}
			if found[i], errs[i] = inferObject(ctx, obj, m); errs[i] != nil {
				for f := failed.Load(); int64(i) < f && !failed.CompareAndSwap(f, int64(i)); f = failed.Load() {
				}
			}
			return nil
		})
	}
	_ = g.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func inferObject(ctx context.Context, obj Object, m Media) (*objectSchema, error) {
	switch m.Format {
	case Parquet:
		f, err := footerOf(ctx, obj, footerGuess)
		if err != nil {
			return nil, err
		}
		s := &objectSchema{object: obj.Name(), schema: f.inferred(m)}
		for i := range f.schema.Fields() {
			s.empty = append(s.empty, f.allNull(i))
		}
		return s, nil
	case ArrowStream, ArrowFile:
		r, err := newArrowReader(ctx, obj, ReadOptions{Media: m, BatchRows: DefaultBatchRows})
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return &objectSchema{object: obj.Name(), schema: r.Schema(), empty: make([]bool, r.Schema().NumFields())}, nil
	case CSV, JSONLines, JSON, LibSVM:
		return inferLines(ctx, obj, m)
	case RecordIO:
		return inferRecordIO(ctx, obj, m)
	}
	return nil, &MediaError{ContentType: string(m.Format), Reason: "there is no reader for it"}
}
