package dataset

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The message aialgs.data.Record of SageMaker's built-in algorithms (record.proto of sagemaker-python-sdk), by field number.
const (
	recordFeatures = 1
	recordLabel    = 2
	recordUID      = 3
	recordMetadata = 4

	entryKey   = 1 // of a map's entries
	entryValue = 2

	valueFloat32 = 2
	valueFloat64 = 3
	valueInt32   = 7
	valueBytes   = 9

	tensorValues = 1
	tensorKeys   = 2
	tensorShape  = 3
)

// plainKey is the key of a record's features, and of its label, in their maps.
const plainKey = "values"

// tensor is a vector of a record. With keys it is sparse: values[i] stands at keys[i].
type tensor struct {
	values []float64
	keys   []uint64
	shape  []uint64
	kind   protowire.Number // one of value*; 0: there is none
}

func (t *tensor) reset() {
	*t = tensor{values: t.values[:0], keys: t.keys[:0], shape: t.shape[:0]}
}

// sparse says whether only some values of the vector are there. A vector of a known length without values is one of them.
func (t *tensor) sparse() bool { return len(t.keys) > 0 || len(t.values) == 0 && len(t.shape) > 0 }

// recordMessage is one record's vectors.
type recordMessage struct{ features, label tensor }

// parse reads a record, or says where and why it cannot.
func (m *recordMessage) parse(b []byte) (column, reason string) {
	m.features.reset()
	m.label.reset()
	where := ""
	err := eachField(b, func(number protowire.Number, wire protowire.Type, value []byte) (err error) {
		if wire != protowire.BytesType {
			return nil
		}
		switch number {
		case recordFeatures:
			where = "features"
			err = m.features.parseEntry(value)
		case recordLabel:
			where = labelCol
			err = m.label.parseEntry(value)
		}
		return err
	})
	if err != nil {
		return where, err.Error()
	}
	if reason := m.features.check(); reason != "" {
		return "features", reason
	}
	if m.label.sparse() {
		return labelCol, "is a sparse vector"
	}
	return labelCol, m.label.check()
}

// eachField visits the fields of a message. value is what stands after the tag: of bytes their content.
func eachField(b []byte, visit func(number protowire.Number, wire protowire.Type, value []byte) error) error {
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("is no Record message: %w", protowire.ParseError(n))
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
			return fmt.Errorf("is no Record message: %w", protowire.ParseError(n))
		}
		value := b[:n]
		if wire == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(b)
		}
		if err := visit(number, wire, value); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// parseEntry reads an entry of a map from names to values.
func (t *tensor) parseEntry(b []byte) error {
	key, value := "", []byte(nil)
	err := eachField(b, func(number protowire.Number, wire protowire.Type, v []byte) error {
		switch {
		case wire != protowire.BytesType:
		case number == entryKey:
			key = string(v)
		case number == entryValue:
			value = v
		}
		return nil
	})
	if err != nil {
		return err
	}
	if key != plainKey {
		return fmt.Errorf("holds %q, where only %q can be read", cutRaw([]byte(key)), plainKey)
	}
	return eachField(value, func(number protowire.Number, wire protowire.Type, v []byte) error {
		switch {
		case wire != protowire.BytesType:
		case number == valueBytes:
			return fmt.Errorf("holds bytes, not numbers")
		case number == valueFloat32, number == valueFloat64, number == valueInt32:
			t.reset()
			t.kind = number
			return eachField(v, t.field)
		}
		return nil
	})
}

// field reads a field of a tensor: packed, or one number each.
func (t *tensor) field(number protowire.Number, wire protowire.Type, v []byte) error {
	if number == tensorKeys || number == tensorShape {
		to := &t.keys
		if number == tensorShape {
			to = &t.shape
		}
		return eachVarint(wire, v, func(x uint64) { *to = append(*to, x) })
	}
	if number != tensorValues {
		return nil
	}
	switch t.kind {
	case valueInt32:
		return eachVarint(wire, v, func(x uint64) { t.values = append(t.values, float64(int32(x))) })
	case valueFloat32:
		if err := packedOf(wire, protowire.Fixed32Type, len(v), 4); err != nil {
			return err
		}
		for ; len(v) > 0; v = v[4:] {
			x, _ := protowire.ConsumeFixed32(v)
			t.values = append(t.values, float64(math.Float32frombits(x)))
		}
	case valueFloat64:
		if err := packedOf(wire, protowire.Fixed64Type, len(v), 8); err != nil {
			return err
		}
		for ; len(v) > 0; v = v[8:] {
			x, _ := protowire.ConsumeFixed64(v)
			t.values = append(t.values, math.Float64frombits(x))
		}
	}
	return nil
}

// packedOf checks the wire type and length of numbers of a fixed size.
func packedOf(wire, single protowire.Type, length, size int) error {
	if wire != protowire.BytesType && wire != single || length%size != 0 {
		return fmt.Errorf("is no Record message: a tensor's values are not numbers of %d bytes", size)
	}
	return nil
}

func eachVarint(wire protowire.Type, v []byte, visit func(uint64)) error {
	if wire != protowire.BytesType && wire != protowire.VarintType {
		return fmt.Errorf("is no Record message: a tensor's numbers are not varints")
	}
	for len(v) > 0 {
		x, n := protowire.ConsumeVarint(v)
		if n < 0 {
			return fmt.Errorf("is no Record message: %w", protowire.ParseError(n))
		}
		visit(x)
		v = v[n:]
	}
	return nil
}

// check compares a tensor's parts with each other.
func (t *tensor) check() (reason string) {
	size := uint64(1)
	for _, d := range t.shape {
		if d > math.MaxInt32 || size*d > math.MaxInt32 {
			return fmt.Sprintf("has a shape of more than %d values", math.MaxInt32)
		}
		size *= d
	}
	if !t.sparse() {
		if len(t.shape) > 0 && size != uint64(len(t.values)) {
			return fmt.Sprintf("has %d values and a shape for %d", len(t.values), size)
		}
		return ""
	}
	if len(t.keys) != len(t.values) {
		return fmt.Sprintf("has %d keys and %d values", len(t.keys), len(t.values))
	}
	if len(t.shape) == 0 {
		return "is sparse and has no shape"
	}
	for _, k := range t.keys {
		if k >= size {
			return fmt.Sprintf("has the key %d and a shape for %d values", k, size)
		}
	}
	return ""
}
