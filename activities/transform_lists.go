package activities

import (
	"fmt"
	"slices"

	"github.com/batchmill/batchmill/dataset"
)

// spreadLists finds the features that a filter picks of a table: columns, and the elements of lists, which a model takes by position. A
// table whose only feature is a list needs no filter for that.
func (b *bound) spreadLists(roles *dataset.Roles, wanted int) error {
	all, err := b.pick.Picks(b.schema, 0)
	if err != nil {
		return err
	}
	var picks []dataset.Pick
	for i, p := range all {
		if slices.ContainsFunc(all[:i], func(o dataset.Pick) bool { return o.Column == p.Column }) {
			return fmt.Errorf("column %q is selected twice", p.Column)
		}
		if slices.Contains(roles.Features, p.Column) {
			picks = append(picks, p)
		}
	}
	roles.Features = make([]string, len(picks))
	lists := 0
	for i, p := range picks {
		roles.Features[i] = p.Column
		if dataset.List(p.Field.Type) || !p.Whole() {
			lists++
		}
	}
	if lists == 0 || b.pick.Whole() && len(picks) > 1 {
		return nil
	}
	return b.spreadPicks(picks, roles, wanted)
}

// spreadPicks names a column for each element. Of one list the number of elements may be left to what the model wants.
func (b *bound) spreadPicks(picks []dataset.Pick, roles *dataset.Roles, wanted int) error {
	widths, open, err := pickWidths(picks)
	if err != nil {
		return err
	}
	if open >= 0 {
		for i, w := range widths {
			if i != open {
				wanted -= w
			}
		}
		if widths[open] = wanted; wanted < 1 {
			return fmt.Errorf("column %q: the other columns are as many as the model's features", picks[open].Column)
		}
	}
	roles.Features, roles.Named = nil, false
	for i, p := range picks {
		b.stored = append(b.stored, p.Column)
		if p.Whole() && !dataset.List(p.Field.Type) {
			roles.Features = append(roles.Features, p.Column)
			continue
		}
		s := dataset.Spread{Pick: p}
		for k := range widths[i] {
			s.Names = append(s.Names, fmt.Sprintf("%s[%d]", p.Column, k))
		}
		roles.Features, b.spread = append(roles.Features, s.Names...), append(b.spread, s)
	}
	return nil
}

// pickWidths are the numbers of values of picks, and which of them is not known; -1 if all are.
func pickWidths(picks []dataset.Pick) (widths []int, open int, err error) {
	open = -1
	for i, p := range picks {
		width, numbers := p.SpreadWidth()
		switch {
		case p.Whole() && !dataset.List(p.Field.Type):
			width = 1
		case !numbers:
			return nil, 0, fmt.Errorf("column %q holds %s, no numbers", p.Column, p.Field.Type)
		case width < 0 && open >= 0:
			return nil, 0, fmt.Errorf("columns %q and %q hold lists of any length: say which elements to take, such as [0:10]", picks[open].Column, p.Column)
		case width < 0:
			open = i
		}
		widths = append(widths, width)
	}
	return widths, open, nil
}
