package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// SyntaxError says that a text is no document at all.
type SyntaxError struct {
	Line   int // from 1; 0 if unknown
	Reason string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return "jobs: document: " + e.Reason
	}
	return fmt.Sprintf("jobs: document, line %d: %s", e.Line, e.Reason)
}

var utf8BOM = []byte("\xef\xbb\xbf")

// read reads a document, JSON where it begins with a brace and YAML otherwise. The document must be an object.
func read(data []byte) (*node, error) {
	data = bytes.TrimPrefix(data, utf8BOM)
	if !utf8.Valid(data) {
		return nil, &SyntaxError{Reason: "is not UTF-8 text"}
	}
	text := bytes.TrimSpace(data)
	if len(text) == 0 {
		return nil, &SyntaxError{Reason: "is empty"}
	}
	readAs := readYAML
	if text[0] == '{' || text[0] == '[' {
		readAs = readJSON
	}
	n, err := readAs(data)
	if err != nil {
		return nil, err
	}
	if n.kind != objectNode {
		return nil, &SyntaxError{Reason: "must be an object of members"}
	}
	return n, nil
}

// jsonReader turns a stream of JSON tokens into nodes.
type jsonReader struct {
	data []byte
	dec  *json.Decoder
}

func readJSON(data []byte) (*node, error) {
	r := &jsonReader{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	n, err := r.value(0)
	if err != nil {
		return nil, r.locate(err)
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, r.locate(errors.New("text follows after the document's end"))
	}
	return n, nil
}

// locate adds the line to an error.
func (r *jsonReader) locate(err error) error {
	offset := r.dec.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset, err = int64(len(r.data)), errors.New("ends too early")
	}
	offset = min(offset, int64(len(r.data)))
	return &SyntaxError{Line: 1 + bytes.Count(r.data[:offset], []byte("\n")), Reason: err.Error()}
}

func (r *jsonReader) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	tok, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '{' {
			return r.object(depth)
		}
		return r.list(depth)
	case string:
		return &node{kind: stringNode, text: tok}, nil
	case json.Number:
		return &node{kind: numberNode, text: tok.String()}, nil
	case bool:
		return &node{kind: boolNode, text: fmt.Sprint(tok)}, nil
	default:
		return &node{kind: nullNode}, nil
	}
}

func (r *jsonReader) object(depth int) (*node, error) {
	n := &node{kind: objectNode}
	seen := map[string]bool{}
	for r.dec.More() {
		tok, err := r.dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := tok.(string)
		if !ok {
			return nil, fmt.Errorf("%v is no member name", tok)
		}
		if seen[name] {
			return nil, fmt.Errorf("member %q is given twice", name)
		}
		seen[name] = true
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name, v})
	}
	_, err := r.dec.Token() // the closing brace
	return n, err
}

func (r *jsonReader) list(depth int) (*node, error) {
	n := &node{kind: listNode}
	for r.dec.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, v)
	}
	_, err := r.dec.Token() // the closing bracket
	return n, err
}
