package tables

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/batchmill/batchmill/bench/local"
	"github.com/batchmill/batchmill/dataset"
)

// read loads a file; texts become codes of their sorted categories, a label of text the code of its class.
func read(ctx context.Context, path, contentType string) (*Table, error) {
	obj, err := local.Open(path)
	if err != nil {
		return nil, err
	}
	media, err := dataset.ParseMedia(contentType)
	if err != nil {
		return nil, err
	}
	schema, err := dataset.Infer(ctx, []dataset.Object{obj}, media)
	if err != nil {
		return nil, err
	}
	roles, err := media.Roles(schema, true)
	if err != nil {
		return nil, err
	}
	names := append(slices.Clone(roles.Features), roles.Label...)
	r, err := dataset.NewReader(ctx, obj, dataset.ReadOptions{Media: media, Schema: schema, Columns: names})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	columns, err := collect(r, names)
	if err != nil {
		return nil, err
	}
	features := len(roles.Features)
	return &Table{Columns: columns[:features], Label: columns[features].Values}, nil
}

// collect reads all rows.
func collect(r dataset.Reader, names []string) ([]Column, error) {
	builders := make([]builder, len(names))
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range builders {
			if err := builders[i].add(b.Column(i)); err != nil {
				return nil, fmt.Errorf("column %s: %w", names[i], err)
			}
		}
		b.Release()
	}
	columns := make([]Column, len(names))
	for i := range builders {
		columns[i] = builders[i].finish(names[i])
	}
	return columns, nil
}

// builder collects one column: numbers, or texts with "" for missing.
type builder struct {
	values []float32
	texts  []string
}

func (b *builder) add(col dataset.Column) error {
	if !dataset.Text(col.DataType()) {
		buf := make([]float32, col.Len())
		err := dataset.Floats(col, buf)
		b.values = append(b.values, buf...)
		return err
	}
	at, err := dataset.Strings(col)
	if err != nil {
		return err
	}
	for i := range col.Len() {
		s, _ := at(i)
		b.texts = append(b.texts, strings.Clone(s))
	}
	return nil
}

func (b *builder) finish(name string) Column {
	if b.texts == nil {
		return Column{Name: name, Values: b.values}
	}
	codes := map[string]float32{}
	for _, s := range b.texts {
		codes[s] = float32(math.NaN())
	}
	c := Column{Name: name, Values: make([]float32, len(b.texts))}
	for s := range codes {
		if s != "" {
			c.Categories = append(c.Categories, s)
		}
	}
	slices.Sort(c.Categories)
	for i, s := range c.Categories {
		codes[s] = float32(i)
	}
	for i, s := range b.texts {
		c.Values[i] = codes[s]
	}
	return c
}
