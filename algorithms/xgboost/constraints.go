package xgboost

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
)

// constraint is the direction of one feature: by position where name is "".
type constraint struct {
	name      string
	direction int8
}

// bareName is a name without quotes in a list, as Spark and people write it.
var bareName = regexp.MustCompile(`[^\[\],\s"']+`)

// readConstraints parses monotone_constraints, (1,0,-1) or {"feature": 1}, and interaction_constraints, lists of lists of
// positions or names.
func (s *settings) readConstraints(c *checker) {
	text := strings.TrimSpace(s.values.Text("monotone_constraints"))
	if strings.HasPrefix(text, "{") {
		named := map[string]int8{}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(text, "'", `"`)), &named); err != nil {
			c.fault("monotone_constraints", "could not parse value")
		}
		for name, d := range named {
			s.monotone = append(s.monotone, constraint{name, d})
		}
		slices.SortFunc(s.monotone, func(a, b constraint) int { return strings.Compare(a.name, b.name) })
	} else if text = strings.Trim(text, "()[] "); text != "" {
		for _, item := range strings.Split(text, ",") {
			d, err := strconv.ParseInt(strings.TrimSpace(item), 10, 8)
			if err != nil {
				c.fault("monotone_constraints", "could not parse value")
				return
			}
			s.monotone = append(s.monotone, constraint{direction: int8(d)})
		}
	}
	for _, m := range s.monotone {
		if m.direction < -1 || m.direction > 1 {
			c.fault("monotone_constraints", "%d is not in {-1, 0, 1}", m.direction)
		}
	}
	if method := s.values.Text("tree_method"); method == "approx" && slices.ContainsFunc(s.monotone, func(m constraint) bool { return m.direction != 0 }) {
		c.fault("monotone_constraints", "needs tree_method exact or hist") // SageMaker's rule
	}
	s.readInteractions(c)
}

func (s *settings) readInteractions(c *checker) {
	text := strings.TrimSpace(s.values.Text("interaction_constraints"))
	if text == "" {
		return
	}
	quoted := bareName.ReplaceAllStringFunc(strings.NewReplacer("(", "[", ")", "]", "'", "", `"`, "").Replace(text), strconv.Quote)
	if err := json.Unmarshal([]byte(quoted), &s.together); err != nil {
		c.fault("interaction_constraints", "could not parse value: lists of features are wanted, [[0, 1], [2, 3]]")
	}
}

// constrain resolves the constraints against the features of the train channel.
func (s *settings) constrain(l *layout) error {
	faults := checker{v: s.values}
	at := map[string]int32{}
	for i, f := range l.Features {
		at[f.Name] = int32(i)
	}
	find := func(hyperparameter, name string) (int32, bool) {
		if i, ok := at[name]; ok {
			return i, true
		}
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(l.Features) {
			return int32(i), true
		}
		faults.fault(hyperparameter, "%s is none of the %d features", name, len(l.Features))
		return 0, false
	}
	s.tree.Monotone, s.tree.Interactions = nil, nil
	for i, m := range s.monotone {
		f := int32(i)
		if m.name != "" {
			var ok bool
			if f, ok = find("monotone_constraints", m.name); !ok {
				continue
			}
		}
		if m.direction == 0 {
			continue
		}
		if int(f) >= len(l.Features) {
			faults.fault("monotone_constraints", "position %d is none of the %d features", f, len(l.Features))
			continue
		}
		if l.Features[f].Kind != kindNumber {
			faults.fault("monotone_constraints", "%s holds categories, which have no order", l.Features[f].Name)
		}
		if s.tree.Monotone == nil {
			s.tree.Monotone = make([]int8, len(l.Features))
		}
		s.tree.Monotone[f] = m.direction
	}
	for _, group := range s.together {
		var members []int32
		for _, name := range group {
			if f, ok := find("interaction_constraints", name); ok {
				members = append(members, f)
			}
		}
		s.tree.Interactions = append(s.tree.Interactions, members)
	}
	return algorithms.JoinFaults(faults.faults)
}
