package jobs

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// appendJSON writes the value as JSON, members in their order. Where t says that a string is expected, an unquoted YAML
// number or boolean becomes one, in its own spelling. A nil t writes values as they are.
func (n *node) appendJSON(b []byte, t reflect.Type) []byte {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n.kind {
	case objectNode:
		b = append(b, '{')
		for i, m := range n.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, m.name), ':')
			b = m.value.appendJSON(b, memberType(t, m.name))
		}
		return append(b, '}')
	case listNode:
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.appendJSON(b, elemType(t))
		}
		return append(b, ']')
	case nullNode:
		return append(b, "null"...)
	case stringNode:
		return appendString(b, n.text)
	}
	return n.appendScalar(b, t)
}

// appendScalar writes a number or boolean.
func (n *node) appendScalar(b []byte, t reflect.Type) []byte {
	if n.plain && t != nil && t.Kind() == reflect.String {
		return appendString(b, n.text)
	}
	if text, ok := n.jsonText(); ok {
		return append(b, text...)
	}
	return appendString(b, n.text) // .inf: no JSON text, refused where it is used
}

// appendString writes a JSON string. encoding/json depends on its argument only.
//
//workflowcheck:ignore
func appendString(b []byte, s string) []byte {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // people read these texts: < stays <
	if err := enc.Encode(s); err != nil {
		panic(err) // a string always has a JSON text
	}
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}

// memberType is the type of t's member of that name, nil where t has none.
func memberType(t reflect.Type, name string) reflect.Type {
	if t == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Map:
		return t.Elem()
	case reflect.Struct:
		for _, f := range fieldsOf(t) {
			if f.name == name {
				return f.typ
			}
		}
	}
	return nil
}

func elemType(t reflect.Type) reflect.Type {
	if t == nil || t.Kind() != reflect.Slice {
		return nil
	}
	return t.Elem()
}
