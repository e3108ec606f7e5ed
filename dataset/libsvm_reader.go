package dataset

import (
	"bytes"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
)

// libsvmSchema is the schema of libsvm rows: label, optional weight and qid, and the sparse vector.
func libsvmSchema(weight, qid bool) *Schema {
	fields := []Field{NullField(labelCol, Float32Type)}
	if weight {
		fields = append(fields, NullField(weightCol, Float32Type))
	}
	if qid {
		fields = append(fields, NullField(qidCol, Int64Type))
	}
	fields = append(fields,
		Field{Name: sparseIndexCol, Type: arrow.ListOfNonNullable(Int32Type)},
		Field{Name: sparseValueCol, Type: arrow.ListOfNonNullable(Float32Type)})
	md := arrow.NewMetadata([]string{namesKey, sparseKey}, []string{positional, sparseRows})
	return arrow.NewSchema(fields, &md)
}

// libsvmParser reads "label[:weight] [qid:N] index:value ...", as XGBoost does: the first word always is the label. Indices
// stay as they are in the data, in any order; a # starts a comment.
type libsvmParser struct {
	schema  *Schema
	label   fixedColumn[float32]
	weight  fixedColumn[float32]
	qid     fixedColumn[int64]
	indices listColumn[int32]
	values  listColumn[float32]
	seen    libsvmSeen
}

// libsvmSeen says which optional columns records have had.
type libsvmSeen struct{ weight, qid bool }

func newLibSVMParser(object string, schema *Schema) (*libsvmParser, error) {
	for _, f := range schema.Fields() {
		switch f.Name {
		case labelCol, weightCol, qidCol, sparseIndexCol, sparseValueCol:
		default:
			return nil, &SchemaError{Object: object, Column: f.Name, Reason: "libsvm data has no such column"}
		}
	}
	return &libsvmParser{schema: schema}, nil
}

func (p *libsvmParser) parse(text []byte) (column, reason string) {
	if i := bytes.IndexByte(text, '#'); i >= 0 {
		text = text[:i]
	}
	word, rest := nextWord(text)
	label, weight := float32(0), float32(0)
	hasLabel, hasWeight := false, false
	if name, value, pair := cutByte(word, ':'); len(word) > 0 {
		var ok bool
		if label, ok = parseFloat32(name); !ok && !isMissingNumber(name) {
			return labelCol, notA(name, Float32Type)
		}
		hasLabel = ok
		if pair {
			if weight, hasWeight = parseFloat32(value); !hasWeight {
				return weightCol, notA(value, Float32Type)
			}
		}
		word, rest = nextWord(rest)
	}
	p.label.append(label, hasLabel)
	p.weight.append(weight, hasWeight)
	p.seen.weight = p.seen.weight || hasWeight
	qid, hasQid := int64(0), false
	if bytes.HasPrefix(word, []byte("qid:")) {
		if qid, hasQid = parseInt64(word[4:]); !hasQid {
			return qidCol, notA(word[4:], Int64Type)
		}
		word, rest = nextWord(rest)
		p.seen.qid = true
	}
	p.qid.append(qid, hasQid)
	return p.features(word, rest)
}

func (p *libsvmParser) features(word, rest []byte) (column, reason string) {
	for ; len(word) > 0; word, rest = nextWord(rest) {
		name, value, pair := cutByte(word, ':')
		if !pair {
			return "", notA(word, StringType) + " of the form index:value"
		}
		index, ok := parseInt64(name)
		if !ok || index < 0 || index > math.MaxInt32 {
			return sparseIndexCol, notA(name, Int64Type) + " from 0 to 2147483647"
		}
		v, ok := parseFloat32(value)
		if !ok {
			if !isMissingNumber(value) || len(value) == 0 {
				return "feature " + string(name), notA(value, Float32Type)
			}
			v = float32(math.NaN())
		}
		p.indices.values = append(p.indices.values, int32(index))
		p.values.values = append(p.values.values, v)
	}
	p.indices.end()
	p.values.end()
	return "", ""
}

func nextWord(b []byte) (word, rest []byte) {
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	b = b[i:]
	for i = 0; i < len(b) && b[i] != ' ' && b[i] != '\t'; i++ {
	}
	return b[:i], b[i:]
}

func (p *libsvmParser) missing() { p.parse(nil) } // nothing is in it, so it cannot be wrong

func (p *libsvmParser) truncate(rows int) {
	p.label.truncate(rows)
	p.weight.truncate(rows)
	p.qid.truncate(rows)
	p.indices.truncate(rows)
	p.values.truncate(rows)
}

func (p *libsvmParser) build() []Column {
	built := map[string]Column{
		labelCol: p.label.build(Float32Type), weightCol: p.weight.build(Float32Type), qidCol: p.qid.build(Int64Type),
		sparseIndexCol: p.indices.build(Int32Type), sparseValueCol: p.values.build(Float32Type),
	}
	cols := make([]Column, p.schema.NumFields())
	for i := range cols {
		cols[i] = built[p.schema.Field(i).Name]
	}
	return cols
}
