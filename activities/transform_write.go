package activities

import (
	"errors"
	"slices"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// write puts the outputs alone into the fragment, or the input's rows with the outputs as their last columns, or what a filter keeps of
// that.
func (t *transformShard) write(batch dataset.Batch, scores []dataset.Column) error {
	if t.asRecords() {
		return t.writeRecords(batch, scores)
	}
	fields := t.bound.records.Fields
	var out dataset.Batch
	if t.params.Join {
		if len(t.bound.spread) > 0 { // what was taken out of lists is no column of the input
			input, err := dataset.SelectColumns(batch, dataset.ColumnNames(t.bound.schema))
			if err != nil {
				return err
			}
			defer input.Release()
			batch = input
		}
		out = dataset.AppendColumns(batch, fields, scores)
	} else {
		out = dataset.NewBatch(dataset.NewSchema(true, fields...), scores, int(batch.NumRows()))
	}
	defer func() { out.Release() }()
	kept, err := keptPicks(t.bound.records.Path, out.Schema(), len(fields))
	if err != nil {
		return err
	}
	if kept != nil {
		part, err := dataset.PickColumns(out, kept)
		if err != nil {
			return err
		}
		out.Release()
		out = part
	}
	if trail := t.ids.columns(int(out.NumRows())); trail != nil {
		with := dataset.AppendColumns(out, t.bound.records.Trail, trail)
		out.Release()
		out = with
	}
	return t.writeTable(out)
}

// asRecords says whether outputs are written as records, each for itself, rather than as a table.
func (t *transformShard) asRecords() bool {
	format := t.bound.records.Media.Format
	return format == dataset.RecordIO || format.Lines() && (t.params.Join || t.params.Keep != "")
}

// writeRecords writes lines.
func (t *transformShard) writeRecords(batch dataset.Batch, scores []dataset.Column) error {
	if err := t.openRecords(); err != nil {
		return err
	}
	var raw dataset.Column
	if t.rawRecords() {
		raw = batch.Column(int(batch.NumCols()) - 1)
	}
	trail := t.ids.columns(int(batch.NumRows()))
	if err := cutError(t.records.Write(raw, slices.Concat(scores, trail)...)); err != nil {
		return err
	}
	t.Count(fragmentOutput, batch.NumRows())
	return nil
}

func (t *transformShard) openRecords() (err error) {
	if t.records == nil {
		t.records, err = dataset.NewRecordWriter(t.Fragment(fragmentOutput, sharding.Lines), t.bound.records)
	}
	return err
}

// cutError names the member whose path does not fit a record.
func cutError(err error) error {
	if pathErr := (*dataset.PathError)(nil); errors.As(err, &pathErr) {
		return clientf("dataProcessing.outputFilter: %w", err)
	}
	return err
}

// writeTable writes typed columns.
func (t *transformShard) writeTable(out dataset.Batch) error {
	if t.writer == nil {
		if err := t.openTable(out.Schema()); err != nil {
			return err
		}
	}
	if err := t.writer.Write(out); err != nil {
		return err
	}
	t.Count(fragmentOutput, out.NumRows())
	return nil
}

func (t *transformShard) openTable(schema *dataset.Schema) (err error) {
	o := t.bound.writeOptions()
	o.Media.Header = false // the header stands once above an output's first fragment
	o.RowGroupRows = int(min(dataset.DefaultRowGroupRows, rowsOf(rowGroupValues, t.predictor)))
	if o.Media.Format == dataset.ArrowStream { // as it was written when the job was planned
		schema = dataset.NewSchema(true, schema.Fields()...)
	}
	t.writer, err = dataset.NewWriter(t.Fragment(fragmentOutput, formatOf(o.Media)), schema, o)
	return err
}

// Bounds on values of outputs that are held at once: SHAP values make rows wide. A row group is encoded in
// memory.
const (
	valueBytes     = 4
	pieceValues    = 4 << 20
	rowGroupValues = 64 * dataset.DefaultRowGroupRows
)

// rowsOf is how many rows that many values make.
func rowsOf(values int64, p algorithms.MultiPredictor) int64 { return max(1, values/outputWidth(p)) }

// outputWidth is how many values a row gets.
func outputWidth(p algorithms.MultiPredictor) (width int64) {
	for _, f := range p.Fields() {
		width += int64(dataset.Width(f.Type))
	}
	return width
}
