package xgboost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// channel reads the rows of one channel in training.
type channel struct {
	name     string
	data     *algorithms.Data
	weight   string // column of instance weights, or ""
	features []string
}

func newChannel(name string, data *algorithms.Data, csvWeights bool) (*channel, error) {
	c := &channel{name: name, data: data, weight: data.Weight, features: data.Features}
	if csvWeights && c.weight == "" && !dataset.Sparse(data.Schema) {
		if len(c.features) == 0 {
			return nil, c.fault("", "csv_weights is 1, but there is no column after the label")
		}
		c.weight, c.features = c.features[0], c.features[1:]
	}
	if len(data.Label) != 1 {
		return nil, c.fault("", "xgboost needs one label column, not %d", len(data.Label))
	}
	if len(c.features) == 0 {
		return nil, c.fault("", "there is no feature column")
	}
	return c, nil
}

func (c *channel) fault(column, format string, args ...any) *algorithms.DataError {
	return &algorithms.DataError{Channel: c.name, Column: column, Reason: fmt.Sprintf(format, args...)}
}

// named puts the channel's name on an error about data.
func (c *channel) named(err error) error {
	var d *algorithms.DataError
	if errors.As(err, &d) && d.Channel == "" {
		e := *d
		e.Channel = c.name
		return &e
	}
	return err
}

// each calls visit with every batch and the number of rows before it.
func (c *channel) each(ctx context.Context, visit func(batch dataset.Batch, before int) error) (err error) {
	reader, err := c.data.Open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := reader.Close(); err == nil {
			err = e
		}
	}()
	rows := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := reader.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		err = visit(batch, rows)
		rows += int(batch.NumRows())
		batch.Release()
		if err != nil {
			return c.named(err)
		}
	}
}

func (c *channel) column(batch dataset.Batch, name string) (dataset.Column, error) {
	i := batch.Schema().FieldIndices(name)
	if len(i) == 0 {
		return nil, c.fault(name, "the column is not there")
	}
	return batch.Column(i[0]), nil
}

// weights appends the batch's instance weights to dst.
func (c *channel) weights(batch dataset.Batch, before int, dst []float32) ([]float32, error) {
	if c.weight == "" {
		return nil, nil
	}
	col, err := c.column(batch, c.weight)
	if err != nil {
		return nil, err
	}
	from := len(dst)
	dst = append(dst, make([]float32, col.Len())...)
	if err := dataset.Floats(col, dst[from:]); err != nil {
		return nil, c.fault(c.weight, "an instance weight must be a number: %v", err)
	}
	for i, w := range dst[from:] {
		if !(w >= 0) || w > math.MaxFloat32 {
			return nil, c.fault(c.weight, "row %d: the instance weight is %v; it must be a number from 0 up", before+i+1, w)
		}
	}
	return dst, nil
}

// labels reads labels: numbers as they are, texts as class numbers.
type labels struct {
	channel *channel
	texts   *vocabulary // nil for numbers
	fixed   bool        // no new classes: those of another channel
	values  []float32
}

// isText tells whether the label column holds texts or truth values, which become classes.
func (c *channel) labelIsText() bool {
	i := c.data.Schema.FieldIndices(c.data.Label[0])
	if len(i) == 0 {
		return false
	}
	return textual(c.data.Schema.Field(i[0]).Type)
}

func textual(t dataset.DataType) bool { return dataset.Text(t) || t.ID() == dataset.BoolType.ID() }

func (l *labels) add(batch dataset.Batch, before int) error {
	c, name := l.channel, l.channel.data.Label[0]
	col, err := c.column(batch, name)
	if err != nil {
		return err
	}
	from := len(l.values)
	l.values = append(l.values, make([]float32, col.Len())...)
	if l.texts != nil {
		return l.addTexts(col, before, l.values[from:])
	}
	if err := dataset.Floats(col, l.values[from:]); err != nil {
		return c.fault(name, "the label must be a number: %v", err)
	}
	for i, y := range l.values[from:] {
		if y != y {
			return c.fault(name, "row %d: the label is missing", before+i+1)
		}
		if math.IsInf(float64(y), 0) {
			return c.fault(name, "row %d: the label is infinite", before+i+1)
		}
	}
	return nil
}

func (l *labels) addTexts(col dataset.Column, before int, dst []float32) error {
	c, name := l.channel, l.channel.data.Label[0]
	text, err := dataset.Strings(col)
	if err != nil {
		return c.fault(name, "%v", err)
	}
	for i := range dst {
		s, ok := text(i)
		if !ok {
			return c.fault(name, "row %d: the label is missing", before+i+1)
		}
		code, known := l.texts.code[s]
		if !known && l.fixed {
			return c.fault(name, "row %d: the label %q is none of the classes of the train channel: %s", before+i+1, s, list(l.texts.texts))
		}
		if !known {
			if len(l.texts.texts) == maxClasses {
				return c.fault(name, "row %d: more than %d different labels", before+i+1, maxClasses)
			}
			code = l.texts.add(strings.Clone(s))
		}
		dst[i] = float32(code)
	}
	return nil
}

// maxClasses bounds the classes of a text label: beyond, the column is hardly a label.
const maxClasses = 10000

// checkLabels applies the objective's rules.
func (l *labels) check(check func(y float32) error) error {
	for i, y := range l.values {
		if err := check(y); err != nil {
			return l.channel.fault(l.channel.data.Label[0], "row %d: the label is %v; %v", i+1, y, err)
		}
	}
	return nil
}

// finite says which value of columns cannot be trained on, if any.
func (c *channel) finite(l *layout, columns [][]float32, n, before int) error {
	for f, column := range columns {
		for i, x := range column[:n] {
			if x > math.MaxFloat32 || x < -math.MaxFloat32 {
				return c.fault(l.Features[f].Name, "row %d: the value is infinite", before+i+1)
			}
		}
	}
	return nil
}
