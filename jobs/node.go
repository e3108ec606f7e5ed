package jobs

import (
	"encoding/json"
	"strings"
)

// nodeKind is what a document's value is, whichever notation it was written in.
type nodeKind uint8

const (
	nullNode nodeKind = iota
	objectNode
	listNode
	stringNode
	numberNode
	boolNode
)

// maxDepth bounds the nesting of a document; the deepest one the contract knows has seven levels.
const maxDepth = 64

// maxNodes bounds what a document expands to, since YAML aliases can multiply it.
const maxNodes = 100_000

// node is one value of a document. JSON and YAML are both read into it, so that one set of checks serves both.
type node struct {
	kind    nodeKind
	text    string // a string's value; a number or boolean as written
	plain   bool   // an unquoted YAML scalar, which may stand for a string: 1e-3 keeps its text
	members []member
	items   []*node
}

// member is one name and value of an object, in the order written.
type member struct {
	name  string
	value *node
}

// member returns the value of the member of that name, nil where it is absent or null.
func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name && m.value.kind != nullNode {
			return m.value
		}
	}
	return nil
}

// jsonText is a number or boolean in JSON's notation; YAML has others: 0x1f, +1, .5, True.
func (n *node) jsonText() (string, bool) {
	if json.Valid([]byte(n.text)) {
		return n.text, true
	}
	if n.kind == boolNode {
		return strings.ToLower(n.text), true
	}
	text, err := jsonNumber(n.text)
	return text, err == nil
}

// isText tells whether the value can stand for a string.
func (n *node) isText() bool {
	return n.kind == stringNode || n.plain && (n.kind == numberNode || n.kind == boolNode)
}
