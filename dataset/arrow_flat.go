package dataset

import (
	"encoding/binary"
	"fmt"
)

// flatTable is a place in a flatbuffer (https://flatbuffers.dev/internals/). The library makes room for as many fields as a schema says
// it has, without looking whether that many can be in it; so that is looked at here. Places outside the bytes panic, as they do there:
// arrowReader.guard turns both into an error.
type flatTable struct {
	b  []byte
	at int
}

// Slots of the tables of Arrow's Schema.fbs, Message.fbs and File.fbs.
const (
	messageHeaderType = 1
	messageHeader     = 2
	footerSchema      = 1
	schemaFields      = 1
	schemaMetadata    = 2
	fieldChildren     = 5
	fieldMetadata     = 6

	headerIsSchema = 1
	offsetBytes    = 4
)

func flatRoot(b []byte) flatTable { return flatTable{b, 0}.follow() }

// follow goes where the offset at the place points.
func (t flatTable) follow() flatTable {
	return flatTable{t.b, t.at + int(binary.LittleEndian.Uint32(t.b[t.at:]))}
}

// slot is where a table's member lies; false if it has none.
func (t flatTable) slot(i int) (flatTable, bool) {
	vtable := t.at - int(int32(binary.LittleEndian.Uint32(t.b[t.at:])))
	const head = 4
	if head+2*i+2 > int(binary.LittleEndian.Uint16(t.b[vtable:])) {
		return t, false
	}
	offset := int(binary.LittleEndian.Uint16(t.b[vtable+head+2*i:]))
	return flatTable{t.b, t.at + offset}, offset > 0
}

// offsets are the elements of a member that is a vector of tables.
func (t flatTable) offsets(i int) (elements []flatTable) {
	member, ok := t.slot(i)
	if !ok {
		return nil
	}
	vector := member.follow()
	n := int(binary.LittleEndian.Uint32(vector.b[vector.at:]))
	if n > (len(t.b)-vector.at-offsetBytes)/offsetBytes {
		panic(fmt.Errorf("a list of %d elements does not fit into %d bytes", n, len(t.b)))
	}
	for k := range n {
		elements = append(elements, flatTable{t.b, vector.at + offsetBytes*(k+1)}.follow())
	}
	return elements
}

// checkMessage checks the metadata of a message.
func checkMessage(metadata []byte) {
	message := flatRoot(metadata)
	kind, ok := message.slot(messageHeaderType)
	if !ok || metadata[kind.at] != headerIsSchema {
		return
	}
	if header, ok := message.slot(messageHeader); ok {
		checkSchema(header.follow())
	}
}

// checkFooter checks the footer of a file.
func checkFooter(footer []byte) {
	if schema, ok := flatRoot(footer).slot(footerSchema); ok {
		checkSchema(schema.follow())
	}
}

// checkSchema checks lists of fields. There cannot be more fields than offsets; damage may point at one field from many places.
func checkSchema(schema flatTable) {
	left := len(schema.b) / offsetBytes
	schema.offsets(schemaMetadata)
	checkFields(schema.offsets(schemaFields), &left)
}

func checkFields(fields []flatTable, left *int) {
	if *left -= len(fields); *left < 0 {
		panic(fmt.Errorf("the schema has more fields than it has room for"))
	}
	for _, f := range fields {
		f.offsets(fieldMetadata)
		checkFields(f.offsets(fieldChildren), left)
	}
}
