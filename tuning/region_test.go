package tuning

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

// The rule worked by hand: n results of local trials that improve (+) or do not (-), among others that do not count (o).
func TestSideFollowsSuccess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		results string
		pending int
		want    float64
	}{
		{"", 0, sideStart},
		{"", 7, sideStart / 2},
		{"++", 7, sideStart},
		{"oooooo", 0, sideStart},
		{"++", 0, 2 * sideStart},
		{"+-+", 0, sideStart},
		{"++++++++++", 0, sideMost},
		{"--", 0, sideStart},
		{"---", 0, sideStart / 2},
		{"-o-o-", 0, sideStart / 2},
		{"--+--", 0, sideStart},
		{"------", 0, sideStart / 4},
		{"--", 1, sideStart / 2},
		{"---", 1, sideStart / 4}, // no fewer than one at a time
		{"------", 7, sideStart / 2},
		{"-------", 7, sideStart / 4},        // 0.3 of 3 for each of 8
		{"------------------", 0, sideStart}, // too short: as at the beginning
	} {
		s := mustNew(t, plane, Options{})
		s.records = append(s.records, record{status: told, value: 100})
		least := 100.0
		for _, kind := range c.results {
			r := record{status: told, value: 200, local: kind != 'o'}
			if kind == '+' {
				least--
				r.value = least
			}
			s.records = append(s.records, r)
		}
		if got := s.side(c.pending); got != c.want {
			t.Errorf("%q with %d pending: side %v, want %v", c.results, c.pending, got, c.want)
		}
	}
}

// Local trials are known again after a restart, as is the box's side.
func TestResumeKeepsLocalTrials(t *testing.T) {
	t.Parallel()
	space := append(Space{{Name: "n", Kind: Integer, Min: 1, Max: 9}}, plane...)
	s := mustNew(t, space, Options{Seed: 7})
	open := mustAsk(t, s, 4)
	local := 0
	for range 30 {
		mustTell(t, s, open[0].ID, Result{Value: bowl(open[0], 0.7) + math.Abs(open[0].Float("n")-4)})
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Resume(b)
		if err != nil {
			t.Fatal(err)
		}
		next := mustAsk(t, s, 1)
		if again := mustAsk(t, r, 1); !reflect.DeepEqual(next, again) || !reflect.DeepEqual(s.records, r.records) {
			t.Fatalf("trial %d is %v in one go, %v resumed", next[0].ID, next, again)
		}
		if s.records[next[0].ID-1].local {
			local++
		}
		open = append(open[1:], next...)
	}
	if local == 0 {
		t.Error("no trial was local")
	}
}
