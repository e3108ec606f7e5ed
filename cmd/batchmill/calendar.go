package main

import (
	"strconv"
	"strings"

	"go.temporal.io/sdk/client"
)

// calendarField is one field of a calendar: its bounds, and names that stand for numbers.
type calendarField struct {
	min, max int
	names    []string // of min, min+1, ...
	set      func(*client.ScheduleCalendarSpec, []client.ScheduleRange)
}

var calendarFields = map[string]calendarField{
	"second": {0, 59, nil, func(s *client.ScheduleCalendarSpec, r []client.ScheduleRange) { s.Second = r }},
	"minute": {0, 59, nil, func(s *client.ScheduleCalendarSpec, r []client.ScheduleRange) { s.Minute = r }},
	"hour":   {0, 23, nil, func(s *client.ScheduleCalendarSpec, r []client.ScheduleRange) { s.Hour = r }},
	"day":    {1, 31, nil, func(s *client.ScheduleCalendarSpec, r []client.ScheduleRange) { s.DayOfMonth = r }},
	"month": {1, 12, []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"},
		func(s *client.ScheduleCalendarSpec, r []client.ScheduleRange) { s.Month = r }},
	"year": {2000, 3000, nil, func(s *client.ScheduleCalendarSpec, r []client.ScheduleRange) { s.Year = r }},
	"weekday": {0, 6, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"},
		func(s *client.ScheduleCalendarSpec, r []client.ScheduleRange) { s.DayOfWeek = r }},
}

// parseCalendar reads "weekday=MON-FRI hour=6 minute=0,30".
func parseCalendar(text string) (client.ScheduleCalendarSpec, error) {
	spec := client.ScheduleCalendarSpec{Comment: text}
	seen := map[string]bool{}
	for _, word := range strings.Fields(text) {
		name, ranges, ok := strings.Cut(word, "=")
		field, known := calendarFields[strings.ToLower(name)]
		if !ok || !known {
			return spec, usagef("--calendar: %q is not FIELD=RANGES; fields are second, minute, hour, day, month, year, weekday", word)
		}
		if seen[name] {
			return spec, usagef("--calendar: %s is given twice", name)
		}
		seen[name] = true
		all, err := field.parse(name, ranges)
		if err != nil {
			return spec, err
		}
		field.set(&spec, all)
	}
	if len(seen) == 0 {
		return spec, usagef("--calendar is empty")
	}
	return spec, nil
}

func (f calendarField) parse(name, text string) ([]client.ScheduleRange, error) {
	var all []client.ScheduleRange
	for _, part := range strings.Split(text, ",") {
		span, step, stepped := strings.Cut(part, "/")
		first, last, isSpan := strings.Cut(span, "-")
		var r client.ScheduleRange
		var ok, okEnd, okStep = false, true, true
		if r.Start, ok = f.value(first); ok && isSpan {
			r.End, okEnd = f.value(last)
		}
		if stepped {
			n, err := strconv.Atoi(step)
			r.Step, okStep = n, err == nil && n > 0
		}
		if !ok || !okEnd || !okStep || isSpan && r.End < r.Start {
			return nil, usagef("--calendar: %s=%s: %q is no range within %d to %d", name, text, part, f.min, f.max)
		}
		all = append(all, r)
	}
	return all, nil
}

func (f calendarField) value(s string) (int, bool) {
	for i, n := range f.names {
		if strings.EqualFold(s, n) {
			return f.min + i, true
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= f.min && n <= f.max
}
