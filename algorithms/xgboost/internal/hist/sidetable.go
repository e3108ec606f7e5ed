package hist

// sideTable says which way each bin of a split's feature goes: a bit for each, 1 where it goes right.
type sideTable []uint32

// tableWords is the length of a table of bins that fit a byte.
const tableWords = window / 32

// tableLength is how long a feature's table has to be.
func tableLength(f *Feature) int { return f.Bins()/32 + 1 }

// right is 1 if a bin goes right, else 0.
func (t sideTable) right(bin int) uint8 { return uint8(t[bin/32] >> (bin % 32) & 1) }

// fill fills in a split, numeric of bins up to one or categorical, in a table of zeros.
func (t sideTable) fill(f *Feature, s *split) {
	if s.categorical {
		for _, c := range s.rightSet {
			t[c/32] |= 1 << (c % 32)
		}
	} else {
		t.fillRange(int(s.bin)+1, f.Bins())
	}
	if !s.defaultLeft {
		t.fillRange(f.Bins(), f.Bins()+1)
	}
}

// fillRange sends bins from one up to another right.
func (t sideTable) fillRange(from, to int) {
	for ; from < to && from%32 != 0; from++ {
		t[from/32] |= 1 << (from % 32)
	}
	for ; from+32 <= to; from += 32 {
		t[from/32] = 1<<32 - 1
	}
	for ; from < to; from++ {
		t[from/32] |= 1 << (from % 32)
	}
}
