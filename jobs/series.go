package jobs

import (
	"fmt"
	"strings"
)

const seriesRedo = "BATCHMILL_SERIES_REDO"

// SeriesRange is the part of a source that a backfill redoes: paths below the source in byte order.
type SeriesRange struct{ From, To string }

// Given says whether there is a range at all.
func (r SeriesRange) Given() bool { return r != SeriesRange{} }

// Holds says whether a path lies in the range: not before From, and not after To and all that begins with it.
func (r SeriesRange) Holds(path string) bool {
	return path >= r.From && (path <= r.To || strings.HasPrefix(path, r.To))
}

func (r *SeriesRange) parse(v string) error {
	from, to, ok := strings.Cut(v, "..")
	if !ok || to == "" || from > to && !strings.HasPrefix(from, to) {
		return fmt.Errorf("jobs: %q is not a range of paths", v)
	}
	*r = SeriesRange{from, to}
	return nil
}

func (s *Settings) setSeries(v string) error {
	if !patterns()["NAME63"].match(v) {
		return fmt.Errorf("jobs: %q is no name", v)
	}
	s.Series = v
	return nil
}
