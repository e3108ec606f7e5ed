package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// bound is how an object is read for a model, and what is written of its records.
type bound struct {
	media   dataset.Media   // with a delimiter that was not said filled in
	schema  *dataset.Schema // of all the object's columns
	columns []string        // the model's, in its scorer's order
	stored  []string        // those of the object's that are read for them
	spread  []dataset.Spread
	pick    *dataset.Path   // what the columns are taken from, in JSON records
	named   bool            // the columns are told by their names, not their places
	read    *dataset.Schema // of the model's columns
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
	if schema.NumFields() == 0 { // there is no record to tell columns from
		schema = dataset.PositionalSchema(len(p.Features()))
	}
	b.media, b.schema = media, schema
	roles, err := media.Roles(schema, false)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", object.Name(), err)
	}
	for _, name := range roles.Features {
		if len(schema.FieldIndices(name)) > 1 {
			return nil, &dataset.SchemaError{Object: object.Name(), Column: name, Reason: "two columns have this name"}
		}
	}
	switch {
	case media.Format == dataset.JSONLines || media.Format == dataset.JSON: // whose records the reader cuts
	case media.Format.Typed():
		err = b.spreadLists(&roles, len(p.Features()))
	default:
		roles.Features, err = picked(b.pick, schema, roles.Features)
	}
	if err != nil {
		return nil, clientf("dataProcessing.inputFilter: %s: %w", object.Name(), err)
	}
	if err := params.Order.apply(object, &roles); err != nil {
		return nil, err
	}
	b.named = roles.Named
	b.columns = modelColumns(p.Features(), roles)
	if b.stored == nil {
		b.stored = b.columns
	}

	if media.Format.Lines() && !dataset.Sparse(schema) {
		b.schema = dataset.Retype(schema, modelTypes(p.Features(), b.columns, roles.Named))
	}
	known := b.schema
	if len(b.spread) > 0 {
		known = dataset.NewSchema(true, slices.Concat(b.schema.Fields(), dataset.SpreadFields(b.spread))...)
	}
	if b.read, err = dataset.Select(known, b.columns); err != nil {
		return nil, err
	}
	if b.scorer, err = p.Bind(b.read, roles.Named); err != nil {
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
	o := dataset.RecordOptions{
		Media: mustMedia(params.Out), Fields: outputFields(params, p), Join: params.Join, Path: mustPath(params.Keep), List: algorithms.ResponseList(p),
		Trail: params.Capture.trailing(),
	}
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
	switch mustMedia(params.Out).Format {
	case dataset.JSONLines, dataset.JSON, dataset.RecordIO:
		fields = algorithms.ResponseFields(p)
	}
	for i := range fields {
		fields[i].Nullable = fields[i].Nullable || params.KeepRejected
	}
	return fields
}

// checkReadable binds the model to the object's columns: a missing or renamed column, or one of another type, is known before any row is
// scored.
func checkReadable(ctx context.Context, p algorithms.MultiPredictor, params *transformParams, object dataset.Object) (*bound, error) {
	if params.wholeDocuments() {
		if err := dataset.CheckDocument(object, mustMedia(params.In)); err != nil {
			return nil, err
		}
	}
	b, err := bindObject(ctx, p, object, params)
	if err != nil {
		return nil, err
	}
	return b, b.probe(ctx, object, params)
}

// ends binds the filters to what comes out and returns what belongs around the object's output.
func (b *bound) ends(object dataset.Object, params *transformParams) (dataset.Ends, error) {
	switch b.records.Media.Format {
	case dataset.CSV:
		header, err := csvHeader(b, object)
		return dataset.Ends{Head: header}, err
	case dataset.JSONLines:
		return dataset.Ends{}, nil
	case dataset.JSON:
		if params.documents() {
			return dataset.Ends{}, nil
		}
	case dataset.RecordIO:
		_, err := dataset.NewRecordWriter(io.Discard, b.records)
		return dataset.Ends{}, filterError(object, err)
	}
	schema, err := b.tableSchema(object)
	if err != nil {
		return dataset.Ends{}, err
	}
	return dataset.FragmentEnds(schema, b.writeOptions())
}

// writeOptions says how the object's output is written where rows are a table.
func (b *bound) writeOptions() dataset.WriteOptions {
	return dataset.WriteOptions{Media: b.records.Media, List: b.records.List, Fragment: true}
}

// tableSchema is the schema of an output whose rows are a table: the input's columns, if they are joined, then the outputs, and of these
// what a filter keeps.
func (b *bound) tableSchema(object dataset.Object) (*dataset.Schema, error) {
	fields := b.records.Fields
	if b.records.Join {
		for _, f := range slices.Concat(fields, b.records.Trail) {
			if len(b.schema.FieldIndices(f.Name)) > 0 {
				return nil, clientf("%s has a column %q already, which dataProcessing.joinSource Input would add", object.Name(), f.Name)
			}
		}
		fields = slices.Concat(b.schema.Fields(), fields)
	}
	schema := dataset.NewSchema(true, fields...)
	kept, err := keptPicks(b.records.Path, schema, len(b.records.Fields))
	if err != nil {
		return nil, filterError(object, err)
	}
	if kept != nil {
		schema = dataset.PickSchema(schema, kept)
	}
	return dataset.NewSchema(true, slices.Concat(schema.Fields(), b.records.Trail)...), nil
}

// filterError names the member whose path does not fit.
func filterError(object dataset.Object, err error) error {
	if pathErr := (*dataset.PathError)(nil); errors.As(err, &pathErr) {
		return clientf("dataProcessing.outputFilter: %s: %w", object.Name(), err)
	}
	return err
}

// csvHeader checks what is kept of an object's CSV records and names it.
func csvHeader(b *bound, object dataset.Object) ([]byte, error) {
	names, err := b.records.Header()
	switch {
	case err != nil:
		return nil, filterError(object, err)
	case names == nil && b.records.Media.Header:
		return nil, clientf("transformOutput.accept: header=present needs the names of the input's columns, which %s has not (say header=present in transformInput.contentType if its first line holds them)", object.Name())
	}
	return dataset.HeaderLine(names, b.records.Media), nil
}

// keptPicks are the parts of a table's columns that a filter keeps; nil is all.
func keptPicks(keep *dataset.Path, schema *dataset.Schema, outputs int) ([]dataset.Pick, error) {
	if keep.Whole() {
		return nil, nil
	}
	picks, err := keep.Picks(schema, outputs)
	if err != nil {
		return nil, err
	}
	for i, p := range picks {
		if slices.ContainsFunc(picks[:i], func(o dataset.Pick) bool { return o.Column == p.Column }) {
			return nil, fmt.Errorf("column %q is selected twice", p.Column)
		}
	}
	return picks, nil
}
