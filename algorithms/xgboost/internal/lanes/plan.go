package lanes

import (
	"cmp"
	"slices"
)

// Split is an inner node of a tree. Its key stands for a feature read in a certain way. Values below the first bound go
// left, from the first bound on right, from the second on left again and so on.
type Split[K comparable, T cmp.Ordered] struct {
	Key    K
	Bounds []T // ascending
	// Set tells that the key's splits may have several bounds. Missing values then go where MissingRight says, otherwise to
	// the side that the key's Cuts give them.
	Set, MissingRight bool
	Left, Right       int32 // splits, or leaves where negative: ^0 is leaf 0
}

// Part is some successive trees of a forest.
type Part[K comparable, T cmp.Ordered] struct {
	From, To int
	// Keys are what the programs read, by place in a batch. Nil if the trees do not fit: each of such parts is one walk.
	Keys     []K
	Bounds   map[K][]T
	Programs []*Program
	Needs    Needs
}

// Partition cuts a forest into parts within each of which codes suffice. splits returns a tree's, of which the first is the
// root; none if it is one leaf.
func Partition[K comparable, T cmp.Ordered](trees int, splits func(tree int) []Split[K, T]) []Part[K, T] {
	var parts []Part[K, T]
	add := func(p *plan[K, T], to int) {
		if p != nil {
			parts = append(parts, p.compile(to))
		}
	}
	var open *plan[K, T]
	for i := range trees {
		s := splits(i)
		if open != nil && open.take(s) {
			continue
		}
		add(open, i)
		if open = newPlan[K, T](i); open.take(s) {
			continue
		}
		open = nil
		if last := len(parts) - 1; last >= 0 && parts[last].Programs == nil {
			parts[last].To++
		} else {
			parts = append(parts, Part[K, T]{From: i, To: i + 1})
		}
	}
	add(open, trees)
	return parts
}

// plan collects trees until there are too many bounds of a key.
type plan[K comparable, T cmp.Ordered] struct {
	from   int
	trees  [][]Split[K, T]
	keys   []K
	rows   map[K]int
	bounds map[K][]T
}

func newPlan[K comparable, T cmp.Ordered](from int) *plan[K, T] {
	return &plan[K, T]{from: from, rows: map[K]int{}, bounds: map[K][]T{}}
}

// take adds a tree, or leaves the plan as it was and returns false.
func (p *plan[K, T]) take(splits []Split[K, T]) bool {
	if len(splits) >= maxLeaves {
		return false
	}
	more := map[K][]T{}
	for i := range splits {
		s := &splits[i]
		have, begun := more[s.Key]
		if !begun {
			have = slices.Clone(p.bounds[s.Key])
		}
		for _, bound := range s.Bounds {
			if at, found := slices.BinarySearch(have, bound); !found {
				have = slices.Insert(have, at, bound)
			}
			if len(have) > maxCuts || s.Set && len(have) == maxCuts {
				return false
			}
		}
		more[s.Key] = have
	}
	for i := range splits {
		key := splits[i].Key
		if _, known := p.rows[key]; !known {
			p.rows[key] = len(p.keys)
			p.keys = append(p.keys, key)
		}
		p.bounds[key] = more[key]
	}
	p.trees = append(p.trees, splits)
	return true
}

// compile makes the part of the trees that were taken.
func (p *plan[K, T]) compile(to int) Part[K, T] {
	part := Part[K, T]{From: p.from, To: to, Keys: p.keys, Bounds: p.bounds}
	for _, splits := range p.trees {
		c := compiler{nodes: make([]node, len(splits)), scratch: len(p.keys)}
		for i := range splits {
			c.nodes[i] = p.node(&splits[i])
		}
		program := c.compile()
		part.Programs = append(part.Programs, program)
		part.Needs = part.Needs.Also(program.needs)
	}
	return part
}

func (p *plan[K, T]) node(s *Split[K, T]) node {
	have := p.bounds[s.Key]
	l := levels(len(have), s.Set)
	n := node{row: p.rows[s.Key], left: s.Left, right: s.Right}
	if !s.Set {
		at, _ := slices.BinarySearch(have, s.Bounds[0])
		n.code = codeOf(l, at+1)
		return n
	}
	n.set = new(codeSet)
	for i := 0; i < len(s.Bounds); i += 2 {
		from, _ := slices.BinarySearch(have, s.Bounds[i])
		to := len(have)
		if i+1 < len(s.Bounds) {
			to, _ = slices.BinarySearch(have, s.Bounds[i+1])
		}
		for rank := from + 1; rank <= to; rank++ {
			n.set.add(codeOf(l, rank))
		}
	}
	if s.MissingRight {
		n.set.add(missingCode)
	}
	return n
}

// codeSet has bit c%8 of byte c/8 set for each code c that goes right.
type codeSet [32]uint8

func (s *codeSet) add(code uint8) { s[code/8] |= 1 << (code % 8) }
