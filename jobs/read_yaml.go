package jobs

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// yamlReader turns YAML nodes into document nodes.
type yamlReader struct {
	nodes int // made so far
}

// readYAML depends on its argument only; so does the library.
//
//workflowcheck:ignore
func readYAML(data []byte) (*node, error) {
	var docs []yaml.Node
	if err := yaml.Load(data, &docs, yaml.WithAllDocuments()); err != nil {
		return nil, yamlSyntaxError(err)
	}
	if len(docs) > 1 {
		return nil, &SyntaxError{Line: docs[1].Line, Reason: "a second document follows; give one per file"}
	}
	if len(docs) == 0 {
		return nil, &SyntaxError{Reason: "is empty"}
	}
	r := &yamlReader{}
	return r.value(&docs[0], 0)
}

// yamlSyntaxError keeps the line and the message of the library's error.
func yamlSyntaxError(err error) error {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		return &SyntaxError{Reason: err.Error()}
	}
	reason := one.Message
	if one.ContextMsg != "" {
		reason += ", " + one.ContextMsg
	}
	return &SyntaxError{Line: one.Mark.Line, Reason: reason}
}

func (r *yamlReader) value(y *yaml.Node, depth int) (*node, error) {
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		return nil, &SyntaxError{Line: y.Line, Reason: "is too large once its aliases are replaced"}
	}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 0 {
			return nil, &SyntaxError{Reason: "is empty"}
		}
		return r.value(y.Content[0], depth)
	case yaml.AliasNode:
		return r.value(y.Alias, depth+1)
	case yaml.MappingNode:
		return r.object(y, depth)
	case yaml.SequenceNode:
		return r.list(y, depth)
	case yaml.ScalarNode:
		return yamlScalar(y)
	}
	return nil, &SyntaxError{Line: y.Line, Reason: "cannot be understood"}
}

func (r *yamlReader) object(y *yaml.Node, depth int) (*node, error) {
	n := &node{kind: objectNode}
	seen := map[string]bool{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Kind != yaml.ScalarNode {
			reason := "a member's name must be plain text"
			if strings.HasPrefix(key.Value, "{") || key.Kind == yaml.MappingNode {
				reason += ` (a value that begins with "{{" must stand in quotes)`
			}
			return nil, &SyntaxError{Line: key.Line, Reason: reason}
		}
		if seen[key.Value] {
			return nil, &SyntaxError{Line: key.Line, Reason: fmt.Sprintf("member %q is given twice", key.Value)}
		}
		seen[key.Value] = true
		v, err := r.value(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{key.Value, v})
	}
	return n, nil
}

func (r *yamlReader) list(y *yaml.Node, depth int) (*node, error) {
	n := &node{kind: listNode}
	for _, item := range y.Content {
		v, err := r.value(item, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, v)
	}
	return n, nil
}

// yamlScalar keeps the text of a number, boolean or date as written: only the member it is for tells whether it is one.
func yamlScalar(y *yaml.Node) (*node, error) {
	n := &node{kind: stringNode, text: y.Value}
	switch y.ShortTag() {
	case "!!str":
		return n, nil
	case "!!null":
		return &node{kind: nullNode}, nil
	case "!!int", "!!float":
		n.kind, n.plain = numberNode, true
	case "!!bool":
		n.kind, n.plain = boolNode, true
	case "!!timestamp":
	default:
		return nil, &SyntaxError{Line: y.Line, Reason: "tag " + y.Tag + " is not supported"}
	}
	return n, nil
}

// jsonNumber is the JSON text of a number written in YAML, which knows more notations: 0x1f, +1, .5.
//
//workflowcheck:ignore
func jsonNumber(text string) (string, error) {
	var i int64
	var f float64
	y := yaml.Node{Kind: yaml.ScalarNode, Value: text}
	if err := y.Decode(&i); err == nil {
		return fmt.Sprint(i), nil
	}
	if err := y.Decode(&f); err != nil || f-f != 0 {
		return "", errors.New("is no finite number")
	}
	return fmt.Sprint(f), nil
}
