package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
)

const (
	smallParquet    = 16 << 20 // a whole object up to this size is fetched in one GET
	smallUnitObject = 1 << 20  // the same where only a unit is wanted
	inFlight        = 64 << 20 // bound of the bytes of row groups in memory; of a larger one flat columns are decoded ahead (see decodeAhead)
)

// parquetReader reads row groups one after the other, the next one being fetched meanwhile.
type parquetReader struct {
	ctx    context.Context
	cancel context.CancelFunc
	obj    Object
	footer *parquetFooter
	opts   ReadOptions
	schema *Schema // of the columns of the file
	spread *Schema // with those that lists are spread to
	fields []int   // per output column: the field of the file
	groups []int   // row groups still to read, the current one excluded
	bound  int64   // of the bytes of row groups in memory
	most   int64   // bytes that are fetched at a time of a row group that is larger
	held   int64   // of the bytes of a row group's decoded columns; beyond, they go to a temporary file

	source  *parquetSource // of the current row group
	spill   *spill         // nil unless its columns were too large to hold
	window  []byte         // memory for what is fetched and decoded piece by piece
	scratch []byte
	columns []chunkReader
	group   int
	left    int64 // rows of the current group still to read
	row     int64 // rows of the object before the next batch
	next    chan fetched
	err     error
}

type fetched struct {
	source *parquetSource
	err    error
}

func newParquetReader(ctx context.Context, obj Object, o ReadOptions) (*parquetReader, error) {
	guess := int64(footerGuess)
	if small := obj.Size() <= smallParquet && o.Unit == nil && o.Columns == nil || obj.Size() <= smallUnitObject; small {
		guess = obj.Size()
	}
	f, err := footerOf(ctx, obj, guess)
	if err != nil {
		return nil, err
	}
	p := &parquetReader{obj: obj, footer: f, opts: o, bound: inFlight, most: windowBytes, held: o.Hold}
	if p.held <= 0 {
		p.held = DefaultHold
	}
	target := o.Schema
	if target == nil {
		target = f.inferred(o.Media)
	}
	schema, keep, err := outputSchema(obj.Name(), target, o.Columns)
	if err != nil {
		return nil, err
	}
	match, err := columnMatch(obj.Name(), ColumnNames(f.schema), Named(f.schema), target)
	if err != nil {
		return nil, err
	}
	p.schema = schema
	if p.spread, err = o.withSpread(obj.Name(), schema); err != nil {
		return nil, err
	}
	for i, k := range keep {
		p.fields = append(p.fields, match[k])
		from, to := f.schema.Field(match[k]).Type, schema.Field(i).Type
		if !castable(from, to) && !f.allNull(match[k]) {
			return nil, &SchemaError{Object: obj.Name(), Column: schema.Field(i).Name,
				Reason: fmt.Sprintf("holds %s, expected %s", typeWord(from), typeWord(to))}
		}
	}
	if err := p.chooseGroups(); err != nil {
		return nil, err
	}
	p.ctx, p.cancel = context.WithCancel(ctx)
	return p, nil
}

func (p *parquetReader) chooseGroups() error {
	if u := p.opts.Unit; u != nil {
		if u.RowGroup < 0 || u.RowGroup >= len(p.footer.meta.RowGroups) {
			return &SchemaError{Object: p.obj.Name(), Reason: fmt.Sprintf("there is no row group %d; there are %d", u.RowGroup, len(p.footer.meta.RowGroups))}
		}
		p.groups = []int{u.RowGroup}
		for i := 0; i < u.RowGroup; i++ {
			p.row += p.footer.meta.RowGroup(i).NumRows()
		}
		return nil
	}
	for i := range p.footer.meta.RowGroups {
		p.groups = append(p.groups, i)
	}
	return nil
}

func (p *parquetReader) Schema() *Schema { return p.opts.withRejected(p.spread) }

func (p *parquetReader) Next() (Batch, error) {
	for p.err == nil {
		var b Batch
		if b, p.err = p.nextBatch(); p.err == nil && b.NumRows() > 0 {
			return b, nil
		}
	}
	return nil, p.err
}

func (p *parquetReader) nextBatch() (Batch, error) {
	for p.left == 0 {
		if err := p.openGroup(); err != nil {
			return nil, err
		}
	}
	rows := min(p.left, int64(p.opts.BatchRows))
	cols, err := p.decode(rows)
	if err != nil {
		return nil, p.readError(err)
	}
	first := p.row
	p.left -= rows
	p.row += rows
	return p.finish(cols, rows, first)
}

// readError tells errors of the store and of this machine from complaints about the bytes.
func (p *parquetReader) readError(err error) error {
	if errors.As(err, new(*SpillError)) {
		return err
	}
	if p.source != nil && p.source.failed() != nil {
		return p.source.failed()
	}
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	return &SchemaError{Object: p.obj.Name(), Reason: fmt.Sprintf("row group %d cannot be read: %v", p.group, err)}
}

// openGroup moves on to the next row group.
func (p *parquetReader) openGroup() error {
	p.closeGroup()
	if len(p.groups) == 0 {
		return io.EOF
	}
	var got fetched
	if p.next != nil {
		got = <-p.next
		p.next = nil
	} else {
		got.source, got.err = p.fetch(p.groups[0])
	}
	if got.err != nil {
		return got.err
	}
	p.group, p.groups = p.groups[0], p.groups[1:]
	p.source = got.source
	p.left = p.footer.meta.RowGroup(p.group).NumRows()
	p.prefetch()
	if p.left == 0 {
		return nil
	}
	if err := p.openColumns(); err != nil {
		return p.readError(err)
	}
	return nil
}

// prefetch starts to fetch the next row group if both fit into inFlight.
func (p *parquetReader) prefetch() {
	if len(p.groups) == 0 || p.source.bytes()+p.wantedBytes(p.groups[0]) > p.bound {
		return
	}
	group, next := p.groups[0], make(chan fetched, 1)
	p.next = next
	go func() {
		s, err := p.fetch(group)
		next <- fetched{s, err}
	}()
}

// chunkReader reads a column of a row group from its first row on.
type chunkReader interface {
	// next returns the next rows, of which there must be so many.
	next(rows int) (Column, error)
	close()
}

func (p *parquetReader) openColumns() (err error) {
	defer recoverAs(&err)
	p.columns = make([]chunkReader, len(p.fields))
	if err := p.decodeAhead(); err != nil {
		return err
	}
	if !p.source.streamed() && !slices.Contains(p.columns, nil) {
		p.source.segments = nil // what was fetched is decoded
	}
	var arrows *arrowChunks
	for i, f := range p.fields {
		if p.columns[i] != nil {
			continue
		}
		flat, err := newFlatColumn(p.footer, p.source, p.group, f)
		if err != nil {
			return err
		}
		if flat != nil {
			p.columns[i] = flat
			continue
		}
		if arrows == nil {
			if arrows, err = p.openArrow(); err != nil {
				return err
			}
		}
		if p.columns[i], err = arrows.column(p, f); err != nil {
			return err
		}
	}
	return nil
}

// decode reads the next rows of every column.
func (p *parquetReader) decode(rows int64) (cols []Column, err error) {
	defer recoverAs(&err)
	cols = make([]Column, len(p.columns))
	for i, c := range p.columns {
		col, err := c.next(int(rows))
		if err != nil {
			return nil, err
		}
		if int64(col.Len()) != rows {
			return nil, fmt.Errorf("column %q has %d of %d rows", p.schema.Field(i).Name, col.Len(), rows)
		}
		if !sound(col) {
			return nil, fmt.Errorf("the nested column %q is inconsistent", p.schema.Field(i).Name)
		}
		cols[i] = col
	}
	return cols, nil
}

// finish converts the columns to the wanted types and leaves rejected rows out.
func (p *parquetReader) finish(cols []Column, rows, first int64) (Batch, error) {
	var bad []badValue
	for i, col := range cols {
		to, rejected, err := cast(col, p.schema.Field(i).Type)
		if err != nil {
			return nil, &SchemaError{Object: p.obj.Name(), Column: p.schema.Field(i).Name, Reason: err.Error()}
		}
		for _, r := range rejected {
			bad = append(bad, badValue{r.row, i, r.reason})
		}
		cols[i] = to
	}
	cols, uneven, err := p.opts.spread(p.obj.Name(), p.schema, cols, int(rows))
	if err != nil {
		return nil, err
	}
	b := array.NewRecord(p.spread, cols, rows)
	return p.opts.reject(b, append(bad, uneven...), func(v badValue) *RecordError {
		return &RecordError{Object: p.obj.Name(), RowGroup: p.group, Row: first + int64(v.row) + 1, Column: p.schema.Field(v.column).Name, Reason: v.reason}
	})
}

func (p *parquetReader) closeGroup() {
	for _, c := range p.columns {
		if c != nil {
			c.close()
		}
	}
	p.spill.close()
	p.columns, p.source, p.spill = nil, nil, nil
}

func (p *parquetReader) Close() error {
	if p.err == nil {
		p.err = io.ErrClosedPipe
	}
	p.cancel()
	if p.next != nil {
		<-p.next
		p.next = nil
	}
	p.closeGroup()
	return nil
}
