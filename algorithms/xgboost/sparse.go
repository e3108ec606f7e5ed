package xgboost

import (
	"context"
	"math"
	"strconv"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
	"github.com/batchmill/batchmill/dataset"
)

// maxSparseFeatures bounds the index of a sparse feature: what is kept of each, stored or not, must stay small.
const maxSparseFeatures = 1 << 22

// sparseReader reads the sparse rows of a channel. It keeps what is stored and no more.
type sparseReader struct {
	*table
	ch      *channel
	set     *settings
	earlier *earlier
	layout  *layout // nil where the rows are to say which features there are
	labels  labels
	entries *hist.Entries
	codes   []int // by feature: one more than the largest category code met
	columns [][]float32
}

// readSparse reads the train channel where its rows are sparse. One pass does: rows are binned from what is kept of them.
func (t *trainTable) readSparse(ctx context.Context) error {
	r := &sparseReader{table: &t.table, ch: t.ch, set: t.set, earlier: t.earlier}
	if t.earlier != nil {
		t.layout = t.earlier.layoutFor(t.ch, true)
		if _, err := bind(t.layout, t.ch.data.Schema, t.ch.features, false); err != nil {
			return t.ch.named(err)
		}
		r.layout = t.layout
	}
	if err := r.read(ctx); err != nil {
		return err
	}
	if t.layout == nil {
		if r.entries.Width() == 0 {
			return t.ch.fault("", "no row holds a feature")
		}
		t.layout = &layout{Version: layoutVersion, Label: t.ch.data.Label[0], Sparse: true, Features: numbered(r.entries.Width())}
	}
	if t.set.linear() {
		r.keepRawEntries(len(t.layout.Features))
		return nil
	}
	t.matrix = hist.NewSparseMatrix(r.entries, r.categories(len(t.layout.Features)), t.set.maxBin, t.weights, t.pool)
	return nil
}

// numbered makes features called f0, f1, ...
func numbered(count int) []feature {
	features := make([]feature, count)
	for i := range features {
		features[i] = feature{Name: "f" + strconv.Itoa(i), Kind: kindNumber}
	}
	return features
}

// readOtherSparse reads a further channel of sparse rows in the bins of the train channel.
func (t *trainTable) readOtherSparse(ctx context.Context, ch *channel) (*table, error) {
	r := &sparseReader{table: &table{}, ch: ch, set: t.set, earlier: t.earlier, layout: t.layout}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	if t.set.linear() {
		r.keepRawEntries(len(t.layout.Features))
	} else {
		r.matrix = hist.NewSparseMatrixOf(t.matrix.Cuts, r.entries, t.pool)
	}
	return r.table, nil
}

func (r *sparseReader) read(ctx context.Context) error {
	r.labels, r.entries = labels{channel: r.ch}, hist.NewEntries()
	if err := r.ch.each(ctx, r.add); err != nil {
		return err
	}
	if r.entries.Rows() == 0 {
		return r.ch.fault("", "there are no rows")
	}
	return r.take(&r.labels, r.set)
}

func (r *sparseReader) add(batch dataset.Batch, before int) error {
	if err := r.labels.add(batch, before); err != nil {
		return err
	}
	weights, err := r.ch.weights(batch, before, r.weights)
	if err != nil {
		return err
	}
	r.weights = weights
	rows, err := dataset.SparseColumns(batch)
	if err != nil {
		return err
	}
	for i := range int(batch.NumRows()) {
		features, values := rows.Row(i)
		if err := r.check(features, values, before+i+1); err != nil {
			return err
		}
		r.entries.Add(features, values)
	}
	return r.keepSparseStart(batch, rows)
}

// keepSparseStart is keepStart for sparse rows. Of rows to refresh a model on it keeps the features that the model asks for.
func (r *sparseReader) keepSparseStart(batch dataset.Batch, rows *dataset.SparseRows) error {
	n := int(batch.NumRows())
	switch {
	case r.earlier == nil || r.set.linear():
	case r.set.update():
		r.columns = blank(r.columns, len(r.layout.Features), r.earlier.predictor.uses, n)
		if err := (&binding{layout: r.layout}).fillSparse(batch, r.columns); err != nil {
			return err
		}
		if r.table.columns == nil {
			r.table.columns = make([][]float32, len(r.columns))
		}
		for f, c := range r.columns {
			if c != nil {
				r.table.columns[f] = append(r.table.columns[f], c[:n]...)
			}
		}
	default:
		r.start = append(r.start, r.earlier.predictor.sparseMargins(rows, n, &r.columns)...)
	}
	return nil
}

// keepRawEntries keeps the values that gblinear trains on, by feature.
func (r *sparseReader) keepRawEntries(count int) {
	r.raw = make([][]entry, count)
	for i := range r.entries.Rows() {
		features, values := r.entries.Row(i)
		for k, f := range features {
			if int(f) < count && values[k] != 0 {
				r.raw[f] = append(r.raw[f], entry{uint32(i), values[k]})
			}
		}
	}
}

// check says what of a row cannot be trained on.
func (r *sparseReader) check(features []int32, values []float32, row int) error {
	for k, f := range features {
		x := values[k]
		switch {
		case f < 0 || f >= maxSparseFeatures:
			return r.ch.fault("", "row %d: feature index %d is not in [0, %d]", row, f, maxSparseFeatures-1)
		case x > math.MaxFloat32 || x < -math.MaxFloat32:
			return r.ch.fault("f"+strconv.Itoa(int(f)), "row %d: the value is infinite", row)
		case r.layout == nil || int(f) >= len(r.layout.Features) || r.layout.Features[f].Kind == kindNumber || x != x:
		case x >= hist.MaxBins:
			return r.ch.fault(r.layout.Features[f].Name, "category %v: codes from %d on cannot be trained on", x, hist.MaxBins)
		default:
			if r.codes == nil {
				r.codes = make([]int, len(r.layout.Features))
			}
			r.codes[f] = max(r.codes[f], int(x)+1)
		}
	}
	return nil
}

// categories returns the number of codes of each feature, 0 for numbers.
func (r *sparseReader) categories(count int) []int {
	out := make([]int, count)
	if r.layout == nil {
		return out
	}
	for f := range r.layout.Features {
		if r.layout.Features[f].Kind == kindNumber {
			continue
		}
		if out[f] = max(1, len(r.layout.Features[f].Categories)); r.codes != nil {
			out[f] = max(out[f], r.codes[f])
		}
	}
	return out
}
