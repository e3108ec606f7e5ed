package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// recordProto is the message aialgs.data.Record for protobuf's own encoder, with which these tests make and read records.
func recordProto(t testing.TB) protoreflect.MessageDescriptor {
	file := &descriptorpb.FileDescriptorProto{}
	require.NoError(t, protojson.Unmarshal([]byte(`{"name": "record.proto", "package": "aialgs.data", "syntax": "proto2", "messageType": [
	 {"name": "Float32Tensor", "field": [
	  {"name": "values", "number": 1, "type": "TYPE_FLOAT", "label": "LABEL_REPEATED", "options": {"packed": true}},
	  {"name": "keys", "number": 2, "type": "TYPE_UINT64", "label": "LABEL_REPEATED", "options": {"packed": true}},
	  {"name": "shape", "number": 3, "type": "TYPE_UINT64", "label": "LABEL_REPEATED", "options": {"packed": true}}]},
	 {"name": "Float64Tensor", "field": [
	  {"name": "values", "number": 1, "type": "TYPE_DOUBLE", "label": "LABEL_REPEATED"},
	  {"name": "keys", "number": 2, "type": "TYPE_UINT64", "label": "LABEL_REPEATED"},
	  {"name": "shape", "number": 3, "type": "TYPE_UINT64", "label": "LABEL_REPEATED"}]},
	 {"name": "Int32Tensor", "field": [
	  {"name": "values", "number": 1, "type": "TYPE_INT32", "label": "LABEL_REPEATED", "options": {"packed": true}},
	  {"name": "keys", "number": 2, "type": "TYPE_UINT64", "label": "LABEL_REPEATED", "options": {"packed": true}},
	  {"name": "shape", "number": 3, "type": "TYPE_UINT64", "label": "LABEL_REPEATED", "options": {"packed": true}}]},
	 {"name": "Bytes", "field": [
	  {"name": "value", "number": 1, "type": "TYPE_BYTES", "label": "LABEL_REPEATED"},
	  {"name": "content_type", "number": 2, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"}]},
	 {"name": "Value", "oneofDecl": [{"name": "value"}], "field": [
	  {"name": "float32_tensor", "number": 2, "type": "TYPE_MESSAGE", "typeName": ".aialgs.data.Float32Tensor", "label": "LABEL_OPTIONAL", "oneofIndex": 0},
	  {"name": "float64_tensor", "number": 3, "type": "TYPE_MESSAGE", "typeName": ".aialgs.data.Float64Tensor", "label": "LABEL_OPTIONAL", "oneofIndex": 0},
	  {"name": "int32_tensor", "number": 7, "type": "TYPE_MESSAGE", "typeName": ".aialgs.data.Int32Tensor", "label": "LABEL_OPTIONAL", "oneofIndex": 0},
	  {"name": "bytes", "number": 9, "type": "TYPE_MESSAGE", "typeName": ".aialgs.data.Bytes", "label": "LABEL_OPTIONAL", "oneofIndex": 0}]},
	 {"name": "Record", "nestedType": [
	   {"name": "FeaturesEntry", "options": {"mapEntry": true}, "field": [
	    {"name": "key", "number": 1, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"},
	    {"name": "value", "number": 2, "type": "TYPE_MESSAGE", "typeName": ".aialgs.data.Value", "label": "LABEL_OPTIONAL"}]},
	   {"name": "LabelEntry", "options": {"mapEntry": true}, "field": [
	    {"name": "key", "number": 1, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"},
	    {"name": "value", "number": 2, "type": "TYPE_MESSAGE", "typeName": ".aialgs.data.Value", "label": "LABEL_OPTIONAL"}]}],
	  "field": [
	   {"name": "features", "number": 1, "type": "TYPE_MESSAGE", "typeName": ".aialgs.data.Record.FeaturesEntry", "label": "LABEL_REPEATED"},
	   {"name": "label", "number": 2, "type": "TYPE_MESSAGE", "typeName": ".aialgs.data.Record.LabelEntry", "label": "LABEL_REPEATED"},
	   {"name": "uid", "number": 3, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"},
	   {"name": "metadata", "number": 4, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"},
	   {"name": "configuration", "number": 5, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"}]}]}`), file))
	fd, err := protodesc.NewFile(file, nil)
	require.NoError(t, err)
	return fd.Messages().ByName("Record")
}

// encodeRecords frames records given as protobuf's JSON.
func encodeRecords(t testing.TB, records ...string) []byte {
	d := recordProto(t)
	var out []byte
	for _, r := range records {
		m := dynamicpb.NewMessage(d)
		require.NoError(t, protojson.Unmarshal([]byte(r), m))
		payload, err := proto.Marshal(m)
		require.NoError(t, err)
		out = frame(out, recordWhole, payload)
	}
	return out
}

// frame is the framing as the contract words it.
func frame(dst []byte, part uint32, payload []byte) []byte {
	dst = append(dst, 0x0A, 0x23, 0xD7, 0xCE)
	dst = binary.LittleEndian.AppendUint32(dst, part<<29|uint32(len(payload)))
	dst = append(dst, payload...)
	for len(dst)%4 != 0 {
		dst = append(dst, 0)
	}
	return dst
}

// decodeRecords reads records with protobuf's own decoder.
func decodeRecords(t testing.TB, data []byte) []string {
	d := recordProto(t)
	var out []string
	for len(data) > 0 {
		require.Equal(t, []byte{0x0A, 0x23, 0xD7, 0xCE}, data[:4])
		n := int(binary.LittleEndian.Uint32(data[4:]))
		m := dynamicpb.NewMessage(d)
		require.NoError(t, proto.Unmarshal(data[8:8+n], m))
		text, err := protojson.Marshal(m)
		require.NoError(t, err)
		out = append(out, string(text))
		data = data[8+(n+3)/4*4:]
	}
	return out
}

func recordMedia(t testing.TB) ReadOptions {
	return ReadOptions{Media: mustMedia(t, "application/x-recordio-protobuf")}
}

func floatsOf(t testing.TB, b Batch, name string) []float64 {
	i := columnIndex(b.Schema(), name)
	require.GreaterOrEqual(t, i, 0, name)
	out := make([]float64, b.NumRows())
	require.NoError(t, Float64s(b.Column(i), out))
	return out
}

// TestRecordIODense reads dense records of each kind of tensor as protobuf's own encoder writes them.
func TestRecordIODense(t *testing.T) {
	t.Parallel()
	data := encodeRecords(t,
		`{"features": {"values": {"float32Tensor": {"values": [1.5, 2, 3]}}}, "label": {"values": {"float32Tensor": {"values": [1]}}}, "uid": "a"}`,
		`{"features": {"values": {"float64Tensor": {"values": [0.1, -2e300, 4], "shape": [3]}}}, "label": {"values": {"int32Tensor": {"values": [-7]}}}}`,
		`{"features": {"values": {"int32Tensor": {"values": [-1, 2147483647, 0]}}}, "metadata": "m", "configuration": "{}"}`)
	b := readAll(t, newObject("o", data), recordMedia(t))
	require.Equal(t, []string{"label", "c0", "c1", "c2"}, ColumnNames(b.Schema()))
	require.False(t, Named(b.Schema()))
	require.False(t, Sparse(b.Schema()))
	require.Equal(t, []float64{1.5, 0.1, -1}, floatsOf(t, b, "c0"))
	require.Equal(t, []float64{2, -2e300, 2147483647}, floatsOf(t, b, "c1"))
	require.Equal(t, []float64{1, -7}, floatsOf(t, b, "label")[:2])
	require.True(t, b.Column(0).IsNull(2))

	roles, err := Media{}.Roles(b.Schema(), true)
	require.NoError(t, err)
	require.Equal(t, Roles{Label: []string{"label"}, Features: []string{"c0", "c1", "c2"}}, roles)
	roles, err = Media{}.Roles(b.Schema(), false)
	require.NoError(t, err)
	require.Equal(t, Roles{Features: []string{"c0", "c1", "c2"}}, roles)

	o := recordMedia(t)
	o.Columns = []string{"c2", "label"}
	some := readAll(t, newObject("o", data), o)
	require.Equal(t, []string{"c2", "label"}, ColumnNames(some.Schema()))
	require.Equal(t, []float64{3, 4, 0}, floatsOf(t, some, "c2"))
}

// TestRecordIOSparse reads sparse records, with a dense one among them.
func TestRecordIOSparse(t *testing.T) {
	t.Parallel()
	data := encodeRecords(t,
		`{"features": {"values": {"float32Tensor": {"values": [1.5, 2], "keys": ["7", "100000"], "shape": ["200000"]}}}, "label": {"values": {"float32Tensor": {"values": [1]}}}}`,
		`{"features": {"values": {"float64Tensor": {"shape": ["200000"]}}}, "label": {"values": {"float32Tensor": {"values": [0]}}}}`,
		`{"features": {"values": {"int32Tensor": {"values": [-4], "keys": ["0"], "shape": ["200000"]}}}, "label": {"values": {"float32Tensor": {"values": [3]}}}}`,
		`{"features": {"values": {"float32Tensor": {"values": [0, 5]}}}, "label": {"values": {"float32Tensor": {"values": [4]}}}}`)
	b := readAll(t, newObject("o", data), recordMedia(t))
	require.True(t, Sparse(b.Schema()))
	rows, err := SparseColumns(b)
	require.NoError(t, err)
	for i, want := range []struct {
		indices []int32
		values  []float32
	}{{[]int32{7, 100000}, []float32{1.5, 2}}, {[]int32{}, []float32{}}, {[]int32{0}, []float32{-4}}, {[]int32{0, 1}, []float32{0, 5}}} {
		indices, values := rows.Row(i)
		require.Equal(t, want.indices, indices)
		require.Equal(t, want.values, values)
	}
	require.Equal(t, []float64{1, 0, 3, 4}, floatsOf(t, b, "label"))
}

// TestRecordIOBytes reads bytes worked out by hand from the message's definition: packed and unpacked numbers, a payload in
// parts with the magic between them, and unknown fields.
func TestRecordIOBytes(t *testing.T) {
	t.Parallel()
	unpacked := "0a18" + "0a06" + hex.EncodeToString([]byte("values")) + // features: key
		"120e" + "120c" + "0d0000803f" + "0d00000040" + "1802" // value: float32_tensor of 1 and 2, each by itself, and shape [2]
	payload, err := hex.DecodeString(unpacked)
	require.NoError(t, err)
	magic := []byte{0x0A, 0x23, 0xD7, 0xCE}
	withMagic := append(append([]byte(nil), payload...), 0x2A, 4) // configuration holds the magic
	data := frame(nil, recordWhole, payload)
	data = frame(data, recordFirst, withMagic)
	data = frame(data, recordLast, nil)
	data = frame(data, recordFirst, withMagic)
	data = frame(data, recordMiddle, []byte{0x2A, 4})
	data = frame(data, recordLast, append([]byte{0x1A, 4}, magic[:4]...))
	b := readAll(t, newObject("o", data), recordMedia(t))
	require.Equal(t, []float64{1, 1, 1}, floatsOf(t, b, "c0"))
	require.Equal(t, []float64{2, 2, 2}, floatsOf(t, b, "c1"))
}

// TestRecordIOErrors checks that what is wrong names the object and the record.
func TestRecordIOErrors(t *testing.T) {
	t.Parallel()
	good := encodeRecords(t, `{"features": {"values": {"float32Tensor": {"values": [1, 2]}}}}`)
	with := func(record string) []byte { return append(bytes.Clone(good), encodeRecords(t, record)...) }
	long := binary.LittleEndian.AppendUint32([]byte{0x0A, 0x23, 0xD7, 0xCE}, 1<<29-1)
	for name, c := range map[string]struct {
		data   []byte
		reason string
	}{
		"head":         {append(bytes.Clone(good), 0x0A, 0x23, 0xD7), "the object ends after 3 of the 8 bytes of a record's head"},
		"magic":        {append(bytes.Clone(good), 1, 2, 3, 4, 5, 6, 7, 8), "a record starts with 0x04030201, not with RecordIO's 0xCED7230A"},
		"payload":      {with(`{"uid": "0123456789"}`)[:len(good)+11], "the object ends inside the record, after 3 of 12 bytes and their padding"},
		"too long":     {append(bytes.Clone(good), long...), "the record is longer than 64 MiB"},
		"parts":        {frame(bytes.Clone(good), recordLast, nil), "the record's parts are out of order (continuation flag 3)"},
		"no last part": {frame(bytes.Clone(good), recordFirst, nil), "the object ends after 0 of the 8 bytes of a record's head"},
		"no message":   {frame(bytes.Clone(good), recordWhole, []byte{0xff}), "is no Record message: unexpected EOF"},
		"key":          {with(`{"features": {"image": {"float32Tensor": {"values": [1]}}}}`), `column "features": holds "image", where only "values" can be read`},
		"bytes":        {with(`{"features": {"values": {"bytes": {"value": ["AAAA"]}}}}`), `column "features": holds bytes, not numbers`},
		"width":        {with(`{"features": {"values": {"float32Tensor": {"values": [1]}}}}`), `column "features": has 1 values, those before have 2`},
		"shape":        {with(`{"features": {"values": {"float32Tensor": {"values": [1, 2], "shape": ["3"]}}}}`), `column "features": has 2 values and a shape for 3`},
		"no shape":     {with(`{"features": {"values": {"float32Tensor": {"values": [1], "keys": ["0"]}}}}`), `column "features": is sparse and has no shape`},
		"key out":      {with(`{"features": {"values": {"float32Tensor": {"values": [1], "keys": ["3"], "shape": ["3"]}}}}`), `column "features": has the key 3 and a shape for 3 values`},
		"keys":         {with(`{"features": {"values": {"float32Tensor": {"values": [1], "keys": ["0", "1"], "shape": ["3"]}}}}`), `column "features": has 2 keys and 1 values`},
		"huge shape":   {with(`{"features": {"values": {"float32Tensor": {"shape": ["4294967296", "4294967296"]}}}}`), `column "features": has a shape of more than 2147483647 values`},
		"sparse label": {with(`{"label": {"values": {"float32Tensor": {"values": [1], "keys": ["0"], "shape": ["3"]}}}}`), `column "label": is a sparse vector`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Infer(context.Background(), []Object{newObject("o", c.data)}, recordMedia(t).Media)
			var bad *RecordError
			require.ErrorAs(t, err, &bad)
			require.EqualValues(t, 2, bad.Row)
			sep := ": "
			if bad.Column != "" {
				sep = ", "
			}
			require.Equal(t, "dataset: o, row 2"+sep+c.reason, err.Error())
		})
	}
}

// TestRecordIORejects leaves out what cannot be read where rejects are taken.
func TestRecordIORejects(t *testing.T) {
	t.Parallel()
	data := encodeRecords(t, `{"features": {"values": {"float32Tensor": {"values": [1, 2]}}}}`,
		`{"features": {"values": {"float32Tensor": {"values": [1]}}}}`, `{"features": {"values": {"float32Tensor": {"values": [3, 4]}}}}`)
	o := recordMedia(t)
	shape := recordShape{width: 2, narrow: true}
	o.Schema = shape.schema()
	var rejected []string
	o.OnReject = func(e *RecordError) error { rejected = append(rejected, e.Error()); return nil }
	b := readAll(t, newObject("o", data), o)
	require.Equal(t, []string{`dataset: o, row 2, column "features": has 1 values, expected 2`}, rejected)
	require.Equal(t, []float64{1, 3}, floatsOf(t, b, "c0"))
}

// TestRecordIOWriter reads with protobuf's own decoder, and with ours, what the writer writes.
func TestRecordIOWriter(t *testing.T) {
	t.Parallel()
	write := func(b Batch, o WriteOptions) []byte {
		var out bytes.Buffer
		o.Media = recordMedia(t).Media
		w, err := NewWriter(&out, b.Schema(), o)
		require.NoError(t, err)
		require.NoError(t, w.Write(b))
		require.NoError(t, w.Close())
		return out.Bytes()
	}
	same := func(want []string, data []byte) {
		t.Helper()
		got := decodeRecords(t, data)
		require.Len(t, got, len(want))
		for i := range want {
			require.JSONEq(t, want[i], got[i])
		}
	}
	sparse := NewSparseBatch([]float32{1, 0}, []int32{0, 2, 2}, []int32{3, 300}, []float32{1.5, -2})
	data := write(sparse, WriteOptions{})
	same([]string{
		`{"features": {"values": {"float32Tensor": {"values": [1.5, -2], "keys": ["3", "300"], "shape": ["301"]}}}, "label": {"values": {"float32Tensor": {"values": [1]}}}}`,
		`{"features": {"values": {"float32Tensor": {"shape": ["1"]}}}, "label": {"values": {"float32Tensor": {"values": [0]}}}}`,
	}, data)
	back := readAll(t, newObject("o", data), recordMedia(t))
	require.Equal(t, data, write(back, WriteOptions{}))

	schema := NewSchema(true, NullField("label", Int64Type), NullField("a", Float64Type), NullField("b", Float32Type))
	dense := NewBatch(schema, []Column{NewInt64([]int64{4, 5}), NewFloat64([]float64{0.5, math.NaN()}), NewFloat32([]float32{1, 2})}, 2)
	data = write(dense, WriteOptions{})
	same([]string{
		`{"features": {"values": {"float32Tensor": {"values": [0.5, 1]}}}, "label": {"values": {"float32Tensor": {"values": [4]}}}}`,
		`{"features": {"values": {"float32Tensor": {"values": ["NaN", 2]}}}, "label": {"values": {"float32Tensor": {"values": [5]}}}}`,
	}, data)
	back = readAll(t, newObject("o", data), recordMedia(t))
	require.Equal(t, []float64{4, 5}, floatsOf(t, back, "label"))
	require.True(t, back.Column(1).IsNull(1))

	scores := NewBatch(NewSchema(true, Field{Name: "score", Type: Float32Type}, Field{Name: "p", Type: Float32ListType(2)}),
		[]Column{NewFloat32([]float32{0.25, 1}), NewFloat32List([]float32{1, 2, 3, 4}, 2)}, 2)
	same([]string{
		`{"label": {"score": {"float32Tensor": {"values": [0.25]}}, "p": {"float32Tensor": {"values": [1, 2]}}}}`,
		`{"label": {"score": {"float32Tensor": {"values": [1]}}, "p": {"float32Tensor": {"values": [3, 4]}}}}`,
	}, write(scores, WriteOptions{Scores: true}))

	_, err := NewWriter(io.Discard, NewSchema(true, NullField("t", StringType)), WriteOptions{Media: recordMedia(t).Media})
	require.ErrorContains(t, err, `column "t": records hold numbers, not text`)
}

// TestRecordIOReconcile puts objects together that are dense and sparse, narrow and wide.
func TestRecordIOReconcile(t *testing.T) {
	t.Parallel()
	dense := newObject("dense", encodeRecords(t, `{"features": {"values": {"float32Tensor": {"values": [1, 2]}}}}`))
	double := newObject("double", encodeRecords(t, `{"features": {"values": {"float64Tensor": {"values": [1, 2]}}}, "label": {"values": {"float32Tensor": {"values": [1]}}}}`))
	wide := newObject("wide", encodeRecords(t, `{"features": {"values": {"float32Tensor": {"values": [1, 2, 3]}}}}`))
	sparse := newObject("sparse", encodeRecords(t, `{"features": {"values": {"float32Tensor": {"values": [1], "keys": ["5"], "shape": ["9"]}}}}`))
	m := recordMedia(t).Media
	s, err := Infer(context.Background(), []Object{dense, double}, m)
	require.NoError(t, err)
	require.Equal(t, []string{"label", "c0", "c1"}, ColumnNames(s))
	require.Equal(t, Float64Type, s.Field(1).Type)
	s, err = Infer(context.Background(), []Object{dense, sparse, wide}, m)
	require.Error(t, err)
	require.Nil(t, s)
	s, err = Infer(context.Background(), []Object{dense, sparse}, m)
	require.NoError(t, err)
	require.True(t, Sparse(s))
	o := ReadOptions{Media: m, Schema: s}
	rows, err := SparseColumns(readAll(t, dense, o))
	require.NoError(t, err)
	indices, values := rows.Row(0)
	require.Equal(t, []int32{0, 1}, indices)
	require.Equal(t, []float32{1, 2}, values)
}

// FuzzRecordIO reads anything without a panic, and what it reads the writer and protobuf's own decoder agree on.
func FuzzRecordIO(f *testing.F) {
	f.Add(encodeRecords(f, `{"features": {"values": {"float32Tensor": {"values": [1, 2]}}}, "label": {"values": {"int32Tensor": {"values": [1]}}}}`))
	f.Add(encodeRecords(f, `{"features": {"values": {"float64Tensor": {"values": [1], "keys": ["5"], "shape": ["9"]}}}}`))
	f.Add(frame(frame(nil, recordFirst, []byte{10}), recordLast, []byte{0}))
	media := recordMedia(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		obj := newObject("o", data)
		schema, err := Infer(context.Background(), []Object{obj}, media.Media)
		if err != nil {
			return
		}
		o := media
		o.Schema = schema
		b, err := tryReadAll(obj, o)
		require.NoError(t, err, "what has a schema can be read")
		var out bytes.Buffer
		w, err := NewWriter(&out, schema, WriteOptions{Media: media.Media})
		require.NoError(t, err)
		require.NoError(t, w.Write(b))
		require.Len(t, decodeRecords(t, out.Bytes()), int(b.NumRows()))
	})
}
