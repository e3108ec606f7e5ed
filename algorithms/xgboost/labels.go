package xgboost

import (
	"fmt"
	"math"
	"strings"

	"github.com/batchmill/batchmill/dataset"
)

// labels reads labels: numbers as they are, texts as class numbers.
type labels struct {
	channel *channel
	texts   *dataset.TextIndex // nil for numbers
	fixed   bool               // no new classes: those of another channel
	values  []float32
	upper   []float32 // survival:aft: the upper ends of intervals
	queries queries
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
	if err := l.queries.add(c, batch, before); err != nil {
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
	return l.addUpper(batch, before)
}

// addUpper reads the upper ends of intervals: a missing one is a time not known from above, a right-censored row.
func (l *labels) addUpper(batch dataset.Batch, before int) error {
	c := l.channel
	if c.upper == "" {
		return nil
	}
	col, err := c.column(batch, c.upper)
	if err != nil {
		return err
	}
	l.upper = append(l.upper, make([]float32, col.Len())...)
	ends := l.upper[before:]
	if err := dataset.Floats(col, ends); err != nil {
		return c.fault(c.upper, "the upper end of a label must be a number: %v", err)
	}
	for i, y := range ends {
		if y != y {
			ends[i] = float32(math.Inf(1))
		} else if y < l.values[before+i] {
			return c.fault(c.upper, "row %d: the upper end of the label is %v, below its lower end %v", before+i+1, y, l.values[before+i])
		}
	}
	return nil
}

func (l *labels) addTexts(col dataset.Column, before int, dst []float32) error {
	c, name := l.channel, l.channel.data.Label[0]
	err := l.texts.Numbers(col, dst, func(i int, text string) (int, error) {
		classes := l.texts.Texts()
		switch {
		case l.fixed:
			return 0, fmt.Errorf("row %d: the label %q is none of the classes of the train channel: %s", before+i+1, text, list(classes))
		case len(classes) == maxClasses:
			return 0, fmt.Errorf("row %d: more than %d different labels", before+i+1, maxClasses)
		}
		return l.texts.Add(strings.Clone(text)), nil
	})
	if err != nil {
		return c.fault(name, "%v", err)
	}
	for i, y := range dst {
		if y != y {
			return c.fault(name, "row %d: the label is missing", before+i+1)
		}
	}
	return nil
}

// maxClasses bounds the classes of a text label: beyond, the column is hardly a label.
const maxClasses = 10000

// check applies the objective's rules.
func (l *labels) check(check func(y float32) error) error {
	for i, y := range l.values {
		if err := check(y); err != nil {
			return l.channel.fault(l.channel.data.Label[0], "row %d: the label is %v; %v", i+1, y, err)
		}
	}
	return nil
}
