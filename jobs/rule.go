package jobs

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// A rule is what a struct field's `check` tag demands of the member. Its words, separated by blanks:
//
//	required       the member must be there
//	len=1..63      a string's length in characters
//	range=1..100   a number's value
//	items=1..20    a list's or map's number of entries
//	pat=NAME63     a string's pattern by name, see patternTexts
//	enum=A|B       a string's possible values
//	or=S3URI       the pattern of a string that begins with s3://, of up to 1024 characters, instead of what the other words say
//	each.len=..63  any of these for each list item or map value, with key. for each map key
//
// Either bound of a range may be left out.
type rule struct {
	required bool
	length   bounds
	value    bounds
	items    bounds
	pattern  string
	enum     []string
	each     *rule
	key      *rule
	or       *rule // of a string that begins with s3://
}

// bounds is a closed interval.
type bounds struct{ min, max float64 }

var unbounded = bounds{math.Inf(-1), math.Inf(1)}

func newRule() *rule { return &rule{length: unbounded, value: unbounded, items: unbounded} }

// field is a struct field as a document's member.
type field struct {
	name string
	typ  reflect.Type
	rule *rule
}

var fieldCache sync.Map // reflect.Type -> []field

// fieldsOf lists a struct's members in their order.
func fieldsOf(t reflect.Type) []field {
	if f, ok := fieldCache.Load(t); ok {
		return f.([]field)
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		fields = append(fields, field{f.Name, f.Type, parseRule(f.Tag.Get("check"))})
	}
	fieldCache.Store(t, fields)
	return fields
}

// parseRule reads a check tag. Tags are source text, so a bad one is a programming error, which the tests find.
func parseRule(tag string) *rule {
	r := newRule()
	for _, word := range strings.Fields(tag) {
		if rest, ok := strings.CutPrefix(word, "each."); ok {
			r.each = r.each.with(rest)
		} else if rest, ok := strings.CutPrefix(word, "key."); ok {
			r.key = r.key.with(rest)
		} else {
			r = r.with(word)
		}
	}
	return r
}

func (r *rule) with(word string) *rule {
	if r == nil {
		r = newRule()
	}
	name, arg, _ := strings.Cut(word, "=")
	switch name {
	case "required":
		r.required = true
	case "len":
		r.length = parseBounds(arg)
	case "range":
		r.value = parseBounds(arg)
	case "items":
		r.items = parseBounds(arg)
	case "pat":
		if _, ok := patterns()[arg]; !ok {
			panic("jobs: unknown pattern " + arg)
		}
		r.pattern = arg
	case "enum":
		r.enum = strings.Split(arg, "|")
	case "or":
		r.or = newRule().with("len=..1024").with("pat=" + arg)
	default:
		panic("jobs: unknown check " + word)
	}
	return r
}

func parseBounds(s string) bounds {
	b := unbounded
	low, high, ok := strings.Cut(s, "..")
	if !ok {
		panic("jobs: bounds without dots: " + s)
	}
	parse := func(text string, to *float64) {
		if text == "" {
			return
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic(fmt.Sprintf("jobs: bounds %s: %v", s, err))
		}
		*to = v
	}
	parse(low, &b.min)
	parse(high, &b.max)
	return b
}
