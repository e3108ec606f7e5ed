package dataset

import "slices"

// instanceLists are the members that hold a document's records: those of a request, and, so that an answer can be read again, those of
// the algorithms' responses (contract 10, 11.1).
var instanceLists = []string{requestList, ResponseList, "projections", "scores"}

const (
	requestList = "instances"
	// ResponseList is the member of a JSON response that holds one element per record, where an algorithm has no other.
	ResponseList = "predictions"
)

// isInstanceList says whether a member is a document's list of records: first is the first byte of the list's first element, ']' if
// there is none. A list of plain numbers is a record's own, except under the name of a request.
func isInstanceList(name string, first byte) bool {
	return slices.Contains(instanceLists, name) && (name == requestList || first == '{' || first == '[' || first == ']')
}

// instancesOf lists the records of a valid JSON document without spaces around it: the elements of its list of instances, those of an
// array of arrays or objects, or the document itself.
func instancesOf(text []byte) [][]byte {
	switch text[0] {
	case '[':
		if next := text[skipJSON(text, 1)]; next == '[' || next == '{' || next == ']' {
			return jsonElements(text)
		}
	case '{':
		var list []byte
		eachJSON(text, func(name, value []byte) {
			if list == nil && value[0] == '[' && isInstanceList(string(jsonString(name)), value[skipJSON(value, 1)]) {
				list = value
			}
		})
		if list != nil {
			return jsonElements(list)
		}
	}
	return [][]byte{text}
}
