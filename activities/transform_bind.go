package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// bound is how an object is read for a model, and what is written of its records.
type bound struct {
	media   dataset.Media   // with a delimiter that was not said filled in
	schema  *dataset.Schema // of all the object's columns
	columns []string        // those that are read for the model
	pick    *dataset.Path   // what the columns are taken from, in JSON records
	scorer  algorithms.MultiScorer
	// records is how lines are put together: where they are joined or a part of them is kept.
	records dataset.RecordOptions
}

// parseFilter checks a filter of DataProcessing. The whole record is "".
func parseFilter(member, text string) (string, error) {
	p, err := dataset.ParsePath(text)
	if err != nil {
		return "", clientf("%s: %w", member, err)
	}
	if p.Whole() {
		return "", nil
	}
	return text, nil
}

// mustPath parses a filter that parseFilter took.
func mustPath(text string) *dataset.Path {
	p, err := dataset.ParsePath(text)
	if err != nil {
		panic(err)
	}
	return p
}

// bindObject matches a model with an object's columns, or those a filter picks. Text formats have no types of their own, so the model's
// are taken.
func bindObject(ctx context.Context, p algorithms.MultiPredictor, object dataset.Object, params *transformParams) (*bound, error) {
	b := &bound{pick: mustPath(params.Pick)}
	schema, media, err := dataset.Columns(ctx, object, mustMedia(params.In), b.pick)
	if err != nil {
		return nil, err
	}
	b.media, b.schema = media, schema
	roles, err := media.Roles(schema, false)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", object.Name(), err)
	}
	if media.Format != dataset.JSONLines { // whose records the reader cuts
		if roles.Features, err = picked(b.pick, schema, roles.Features); err != nil {
			return nil, clientf("dataProcessing.inputFilter: %s: %w", object.Name(), err)
		}
	}
	b.columns = modelColumns(p.Features(), roles)
	if media.Format.Lines() && !dataset.Sparse(schema) {
		b.schema = dataset.Retype(schema, modelTypes(p.Features(), b.columns, roles.Named))
	}
	read, err := dataset.Select(b.schema, b.columns)
	if err != nil {
		return nil, err
	}
	if b.scorer, err = p.Bind(read, roles.Named); err != nil {
		return nil, fmt.Errorf("%s: %w", object.Name(), err)
	}
	b.records = recordsOf(params, p, schema, media)
	return b, nil
}

// picked are the features that a filter selects, in its order.
func picked(pick *dataset.Path, schema *dataset.Schema, features []string) ([]string, error) {
	if pick.Whole() {
		return features, nil
	}
	var names []string
	if dataset.Named(schema) {
		names = dataset.ColumnNames(schema)
	}
	at, err := pick.Columns(schema.NumFields(), names, 0)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, i := range at {
		name := schema.Field(i).Name
		if slices.Contains(found, name) {
			return nil, fmt.Errorf("column %q is selected twice", name)
		}
		if slices.Contains(features, name) {
			found = append(found, name)
		}
	}
	return found, nil
}

// recordsOf says how lines are put together.
func recordsOf(params *transformParams, p algorithms.MultiPredictor, schema *dataset.Schema, media dataset.Media) dataset.RecordOptions {
	o := dataset.RecordOptions{Media: mustMedia(params.Out), Fields: outputFields(params, p), Join: params.Join, Path: mustPath(params.Keep)}
	if params.Join {
		o.Media.Delimiter, o.Width = media.Delimiter, schema.NumFields()
		if media.Format == dataset.CSV && media.Header {
			o.Names = dataset.ColumnNames(schema)
		}
	}
	return o
}

// outputFields are the model's columns as they are called in the output's format.
func outputFields(params *transformParams, p algorithms.MultiPredictor) []dataset.Field {
	fields := slices.Clone(p.Fields())
	if mustMedia(params.Out).Format == dataset.JSONLines {
		fields = algorithms.ResponseFields(p)
	}
	for i := range fields {
		fields[i].Nullable = fields[i].Nullable || params.KeepRejected
	}
	return fields
}

// checkReadable binds the model to the object's columns and the filters to what comes out: a missing or renamed column is known before
// any row is read. It returns the header line of the object's output, where Accept asks for one.
func (a *Activities) checkReadable(ctx context.Context, params transformParams, object dataset.Object) ([]byte, error) {
	predictor, err := a.predictor(ctx, params)
	if err != nil {
		return nil, err
	}
	b, err := bindObject(ctx, predictor, object, &params)
	if err != nil {
		return nil, err
	}
	out := mustMedia(params.Out)
	if out.Format == dataset.CSV {
		return csvHeader(b, object)
	}
	if out.Format == dataset.JSONLines {
		return nil, nil
	}
	fields := predictor.Fields()
	if params.Join {
		for _, f := range fields {
			if len(b.schema.FieldIndices(f.Name)) > 0 {
				return nil, clientf("%s has a column %q already, which dataProcessing.joinSource Input would add", object.Name(), f.Name)
			}
		}
		fields = slices.Concat(b.schema.Fields(), fields)
	}
	if _, err := keptColumns(b.records.Path, dataset.NewSchema(true, fields...), len(predictor.Fields())); err != nil {
		return nil, clientf("dataProcessing.outputFilter: %s: %w", object.Name(), err)
	}
	return nil, nil
}

// csvHeader checks what is kept of an object's CSV records and names it.
func csvHeader(b *bound, object dataset.Object) ([]byte, error) {
	names, err := b.records.Header()
	switch pathErr := (*dataset.PathError)(nil); {
	case errors.As(err, &pathErr):
		return nil, clientf("dataProcessing.outputFilter: %s: %w", object.Name(), err)
	case err != nil:
		return nil, err
	case names == nil && b.records.Media.Header:
		return nil, clientf("transformOutput.accept: header=present needs the names of the input's columns, which %s has not (say header=present in transformInput.contentType if its first line holds them)", object.Name())
	}
	return dataset.HeaderLine(names, b.records.Media), nil
}

// keptColumns are the names of a table's columns that a filter keeps; nil is all.
func keptColumns(keep *dataset.Path, schema *dataset.Schema, outputs int) ([]string, error) {
	if keep.Whole() {
		return nil, nil
	}
	names := dataset.ColumnNames(schema)
	at, err := keep.Columns(len(names), names, outputs)
	if err != nil {
		return nil, err
	}
	kept := make([]string, len(at))
	for i, c := range at {
		if slices.Contains(kept[:i], names[c]) {
			return nil, fmt.Errorf("column %q is selected twice", names[c])
		}
		kept[i] = names[c]
	}
	return kept, nil
}
