package jobs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Document is a job document as JSON text, unparsed: the argument of every job's workflow. Marshalling hands the text over
// and unmarshalling keeps it, so a job checks the very text that was sent.
type Document json.RawMessage

// MarshalJSON returns the text. A document that is no JSON object is refused.
func (d Document) MarshalJSON() ([]byte, error) {
	if !isObject(d) {
		return nil, &SyntaxError{Reason: "must be an object of members"}
	}
	return d, nil
}

// UnmarshalJSON keeps a copy of the text. Anything but an object is refused.
func (d *Document) UnmarshalJSON(text []byte) error {
	if !isObject(text) {
		return &SyntaxError{Reason: "must be an object of members"}
	}
	*d = bytes.Clone(text)
	return nil
}

func isObject(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && text[0] == '{'
}

func (d Document) String() string { return string(d) }

// Name is the document's name as a job of that kind, empty if it has none.
func (d Document) Name(k Kind) string { return d.text(k.NameMember) }

// ModelName is the document's model name: a model's own, or the one that a transform job asks for. It may be empty.
func (d Document) ModelName() string { return d.text("ModelName") }

func (d Document) text(name string) string {
	n, err := read(d)
	if err != nil {
		return ""
	}
	v := n.member(name)
	if v == nil || !v.isText() {
		return ""
	}
	return v.text
}

// Normalize turns a document of either notation into JSON, members in the order written. A number or boolean that YAML
// leaves unquoted becomes a string, in its own spelling, where the document's kind has one: eta: 1e-3 becomes "1e-3". Nothing
// is validated beyond being one object.
func Normalize(doc []byte) (Document, error) {
	n, err := read(doc)
	if err != nil {
		return nil, err
	}
	return n.document(), nil
}

func (n *node) document() Document { return n.appendJSON(nil, n.documentType()) }

// documentType tells by its name which kind of document this is; nil where there is no name.
func (n *node) documentType() reflect.Type {
	kinds := []struct {
		name string
		typ  reflect.Type
	}{
		{SplitKind.NameMember, reflect.TypeFor[SplitJob]()},
		{TrainingKind.NameMember, reflect.TypeFor[TrainingJob]()},
		{TransformKind.NameMember, reflect.TypeFor[TransformJob]()},
		{TuningKind.NameMember, reflect.TypeFor[HyperParameterTuningJob]()},
		{"ModelName", reflect.TypeFor[Model]()}, // last: a transform job has one too
	}
	for _, k := range kinds {
		if n.member(k.name) != nil {
			return k.typ
		}
	}
	return nil
}

// Encode turns a document made by hand, such as a *TrainingJob, into the argument of its workflow.
func Encode(doc any) (Document, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("jobs: encode document: %w", err)
	}
	return text, nil
}
