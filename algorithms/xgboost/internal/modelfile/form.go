package modelfile

import "bytes"

// Form is what a file looks like, in words.
type Form string

// The forms files come in. Read takes the first four.
const (
	JSON         Form = "a JSON document"
	UBJSON       Form = "a UBJSON document"
	Legacy       Form = "XGBoost's old binary form"
	Pickle       Form = "a Python pickle"
	LightGBMText Form = "a LightGBM text model"
	LightGBMJSON Form = "a LightGBM JSON model"
	LightGBMTree Form = "a single LightGBM tree without the model's head"
	Dump         Form = "a text dump of XGBoost's trees, which cannot be scored: it holds neither base_score nor objective"
	Gzip         Form = "a gzip file within the artifact"
	Zip          Form = "a zip file"
	Empty        Form = "an empty file"
	Other        Form = "something else"
)

// FormOf looks at the content of a file, never at its name.
func FormOf(data []byte) Form {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(text) == 0:
		return Empty
	case text[0] == '{' && isUBJSON(text):
		return UBJSON
	case text[0] == '{' && bytes.Contains(text, []byte(`"tree_structure"`)) && !bytes.Contains(text, []byte(`"learner"`)):
		return LightGBMJSON
	case text[0] == '{':
		return JSON
	case isPickle(data):
		return Pickle
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return Gzip
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return Zip
	case hasLine(text, "tree"):
		return LightGBMText
	case bytes.HasPrefix(text, []byte("Tree=")):
		return LightGBMTree
	case bytes.HasPrefix(text, []byte("booster[0]")):
		return Dump
	case isLegacy(data):
		return Legacy
	}
	return Other
}

// hasLine tells whether a text's first line is the given one.
func hasLine(text []byte, line string) bool {
	first, _, found := bytes.Cut(text, []byte("\n"))
	return found && string(bytes.TrimRight(first, "\r")) == line
}

// Model tells whether a file may be a model: JSON documents that are none have members of other names.
func (f Form) Model(data []byte) bool {
	switch f {
	case JSON:
		return bytes.Contains(data, []byte(`"learner"`))
	case UBJSON:
		return bytes.Contains(data, []byte("learner"))
	case Legacy, Pickle, LightGBMText, LightGBMJSON:
		return true
	}
	return false
}
