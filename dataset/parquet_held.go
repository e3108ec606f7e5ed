package dataset

import (
	"fmt"
	"io"
	"slices"
)

const (
	// DefaultHold bounds, in bytes, what the flat columns of a row group decode to that is held in memory.
	DefaultHold = 320 << 20
	windowBytes = 8 << 20 // what is fetched at a time of a row group that is too large to be fetched in one piece
)

// chunkPlace is where a wanted column's chunk lies.
type chunkPlace struct {
	column   int // of the reader
	from, to int64
}

// decodeAhead decodes the flat columns of a row group that is too large to be fetched in one piece, or to be held decoded: some
// neighbouring chunks after the other, into memory or, if they decode to too much, into a temporary file. Columns that are not flat
// stay as they are, and so do all where a chunk is too large for a window.
func (p *parquetReader) decodeAhead() error {
	decoded := p.flatBytes(p.group)
	if !p.source.streamed() && decoded <= p.held {
		return nil
	}
	places, err := p.flatPlaces()
	if err != nil || len(places) == 0 {
		return err
	}
	if decoded > p.held {
		if p.spill, err = newSpill(); err != nil {
			return err
		}
	}
	for len(places) > 0 {
		n := window(places, p.most)
		if err := p.decodeWindow(places[:n]); err != nil {
			return err
		}
		places = places[n:]
	}
	p.window, p.scratch = nil, nil
	return nil
}

// flatBytes is what a row group's wanted flat columns decode to.
func (p *parquetReader) flatBytes(group int) (n int64) {
	rows := p.footer.meta.RowGroup(group).NumRows()
	for _, f := range p.fields {
		n += int64(flatWidth(p.footer, f)) * rows
	}
	return n
}

// flatPlaces is where the flat columns lie, in order; none if one of them is larger than a window and would have to be fetched.
func (p *parquetReader) flatPlaces() (places []chunkPlace, err error) {
	for i, f := range p.fields {
		if flatWidth(p.footer, f) == 0 {
			continue
		}
		from, to, err := p.footer.chunkRange(p.group, p.footer.leaves(f)[0])
		if err != nil {
			return nil, err
		}
		if p.source.streamed() && to-from > p.most {
			return nil, nil
		}
		places = append(places, chunkPlace{i, from, to})
	}
	slices.SortFunc(places, func(a, b chunkPlace) int { return int(min(max(a.from-b.from, -1), 1)) })
	return places, nil
}

// window is how many of the places are fetched in one piece.
func window(places []chunkPlace, most int64) int {
	for i := 1; i < len(places); i++ {
		if places[i].to-places[0].from > most || places[i].from-places[i-1].to > readThrough {
			return i
		}
	}
	return len(places)
}

func (p *parquetReader) decodeWindow(places []chunkPlace) error {
	source := p.source
	if source.streamed() {
		var err error
		if source, err = p.fetchWindow(places[0].from, places[len(places)-1].to); err != nil {
			return err
		}
	}
	for _, place := range places {
		flat, err := newFlatColumn(p.footer, source, p.group, p.fields[place.column])
		if err != nil {
			return err
		}
		if flat == nil {
			continue
		}
		if err := p.decodeChunk(place.column, flat); err != nil {
			return err
		}
	}
	return nil
}

// fetchWindow fetches a range into memory that the last window lay in.
func (p *parquetReader) fetchWindow(from, to int64) (*parquetSource, error) {
	if p.window == nil {
		p.window = make([]byte, p.most)
	}
	data := p.window[:to-from]
	r, err := p.obj.Open(p.ctx, from, to-from)
	if err == nil {
		defer r.Close()
		if _, err = io.ReadFull(r, data); err != nil {
			err = fmt.Errorf("dataset: reading %s: %w", p.obj.Name(), err)
		}
	}
	if err != nil {
		p.source.fail(err)
		return nil, err
	}
	return &parquetSource{size: p.footer.size, ctx: p.ctx, segments: []segment{{from, data}}}, nil
}

// decodeChunk decodes all of a column, after which the chunk's bytes are not needed any more.
func (p *parquetReader) decodeChunk(column int, flat *flatColumn) (err error) {
	if p.spill == nil {
		p.columns[column] = flat
		return flat.hold()
	}
	flat.scratch = &p.scratch
	p.columns[column], err = spillFlat(flat, p.spill)
	return err
}
