package jobs

import (
	"bytes"
	"fmt"
	"strings"
	"text/template/parse"
	"time"
)

// scheduledTimeLayout is legal inside a job's name and an object's key; the time is UTC.
const scheduledTimeLayout = "2006-01-02T15-04-05Z"

// placeholderNames are what a placeholder can name, for error messages.
const placeholderNames = `{{.ScheduledTime}}, {{.ScheduledTime.Format "20060102"}}, {{.ScheduledDate}} and {{.ISOWeek}}`

// PlaceholderError says that a placeholder of a scheduled document cannot be replaced.
type PlaceholderError struct {
	Path   string // of the member, as in a Violation
	Value  string // the member's text
	Reason string
}

func (e *PlaceholderError) Error() string {
	return fmt.Sprintf("jobs: placeholder in '%s' at '%s': %s; there are %s", e.Value, e.Path, e.Reason, placeholderNames)
}

// HasPlaceholders tells whether Expand would change the document.
func HasPlaceholders(doc []byte) bool { return bytes.Contains(doc, []byte("{{")) }

// Expand replaces the placeholders in a document's string values by the time a schedule fired at, and returns JSON:
//
//	{{.ScheduledTime}}                    2026-11-21T08-30-00Z, always UTC
//	{{.ScheduledTime.Format "20060102"}}  the time in loc, in any layout of package time
//	{{.ScheduledDate}}                    2026-11-21, in loc
//	{{.ISOWeek}}                          2026-W47, in loc
//
// A document without "{{" is returned as it is. The error is a *SyntaxError or a *PlaceholderError. A nil loc is UTC.
func Expand(doc []byte, at time.Time, loc *time.Location) ([]byte, error) {
	if !HasPlaceholders(doc) {
		return doc, nil
	}
	n, err := read(doc)
	if err != nil {
		return nil, err
	}
	if loc == nil {
		loc = time.UTC
	}
	if err := n.expand("", at.In(loc)); err != nil {
		return nil, err
	}
	return n.document(), nil
}

// expand replaces the placeholders of every string below n.
func (n *node) expand(path string, at time.Time) error {
	for _, m := range n.members {
		if err := m.value.expand(join(path, lowerCamel(m.name)), at); err != nil {
			return err
		}
	}
	for i, item := range n.items {
		if err := item.expand(fmt.Sprintf("%s.%d.member", path, i+1), at); err != nil {
			return err
		}
	}
	if n.kind != stringNode || !strings.Contains(n.text, "{{") {
		return nil
	}
	text, err := expandText(n.text, at)
	if err != nil {
		return &PlaceholderError{path, cut(n.text), err.Error()}
	}
	n.text = text
	return nil
}

// expandText reads s as a Go template that may hold nothing but the placeholders: no functions, no loops. So it stays
// deterministic, and a document cannot make a worker spin.
func expandText(s string, at time.Time) (string, error) {
	tree := parse.New("document")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(s, "", "", map[string]*parse.Tree{}); err != nil {
		return "", fmt.Errorf("is no placeholder: %s", strings.TrimPrefix(err.Error(), "template: document:"))
	}
	var b strings.Builder
	for _, n := range tree.Root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			b.Write(n.Text)
		case *parse.ActionNode:
			value, err := placeholder(n, at)
			if err != nil {
				return "", err
			}
			b.WriteString(value)
		default:
			return "", fmt.Errorf("%s is not allowed", n)
		}
	}
	return b.String(), nil
}

// placeholder is the value of one {{...}}.
func placeholder(n *parse.ActionNode, at time.Time) (string, error) {
	unknown := fmt.Errorf("%s is unknown", n)
	if len(n.Pipe.Cmds) != 1 || len(n.Pipe.Decl) > 0 {
		return "", unknown
	}
	args := n.Pipe.Cmds[0].Args
	name := args[0].String()
	if name == ".ScheduledTime.Format" && len(args) == 2 {
		layout, ok := args[1].(*parse.StringNode)
		if !ok {
			return "", fmt.Errorf("%s needs a layout in quotes", n)
		}
		return at.Format(layout.Text), nil
	}
	if len(args) != 1 {
		return "", unknown
	}
	switch name {
	case ".ScheduledTime":
		return at.UTC().Format(scheduledTimeLayout), nil
	case ".ScheduledDate":
		return at.Format(time.DateOnly), nil
	case ".ISOWeek":
		year, week := at.ISOWeek()
		return fmt.Sprintf("%d-W%02d", year, week), nil
	}
	return "", unknown
}
