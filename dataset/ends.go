package dataset

import (
	"bytes"

	"github.com/apache/arrow/go/v15/arrow/ipc"
)

// Ends is what makes an object of fragments: Head before the first, Between two of them, Tail behind the last. Without fragments, Head
// and Tail are an object without rows.
type Ends struct{ Head, Between, Tail []byte }

// FragmentEnds is what belongs around fragments that writers with WriteOptions.Fragment have written. Nothing does in formats whose
// records stand one behind the other; Parquet's fragments are files: see AssembleParquet.
func FragmentEnds(schema *Schema, o WriteOptions) (Ends, error) {
	switch o.Media.Format {
	case CSV:
		return Ends{Head: HeaderLine(ColumnNames(schema), o.Media)}, nil
	case JSON:
		if o.Media.LineSplit {
			return Ends{}, nil
		}
		return jsonEnds(o)
	case ArrowStream:
		head, tail, err := arrowEnds(schema)
		return Ends{Head: head, Tail: tail}, err
	}
	return Ends{}, nil
}

// jsonEnds makes a response document of records (contract 11.1).
func jsonEnds(o WriteOptions) (Ends, error) {
	list := o.List
	if list == "" {
		list = ResponseList
	}
	name, err := marshalJSON(list)
	if err != nil {
		return Ends{}, err
	}
	head := append(append([]byte{'{'}, name...), ":["...)
	return Ends{Head: head, Between: []byte(",\n"), Tail: []byte("]}\n")}, nil
}

// arrowEnds are the message that holds the schema and the mark of a stream's end
// (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format).
func arrowEnds(schema *Schema) (head, tail []byte, err error) {
	const mark = 8 // 0xFFFFFFFF and a length of 0
	var b bytes.Buffer
	if err := ipc.NewWriter(&b, ipc.WithSchema(schema)).Close(); err != nil {
		return nil, nil, err
	}
	cut := b.Len() - mark
	return b.Bytes()[:cut:cut], b.Bytes()[cut:], nil
}
