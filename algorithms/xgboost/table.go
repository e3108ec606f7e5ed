package xgboost

import (
	"context"
	"fmt"
	"strings"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
	"github.com/batchmill/batchmill/dataset"
)

// table is a channel's rows as training wants them.
type table struct {
	matrix  *hist.Matrix
	labels  []float32
	weights []float32   // nil where every row counts 1
	upper   []float32   // survival:aft: upper ends of intervals; nil where labels are exact
	start   []float32   // margins of an earlier model that trees are added to, row by row; nil: none
	columns [][]float32 // process_type update: the rows themselves
	raw     [][]entry   // gblinear: values by feature
	queries []int       // ranking: where each query starts, and the end
}

func (t *table) rows() int { return len(t.labels) }

// trainTable reads the train channel: what its columns hold, where to cut features, and the rows. Rows are read a second
// time only where the sketch could not keep them all.
type trainTable struct {
	table
	layout  *layout
	set     *settings
	ch      *channel
	pool    *hist.Pool
	earlier *earlier
}

func readTrain(ctx context.Context, ch *channel, set *settings, pool *hist.Pool, e *earlier) (*trainTable, error) {
	t := &trainTable{set: set, ch: ch, pool: pool, earlier: e}
	if dataset.Sparse(ch.data.Schema) {
		return t, t.readSparse(ctx)
	}
	var err error
	if e != nil {
		t.layout = e.layoutFor(ch, false)
	} else if t.layout, err = ch.learnLayout(); err != nil {
		return nil, err
	}
	reader, err := newFirstPass(t)
	if err != nil {
		return nil, ch.named(err)
	}
	if err := ch.each(ctx, reader.add); err != nil {
		return nil, err
	}
	if reader.sketch.Rows() == 0 {
		return nil, ch.fault("", "there are no rows")
	}
	if err := reader.finish(); err != nil {
		return nil, err
	}
	cuts := reader.sketch.Cuts(reader.categories(), pool)
	t.matrix = hist.NewMatrix(cuts, reader.sketch.Rows())
	if columns, all := reader.sketch.Sample(); all {
		t.matrix.Add(columns, reader.sketch.Rows(), pool)
		return t, nil
	}
	reader.sketch = nil // its memory is needed for the second pass
	b, err := bind(t.layout, ch.data.Schema, ch.features, t.layout.Named)
	if err != nil {
		return nil, ch.named(err)
	}
	return t, t.fillMatrix(ctx, ch, b)
}

// fillMatrix bins every row of a channel.
func (t *trainTable) fillMatrix(ctx context.Context, ch *channel, b *binding) error {
	var columns [][]float32
	return ch.each(ctx, func(batch dataset.Batch, before int) error {
		n := int(batch.NumRows())
		columns = blank(columns, len(t.layout.Features), nil, n)
		if err := b.fill(batch, columns); err != nil {
			return err
		}
		t.matrix.Add(columns, n, t.pool)
		return nil
	})
}

// learnLayout names the features and their kinds. Categories come later, with the rows.
func (c *channel) learnLayout() (*layout, error) {
	l := &layout{Version: layoutVersion, Label: c.data.Label[0], Named: c.data.Named}
	for _, name := range c.features {
		i := c.data.Schema.FieldIndices(name)
		if len(i) == 0 {
			return nil, c.fault(name, "the column is not there")
		}
		f := feature{Name: name, Kind: kindNumber}
		switch t := c.data.Schema.Field(i[0]).Type; {
		case textual(t):
			f.Kind = kindText
		case !dataset.Numeric(t):
			return nil, c.fault(name, "a column of type %s cannot be a feature", t)
		}
		l.Features = append(l.Features, f)
	}
	return l, nil
}

// firstPass learns categories, classes and quantiles.
type firstPass struct {
	*trainTable
	sketch  *hist.Sketch
	labels  labels
	texts   []*dataset.TextIndex // by feature; nil for numbers
	fixed   *binding             // where an earlier model says what rows hold
	codes   []int                // by feature: one more than the largest category code met
	columns [][]float32
}

func newFirstPass(t *trainTable) (*firstPass, error) {
	p := &firstPass{trainTable: t, sketch: hist.NewSketch(t.layout.categorical(), t.set.maxBin), labels: labels{channel: t.ch}}
	if t.ch.labelIsText() {
		p.labels.texts = dataset.NewTextIndex(nil)
	}
	p.texts = make([]*dataset.TextIndex, len(t.layout.Features))
	for i, f := range t.layout.Features {
		if f.Kind == kindText {
			p.texts[i] = dataset.NewTextIndex(nil)
		}
	}
	if t.earlier != nil {
		return p, p.fix()
	}
	return p, nil
}

// fix takes features, categories and classes from the earlier model.
func (p *firstPass) fix() (err error) {
	clear(p.texts)
	if p.labels.texts != nil && p.layout.Classes != nil {
		p.labels.fixed = true
		p.labels.texts = dataset.NewTextIndex(p.layout.Classes)
	}
	p.fixed, err = bind(p.layout, p.ch.data.Schema, p.ch.features, p.ch.data.Named)
	return err
}

func (p *firstPass) add(batch dataset.Batch, before int) error {
	n := int(batch.NumRows())
	if err := p.labels.add(batch, before); err != nil {
		return err
	}
	weights, err := p.ch.weights(batch, before, p.weights)
	if err != nil {
		return err
	}
	p.weights = weights
	p.columns = blank(p.columns, len(p.layout.Features), nil, n)
	if err := p.read(batch); err != nil {
		return err
	}
	if err := p.ch.finite(p.layout, p.columns, n, before); err != nil {
		return err
	}
	p.keepStart(p.earlier, p.set, p.columns, n)
	if p.set.linear() {
		p.keepRaw(p.columns, n, before)
	}
	if weights != nil {
		weights = weights[before:]
	}
	p.sketch.Add(p.columns, weights, n, p.pool)
	return nil
}

// read fills p.columns, with new texts added to the vocabularies.
func (p *firstPass) read(batch dataset.Batch) error {
	if p.fixed != nil {
		if err := p.fixed.fill(batch, p.columns); err != nil {
			return err
		}
		return p.countCodes(int(batch.NumRows()))
	}
	for f, name := range p.ch.features {
		col, err := p.ch.column(batch, name)
		if err != nil {
			return err
		}
		if p.texts[f] == nil {
			if err := dataset.Floats(col, p.columns[f][:col.Len()]); err != nil {
				return p.ch.fault(name, "%v", err)
			}
			continue
		}
		if err := p.readTexts(f, col); err != nil {
			return p.ch.fault(name, "%v", err)
		}
	}
	return nil
}

// readTexts fills the column of feature f with numbers of its texts, new ones in the order they are met.
func (p *firstPass) readTexts(f int, col dataset.Column) error {
	texts := p.texts[f]
	return texts.Numbers(col, p.columns[f][:col.Len()], func(_ int, text string) (int, error) {
		if len(texts.Texts()) == hist.MaxBins {
			return 0, fmt.Errorf("more than %d different texts: an identifier is not a feature", hist.MaxBins)
		}
		return texts.Add(strings.Clone(text)), nil
	})
}

// countCodes notes how many codes categorical features have.
func (p *firstPass) countCodes(n int) error {
	if p.codes == nil {
		p.codes = make([]int, len(p.columns))
	}
	for f, column := range p.columns {
		if p.layout.Features[f].Kind == kindNumber {
			continue
		}
		for _, x := range column[:n] {
			if x >= hist.MaxBins {
				return p.ch.fault(p.layout.Features[f].Name, "category %v: codes from %d on cannot be trained on", x, hist.MaxBins)
			}
			if x == x {
				p.codes[f] = max(p.codes[f], int(x)+1)
			}
		}
	}
	return nil
}

// finish puts categories and classes in byte order.
func (p *firstPass) finish() error {
	columns, _ := p.sketch.Sample()
	for f, v := range p.texts {
		if v == nil {
			continue
		}
		categories, moved := inOrder(v.Texts())
		recode(columns[f], moved)
		p.layout.Features[f].Categories = categories
	}
	if v := p.labels.texts; v != nil && !p.labels.fixed {
		classes, moved := inOrder(v.Texts())
		recode(p.labels.values, moved)
		p.layout.Classes = classes
		if err := p.checkClasses(len(classes)); err != nil {
			return err
		}
	}
	return p.take(&p.labels, p.set)
}

// take moves labels that have been read into the table and checks them.
func (t *table) take(l *labels, set *settings) error {
	t.labels, t.upper, t.queries = l.values, l.upper, l.queries.bounds(len(l.values))
	if err := l.check(set.checkLabel); err != nil {
		return err
	}
	return t.checkWeights(l.channel)
}

// checkClasses compares the classes of a text label with the objective.
func (p *firstPass) checkClasses(found int) error {
	label := p.ch.data.Label[0]
	switch {
	case p.set.classes > 0 && found != p.set.classes:
		return p.ch.fault(label, "num_class is %d, but the label has %d classes: %s", p.set.classes, found, list(p.layout.Classes))
	case p.set.task() != objective.Binary && p.set.task() != objective.Multiclass:
		return p.ch.fault(label, "%s needs a number, not text", p.set.objective)
	case p.set.classes == 0 && found > 2:
		return p.ch.fault(label, "%s needs two classes, but the label has %d: %s", p.set.objective, found, list(p.layout.Classes))
	}
	return nil
}

func (p *firstPass) categories() []int {
	counts := make([]int, len(p.texts))
	for f, v := range p.texts {
		if v != nil {
			counts[f] = len(v.Texts())
		} else if p.codes != nil {
			counts[f] = max(p.codes[f], len(p.layout.Features[f].Categories))
		}
	}
	return counts
}

// readOther reads a further channel in the bins of the train channel.
func (t *trainTable) readOther(ctx context.Context, ch *channel) (*table, error) {
	b, err := bind(t.layout, ch.data.Schema, ch.features, ch.data.Named)
	if err != nil {
		return nil, ch.named(err)
	}
	if t.layout.Sparse != dataset.Sparse(ch.data.Schema) {
		return nil, ch.fault("", "the train channel holds %s rows, this one does not", map[bool]string{true: "sparse", false: "dense"}[t.layout.Sparse])
	}
	if t.layout.Sparse {
		return t.readOtherSparse(ctx, ch)
	}
	other := &table{matrix: hist.NewMatrix(t.matrix.Cuts, 0)}
	y := labels{channel: ch, fixed: true}
	if t.layout.Classes != nil {
		y.texts = dataset.NewTextIndex(t.layout.Classes)
	}
	var columns [][]float32
	err = ch.each(ctx, func(batch dataset.Batch, before int) error {
		n := int(batch.NumRows())
		if err := y.add(batch, before); err != nil {
			return err
		}
		weights, err := ch.weights(batch, before, other.weights)
		if err != nil {
			return err
		}
		other.weights = weights
		columns = blank(columns, len(t.layout.Features), nil, n)
		if err := b.fill(batch, columns); err != nil {
			return err
		}
		if err := ch.finite(t.layout, columns, n, before); err != nil {
			return err
		}
		other.keepStart(t.earlier, t.set, columns, n)
		if t.set.linear() {
			other.keepRaw(columns, n, before)
			return nil
		}
		other.matrix.Add(columns, n, t.pool)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(y.values) == 0 {
		return nil, ch.fault("", "there are no rows")
	}
	return other, other.take(&y, t.set)
}
