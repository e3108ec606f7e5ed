package dataset

import "context"

// Demand is about how much memory work on rows takes, in bytes.
type Demand struct {
	// Reading is what a reader holds at once at most, its batch included.
	Reading int64
	// Table is what all the rows take that are read, once decoded: what a writer holds of them that needs a row group in one piece.
	Table int64
	// Held is the part of Table that Reading has in it: batches are slices of it, and to keep them takes no more.
	Held int64
}

// Estimates of what is not known before it is read.
const (
	textAhead  = (prefetchDepth + 2) * chunkBytes // what is fetched of a text before it is wanted
	textBuffer = 1 << 20                          // buffers of a text reader, whatever it reads
	textValues = 3                                // a batch of text: its columns, its records' text and that of what is made of them
	textRecord = 256                              // bytes of a record at least, and
	textField  = 16                               // of one of its fields, where their number is not known
	textSwell  = 4                                // bytes of columns for one of text; of text for one of a compressed object
	arrowBatch = 64 << 20                         // a large batch of an Arrow stream
)

// WorkingSet tells how much memory it takes to read what o says of an object, without reading any row: of Parquet by its footer, of
// other formats by the number of bytes.
func WorkingSet(ctx context.Context, obj Object, o ReadOptions) (Demand, error) {
	if o.BatchRows <= 0 {
		o.BatchRows = DefaultBatchRows
	}
	if o.Media.Format == Parquet {
		return parquetWorkingSet(ctx, obj, o)
	}
	length, rows := obj.Size(), int64(-1)
	if u := o.Unit; u != nil {
		length, rows = u.Length, u.Rows
	}
	switch o.Media.Format {
	case ArrowFile: // held whole, beside a batch of it
		return Demand{Reading: 2 * length, Table: length}, nil
	case ArrowStream:
		return Demand{Reading: min(length, textAhead) + textBuffer + min(2*length, arrowBatch), Table: length}, nil
	}
	record := int64(textRecord)
	if o.Schema != nil {
		record = max(record, int64(o.Schema.NumFields())*textField)
	}
	if rows > 0 {
		record = length/rows + 1
	}
	batch := min(textSwell*length, maxBatchBytes, record*int64(o.BatchRows))
	return Demand{Reading: min(length, textAhead) + textBuffer + textValues*batch, Table: textSwell * length}, nil
}

func parquetWorkingSet(ctx context.Context, obj Object, o ReadOptions) (d Demand, err error) {
	p, err := newParquetReader(ctx, obj, o)
	if err != nil {
		return d, err
	}
	defer p.Close()
	for i, group := range p.groups {
		g := p.demand(group)
		if i > 0 && g.Reading <= inFlight { // it may be fetched meanwhile
			d.Reading += p.wantedBytes(group)
		}
		d = Demand{max(d.Reading, g.Reading), d.Table + g.Table, max(d.Held, g.Held)}
	}
	return d, nil
}

// demand is what reading a row group takes.
func (p *parquetReader) demand(group int) Demand {
	meta := p.footer.meta.RowGroup(group)
	rows := meta.NumRows()
	if rows == 0 {
		return Demand{}
	}
	flat, other := p.flatBytes(group), int64(0)
	columns := 0 // that are not flat
	for _, f := range p.fields {
		if flatWidth(p.footer, f) > 0 {
			continue
		}
		columns++
		for _, leaf := range p.footer.leaves(f) {
			if chunk, err := meta.ColumnChunk(leaf); err == nil {
				other += chunk.TotalUncompressedSize()
			}
		}
	}
	d := Demand{Table: flat + other}
	fetched := p.wantedBytes(group)
	if fetched > p.bound { // see fetch
		fetched = min(fetched, p.most+int64(columns)*streamBuffer)
	}
	// A batch of what is held decoded is a part of that; of all else it is a copy.
	d.Reading = fetched + other
	batch := min(rows, int64(p.opts.BatchRows))
	if flat <= p.held {
		d.Reading += flat + other/rows*batch
		d.Held = flat
	} else {
		d.Reading += d.Table / rows * batch
	}
	return d
}
