package xgboost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
	"github.com/batchmill/batchmill/dataset"
)

// channel reads the rows of one channel in training.
type channel struct {
	name     string
	data     *algorithms.Data
	weight   string // column of instance weights, or ""
	group    string // column of query numbers, or ""
	upper    string // survival:aft: column of the intervals' upper ends, or ""
	features []string
}

// queryColumn is the column of query numbers that libsvm rows carry themselves, and that a table may have.
const queryColumn = "qid"

func newChannel(name string, data *algorithms.Data, set *settings) (*channel, error) {
	c := &channel{name: name, data: data, weight: data.Weight, features: data.Features}
	if set.task() == objective.Ranking {
		c.group = data.Group
		c.findQueries()
		if c.group == "" {
			return nil, c.fault("", "%s needs queries: libsvm rows with qid:, a column named %s, or group= in the content type", set.objective, queryColumn)
		}
	}
	if set.values.Bool("csv_weights") && c.weight == "" && !dataset.Sparse(data.Schema) {
		if len(c.features) == 0 {
			return nil, c.fault("", "csv_weights is 1, but there is no column after the label")
		}
		c.weight, c.features = c.features[0], c.features[1:]
	}
	if set.objective == "survival:aft" && len(data.Label) == 2 {
		c.upper = data.Label[1]
	} else if len(data.Label) != 1 {
		return nil, c.fault("", "xgboost needs one label column, not %d", len(data.Label))
	}
	if len(c.features) == 0 {
		return nil, c.fault("", "there is no feature column")
	}
	return c, nil
}

// findQueries takes the column named qid for the queries, where none was named.
func (c *channel) findQueries() {
	if c.group != "" {
		return
	}
	if dataset.Sparse(c.data.Schema) {
		if len(c.data.Schema.FieldIndices(queryColumn)) > 0 {
			c.group = queryColumn
		}
		return
	}
	if i := slices.Index(c.features, queryColumn); i >= 0 && c.data.Named {
		c.group = queryColumn
		c.features = slices.Delete(slices.Clone(c.features), i, i+1)
	}
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
