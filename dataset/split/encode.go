package split

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

const summaryVersion = 1

// MarshalBinary encodes the summary: unsigned varints for counts and positions, eight bytes for each time and draw, strata
// in the order of their hashes. Equal observations in equal order give equal bytes.
func (s *Summary) MarshalBinary() ([]byte, error) {
	e := encoder{buf: make([]byte, 0, 64+24*s.kept)}
	e.uint(summaryVersion)
	e.uint(uint64(s.pass))
	e.text(s.types)
	e.uint(uint64(s.limit))
	e.uint(uint64(s.most))
	e.uint(uint64(len(s.strata)))
	for _, id := range slices.Sorted(maps.Keys(s.strata)) {
		st := s.strata[id]
		e.fixed(id)
		e.text(st.label)
		e.uint(uint64(st.rows))
		e.uint(uint64(len(st.spans)))
		for i := range st.spans {
			e.span(&st.spans[i])
		}
	}
	return e.buf, nil
}

type encoder struct{ buf []byte }

func (e *encoder) uint(v uint64)  { e.buf = binary.AppendUvarint(e.buf, v) }
func (e *encoder) fixed(v uint64) { e.buf = binary.BigEndian.AppendUint64(e.buf, v) }
func (e *encoder) text(s string)  { e.uint(uint64(len(s))); e.buf = append(e.buf, s...) }

func (e *encoder) span(sp *span) {
	e.uint(uint64(sp.below))
	e.uint(uint64(sp.sketch.excess))
	e.uint(uint64(len(sp.sketch.levels)))
	for _, keys := range sp.sketch.levels {
		e.uint(uint64(len(keys)))
		for _, k := range keys {
			e.fixed(k.Time)
			e.fixed(k.Draw)
			e.uint(uint64(k.Object))
			e.uint(uint64(k.Row))
		}
	}
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *Summary) UnmarshalBinary(data []byte) error {
	d := decoder{buf: data}
	if v := d.uint(); v != summaryVersion && !d.bad {
		return fmt.Errorf("split: summary of version %d, this program reads %d", v, summaryVersion)
	}
	*s = Summary{pass: int(d.uint()), types: d.text(), strata: map[uint64]*stratum{}}
	s.limit, s.most = max(int(d.uint()), leastKept), int(d.uint())
	for range d.count(10) {
		id := d.fixed()
		st := &stratum{label: d.text(), rows: int64(d.uint())}
		for range d.count(3) {
			st.spans = append(st.spans, d.span())
		}
		for i := range st.spans {
			s.kept += st.spans[i].sketch.kept()
		}
		s.strata[id] = st
	}
	if d.bad || len(d.buf) > 0 {
		return fmt.Errorf("split: not a whole summary (%d bytes)", len(data))
	}
	return nil
}

// decoder reads zeros once the input is bad.
type decoder struct {
	buf []byte
	bad bool
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.buf)
	if n <= 0 {
		d.bad, d.buf = true, nil
		return 0
	}
	d.buf = d.buf[n:]
	return v
}

func (d *decoder) fixed() uint64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (d *decoder) text() string { return string(d.take(d.count(1))) }

func (d *decoder) take(n int) []byte {
	if d.bad || n > len(d.buf) {
		d.bad, d.buf = true, nil
		return nil
	}
	b := d.buf[:n]
	d.buf = d.buf[n:]
	return b
}

// count reads how many things of at least that many bytes follow, and is bad if they cannot all be there.
func (d *decoder) count(least int) int {
	n := d.uint()
	if n > uint64(len(d.buf)/least) {
		d.bad, d.buf = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) span() span {
	sp := span{below: int64(d.uint())}
	sp.sketch.excess = int64(d.uint())
	for range d.count(1) {
		keys := make([]Key, d.count(18))
		for i := range keys {
			keys[i] = Key{Time: d.fixed(), Draw: d.fixed(), Object: uint32(d.uint()), Row: int64(d.uint())}
		}
		sp.sketch.levels = append(sp.sketch.levels, keys)
	}
	return sp
}
