package jobs

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checker holds a document's nodes against a Go type: its members, their types and their rules.
type checker struct {
	report
	mistyped bool // some value has the wrong JSON type, so the document cannot become a struct
}

// object checks the members of an object against the fields of struct type t.
func (c *checker) object(path string, n *node, t reflect.Type) {
	fields := fieldsOf(t)
	for _, f := range fields {
		p := join(path, lowerCamel(f.name))
		if v := n.member(f.name); v != nil {
			c.value(p, v, f.typ, f.rule)
		} else if f.rule.required {
			c.add(p, nil, "Member must not be null")
		}
	}
	for _, m := range n.members {
		if slices.ContainsFunc(fields, func(f field) bool { return f.name == m.name }) {
			continue
		}
		hint := ""
		if s := similar(m.name, fields); s != "" {
			hint = ", did you mean " + s + "?"
		}
		c.add(join(path, lowerCamel(m.name)), m.value.show(), "Member %s is not known%s", m.name, hint)
	}
}

func (c *checker) value(path string, n *node, t reflect.Type, r *rule) {
	switch t.Kind() {
	case reflect.Pointer:
		c.value(path, n, t.Elem(), r)
	case reflect.Struct:
		if c.is(path, n, n.kind == objectNode, "an object") {
			c.object(path, n, t)
		}
	case reflect.Slice:
		if c.is(path, n, n.kind == listNode, "a list") {
			c.list(path, n, t.Elem(), r)
		}
	case reflect.Map:
		if c.is(path, n, n.kind == objectNode, "an object") {
			c.mapping(path, n, r)
		}
	case reflect.Bool:
		c.is(path, n, n.kind == boolNode, "a boolean")
	case reflect.String:
		if c.is(path, n, n.isText(), "a string") {
			c.text(path, n, n.text, r)
		}
	default:
		c.number(path, n, t, r)
	}
}

// is reports a value of the wrong JSON type.
func (c *checker) is(path string, n *node, ok bool, what string) bool {
	if !ok {
		c.mistyped = true
		c.add(path, n.show(), "Member must be %s", what)
	}
	return ok
}

func (c *checker) list(path string, n *node, elem reflect.Type, r *rule) {
	c.size(path, n, len(n.items), r)
	for i, item := range n.items {
		p := fmt.Sprintf("%s.%d.member", path, i+1)
		if item.kind == nullNode {
			c.mistyped = true
			c.add(p, nil, "Member must not be null")
			continue
		}
		c.value(p, item, elem, r.each.orNone())
	}
}

// mapping checks a map from string to string, the only kind documents have.
func (c *checker) mapping(path string, n *node, r *rule) {
	c.size(path, n, len(n.members), r)
	for _, m := range n.members {
		p := path + "." + m.name
		c.text(p+".key", n, m.name, r.key.orNone())
		if m.value.kind == nullNode {
			c.mistyped = true
			c.add(p, nil, "Member must not be null")
		} else if c.is(p, m.value, m.value.isText(), "a string") {
			c.text(p, m.value, m.value.text, r.each.orNone())
		}
	}
}

func (c *checker) size(path string, n *node, size int, r *rule) {
	if float64(size) < r.items.min {
		c.add(path, n.show(), "Member must have length greater than or equal to %s", bound(r.items.min))
	}
	if float64(size) > r.items.max {
		c.add(path, n.show(), "Member must have length less than or equal to %s", bound(r.items.max))
	}
}

func (c *checker) text(path string, n *node, s string, r *rule) {
	if r.or != nil && IsURI(s) {
		r = r.or
	}
	length := float64(utf8.RuneCountInString(s))
	if length < r.length.min {
		c.add(path, cut(s), "Member must have length greater than or equal to %s", bound(r.length.min))
	}
	if length > r.length.max {
		c.add(path, cut(s), "Member must have length less than or equal to %s", bound(r.length.max))
	}
	if r.pattern != "" && !patterns()[r.pattern].match(s) {
		c.add(path, cut(s), "Member must satisfy regular expression pattern: %s", patterns()[r.pattern].text)
	}
	if r.enum != nil && !slices.Contains(r.enum, s) {
		c.add(path, cut(s), "Member must satisfy enum value set: [%s]", strings.Join(r.enum, ", "))
	}
}

func (c *checker) number(path string, n *node, t reflect.Type, r *rule) {
	if !c.is(path, n, n.kind == numberNode, numberName(t)) {
		return
	}
	text, ok := n.jsonText()
	var v float64
	var err error
	if t.Kind() == reflect.Float64 {
		v, err = strconv.ParseFloat(text, 64)
	} else {
		var i int64
		i, err = strconv.ParseInt(text, 10, t.Bits())
		v = float64(i)
	}
	if !c.is(path, n, ok && err == nil, numberName(t)) {
		return
	}
	if v < r.value.min {
		c.add(path, n.text, "Member must have value greater than or equal to %s", bound(r.value.min))
	}
	if v > r.value.max {
		c.add(path, n.text, "Member must have value less than or equal to %s", bound(r.value.max))
	}
}

func numberName(t reflect.Type) string {
	if t.Kind() == reflect.Float64 {
		return "a number"
	}
	return "an integer"
}

// bound writes a bound without an exponent: 2419200, not 2.4192e+06.
func bound(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (r *rule) orNone() *rule {
	if r == nil {
		return newRule()
	}
	return r
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// lowerCamel turns a member's name into its form in paths.
func lowerCamel(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}

// shownValue bounds the characters of a value that a message repeats.
const shownValue = 256

func cut(s string) string {
	if utf8.RuneCountInString(s) <= shownValue {
		return s
	}
	return string([]rune(s)[:shownValue]) + "..."
}

// show is the value as messages repeat it.
func (n *node) show() string {
	if n.kind == objectNode || n.kind == listNode || n.kind == nullNode {
		return cut(string(n.appendJSON(nil, nil)))
	}
	return cut(n.text)
}
