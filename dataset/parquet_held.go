package dataset

import "slices"

const (
	// heldBytes bounds what the flat columns of a row group decode to that is too large to be fetched in one piece. Beyond it columns are
	// streamed side by side, which needs a buffer and a page for each and many requests.
	heldBytes   = 320 << 20
	windowBytes = 8 << 20 // what is fetched at a time of such a row group
)

// chunkPlace is where a wanted column's chunk lies.
type chunkPlace struct {
	column   int // of the reader
	from, to int64
}

// holdFlat fetches and decodes the flat columns of a row group whose bytes are too many to hold beside what they decode to: some
// neighbouring chunks after the other. Those that are not flat stay as they are. It does nothing where they decode to too much.
func (p *parquetReader) holdFlat() error {
	var places []chunkPlace
	decoded, rows := int64(0), p.footer.meta.RowGroup(p.group).NumRows()
	for i, f := range p.fields {
		width := flatWidth(p.footer, f)
		if width == 0 {
			continue
		}
		from, to, err := p.footer.chunkRange(p.group, p.footer.leaves(f)[0])
		if err != nil {
			return err
		}
		if decoded += int64(width) * rows; decoded > p.held || to-from > windowBytes {
			return nil
		}
		places = append(places, chunkPlace{i, from, to})
	}
	slices.SortFunc(places, func(a, b chunkPlace) int { return int(min(max(a.from-b.from, -1), 1)) })
	for len(places) > 0 {
		n := window(places)
		if err := p.holdWindow(places[:n]); err != nil {
			return err
		}
		places = places[n:]
	}
	return nil
}

// window is how many of the places are fetched in one piece.
func window(places []chunkPlace) int {
	for i := 1; i < len(places); i++ {
		if places[i].to-places[0].from > windowBytes || places[i].from-places[i-1].to > readThrough {
			return i
		}
	}
	return len(places)
}

func (p *parquetReader) holdWindow(places []chunkPlace) error {
	from, to := places[0].from, places[len(places)-1].to
	data, err := readRange(p.ctx, p.obj, from, to-from)
	if err != nil {
		p.source.fail(err)
		return err
	}
	s := &parquetSource{size: p.footer.size, ctx: p.ctx, segments: []segment{{from, data}}}
	for _, place := range places {
		flat, err := newFlatColumn(p.footer, s, p.group, p.fields[place.column])
		if err != nil {
			return err
		}
		if flat == nil {
			continue
		}
		p.columns[place.column] = flat
		if err := flat.hold(); err != nil {
			return err
		}
	}
	return nil
}
