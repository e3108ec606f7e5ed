package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/batchmill/batchmill/bench/local"
	"github.com/batchmill/batchmill/dataset"
)

// frame is a table in memory: numbers, or codes of categories.
type frame struct {
	columns []*column
	label   []float32
}

type column struct {
	name       string
	values     []float32 // numbers or codes; NaN is missing
	categories []string  // of a text column
}

// readCSV loads a table; texts become codes of their sorted categories, a label of text the index of its class.
func readCSV(ctx context.Context, path, contentType string) (*frame, error) {
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
	builders := make([]*builder, len(names))
	for i, n := range names {
		builders[i] = &builder{column: &column{name: n}}
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for i, build := range builders {
			if err := build.add(b.Column(i)); err != nil {
				return nil, fmt.Errorf("column %s: %w", names[i], err)
			}
		}
		b.Release()
	}
	f := &frame{}
	for i, build := range builders {
		c := build.finish()
		if i < len(roles.Features) {
			f.columns = append(f.columns, c)
		} else {
			f.label = c.values
		}
	}
	return f, nil
}

// builder collects one column.
type builder struct {
	*column
	texts []string
	have  []bool
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
		s, ok := at(i)
		b.texts, b.have = append(b.texts, strings.Clone(s)), append(b.have, ok)
	}
	return nil
}

func (b *builder) finish() *column {
	if b.texts == nil {
		return b.column
	}
	seen := map[string]float32{}
	for i, s := range b.texts {
		if b.have[i] {
			seen[s] = 0
		}
	}
	for s := range seen {
		b.categories = append(b.categories, s)
	}
	slices.Sort(b.categories)
	for i, s := range b.categories {
		seen[s] = float32(i)
	}
	b.values = make([]float32, len(b.texts))
	for i, s := range b.texts {
		b.values[i] = float32(math.NaN())
		if b.have[i] {
			b.values[i] = seen[s]
		}
	}
	return b.column
}

func (f *frame) take(rows []int) *frame {
	out := &frame{label: pick(f.label, rows)}
	for _, c := range f.columns {
		out.columns = append(out.columns, &column{c.name, pick(c.values, rows), c.categories})
	}
	return out
}

func pick(values []float32, rows []int) []float32 {
	out := make([]float32, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}

// types are XGBoost's feature types.
func (f *frame) types() []string {
	var t []string
	for _, c := range f.columns {
		if c.categories != nil {
			t = append(t, "c")
		} else {
			t = append(t, "float")
		}
	}
	return t
}

// writeNPY writes the frame row by row, label first (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
func (f *frame) writeNPY(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	head := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", len(f.label), len(f.columns)+1)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	fmt.Fprintf(w, "\x93NUMPY\x01\x00%c%c%s", len(head)&255, len(head)>>8, head)
	row := make([]byte, 4*(len(f.columns)+1))
	for i, y := range f.label {
		binary.LittleEndian.PutUint32(row, math.Float32bits(y))
		for k, c := range f.columns {
			binary.LittleEndian.PutUint32(row[4*k+4:], math.Float32bits(c.values[i]))
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), file.Close())
}

// readNPY reads a matrix of float32, row by row.
func readNPY(path string) (values []float32, width int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	if len(data) < 10 {
		return nil, 0, errors.New("no .npy file")
	}
	start := 10 + int(binary.LittleEndian.Uint16(data[8:]))
	var rows int
	shape := string(data[10:start])
	if _, err := fmt.Sscanf(shape[strings.Index(shape, "'shape': (")+10:], "%d, %d", &rows, &width); err != nil {
		return nil, 0, fmt.Errorf("%s: shape: %w", path, err)
	}
	values = make([]float32, rows*width)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[start+4*i:]))
	}
	return values, width, nil
}
