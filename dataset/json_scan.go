package dataset

import (
	"bytes"
	"encoding/json"
)

// validJSON returns the text without spaces around it, or the reason why it is no JSON.
func validJSON(text []byte) (trimmed []byte, reason string) {
	if !json.Valid(text) {
		var v any
		return nil, "is not JSON: " + json.Unmarshal(text, &v).Error()
	}
	return bytes.TrimSpace(text), ""
}

// eachJSON calls visit for each member (its quoted name) or element (no name) of a valid JSON object or array.
func eachJSON(text []byte, visit func(name, value []byte)) {
	object := text[0] == '{'
	for i := 1; ; { // text is valid, so every index below is in range
		i = skipJSON(text, i)
		if text[i] == '}' || text[i] == ']' {
			return
		}
		var name []byte
		if object {
			end := jsonStringEnd(text, i)
			name = text[i:end]
			i = skipJSON(text, end)
		}
		end := jsonValueEnd(text, i)
		visit(name, text[i:end])
		i = end
	}
}

// skipJSON returns the index of the next name, value or closing bracket.
func skipJSON(text []byte, i int) int {
	for {
		switch text[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
		default:
			return i
		}
	}
}

// jsonValueEnd returns the index after the value at i of valid JSON.
func jsonValueEnd(text []byte, i int) int {
	depth := 0
	for ; ; i++ {
		switch text[i] {
		case '"':
			i = jsonStringEnd(text, i) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
			if depth < 0 { // the end of the object around a bare number or word
				return i
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
}

// jsonStringEnd returns the index after the string whose opening quote is at i.
func jsonStringEnd(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// jsonString returns a string's content; without escapes it is a part of text.
func jsonString(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return quoted
	}
	return []byte(s)
}
