package dataset

import (
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/zeebo/xxh3"
)

// NullHash is the hash of a missing value: a null, or a floating point NaN.
const NullHash uint64 = 0

// RowHasher returns a function that writes a 64-bit hash of each row of a batch to dst and returns dst[:rows], growing it
// if needed. The hash depends on column names and values alone: not on column order, nor on the type that carries a value
// (3 as an integer, as 3.0 or as a decimal hash alike; so do a date and its midnight, and text in whatever string type),
// nor on a column that is absent in one file and null in another. So the same table as CSV and as Parquet hashes alike as
// long as the numbers are equal as float64; float32 is widened exactly, 0.1 as float32 is not 0.1 as float64.
// The function keeps a buffer and is not safe for concurrent use.
func RowHasher(schema *Schema) func(batch Batch, dst []uint64) []uint64 {
	names := make([]uint64, schema.NumFields())
	for i := range names {
		names[i] = xxh3.HashString(schema.Field(i).Name)
	}
	var values []uint64
	return func(batch Batch, dst []uint64) []uint64 {
		n := int(batch.NumRows())
		dst = sized(dst, n)
		clear(dst)
		for c, name := range names {
			values = HashValues(batch.Column(c), values)
			for i, v := range values {
				if v != NullHash {
					dst[i] += mixHash(v ^ name)
				}
			}
		}
		for i := range dst {
			dst[i] = mixHash(dst[i])
		}
		return dst
	}
}

// HashValues writes a 64-bit hash of each value of a column to dst and returns dst[:col.Len()], growing it if needed.
// Equal values hash alike whatever type carries them; see RowHasher. A missing value is NullHash, no other value is.
func HashValues(col Column, dst []uint64) []uint64 {
	dst = sized(dst, col.Len())
	hashColumn(col, dst)
	if col.NullN() > 0 {
		for i := range dst {
			if col.IsNull(i) {
				dst[i] = NullHash
			}
		}
	}
	return dst
}

func hashColumn(col Column, dst []uint64) {
	switch a := col.(type) {
	case *array.Int8:
		hashInts(a.Int8Values(), dst)
	case *array.Int16:
		hashInts(a.Int16Values(), dst)
	case *array.Int32:
		hashInts(a.Int32Values(), dst)
	case *array.Int64:
		hashInts(a.Int64Values(), dst)
	case *array.Uint8:
		hashInts(a.Uint8Values(), dst)
	case *array.Uint16:
		hashInts(a.Uint16Values(), dst)
	case *array.Uint32:
		hashInts(a.Uint32Values(), dst)
	case *array.Uint64:
		for i, v := range a.Uint64Values() {
			dst[i] = hashUint(v)
		}
	case *array.Float32:
		for i, v := range a.Float32Values() {
			dst[i] = hashFloat(float64(v))
		}
	case *array.Float64:
		for i, v := range a.Float64Values() {
			dst[i] = hashFloat(v)
		}
	case *array.Dictionary:
		values := HashValues(a.Dictionary(), nil)
		for i := range dst {
			if a.IsValid(i) {
				dst[i] = values[a.GetValueIndex(i)]
			}
		}
	default:
		hashEach(col, dst)
	}
}

// hashEach hashes the types that are read value by value.
func hashEach(col Column, dst []uint64) {
	var at func(i int) uint64
	switch a := col.(type) {
	case *array.String:
		at = func(i int) uint64 { return notNull(xxh3.HashString(a.Value(i))) }
	case *array.LargeString:
		at = func(i int) uint64 { return notNull(xxh3.HashString(a.Value(i))) }
	case *array.Binary:
		at = func(i int) uint64 { return notNull(xxh3.Hash(a.Value(i))) }
	case *array.LargeBinary:
		at = func(i int) uint64 { return notNull(xxh3.Hash(a.Value(i))) }
	case *array.FixedSizeBinary:
		at = func(i int) uint64 { return notNull(xxh3.Hash(a.Value(i))) }
	case *array.Boolean:
		at = func(i int) uint64 { return hashTagged(tagBool, b2u(a.Value(i))) }
	case *array.Float16:
		at = func(i int) uint64 { return hashFloat(float64(a.Value(i).Float32())) }
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		at = func(i int) uint64 { return hashFloat(decimalNumber(a.Value(i).ToString(scale))) }
	default:
		seconds, ok := secondsOf(col)
		if !ok {
			seconds = nil
		}
		at = func(i int) uint64 {
			if seconds == nil {
				return notNull(xxh3.HashString(col.ValueStr(i)))
			}
			s, ns := seconds(i)
			return hashTagged(tagTime, mixHash(uint64(s))+uint64(ns))
		}
	}
	for i := range dst {
		if col.IsValid(i) {
			dst[i] = at(i)
		}
	}
}

// secondsOf reads a timestamp or date column as seconds and nanoseconds since 1970.
func secondsOf(col Column) (func(i int) (int64, int64), bool) {
	switch a := col.(type) {
	case *array.Timestamp:
		per := int64(1e9) / int64(a.DataType().(*arrow.TimestampType).Unit.Multiplier())
		return func(i int) (int64, int64) { return splitSeconds(int64(a.Value(i)), per) }, true
	case *array.Date32:
		return func(i int) (int64, int64) { return int64(a.Value(i)) * 86400, 0 }, true
	case *array.Date64:
		return func(i int) (int64, int64) { return splitSeconds(int64(a.Value(i)), 1000) }, true
	}
	return nil, false
}

// splitSeconds cuts a count of 1/per seconds into whole seconds and nanoseconds.
func splitSeconds(v, per int64) (int64, int64) {
	s, rest := v/per, v%per
	if rest < 0 {
		s, rest = s-1, rest+per
	}
	return s, rest * (1e9 / per)
}

// Tags keep values of different kinds apart.
const (
	tagInt   = 0x9E3779B97F4A7C15
	tagUint  = 0xC2B2AE3D27D4EB4F
	tagFloat = 0x165667B19E3779F9
	tagBool  = 0x27D4EB2F165667C5
	tagTime  = 0x85EBCA77C2B2AE63
)

func hashInts[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](values []T, dst []uint64) {
	for i, v := range values {
		dst[i] = hashTagged(tagInt, uint64(int64(v)))
	}
}

func hashUint(v uint64) uint64 {
	if v <= math.MaxInt64 {
		return hashTagged(tagInt, v)
	}
	return hashTagged(tagUint, v)
}

func hashFloat(f float64) uint64 {
	switch {
	case f != f:
		return NullHash
	case f != math.Trunc(f), f < -1<<63, f >= 1<<64:
		return hashTagged(tagFloat, math.Float64bits(f))
	case f < 1<<63:
		return hashTagged(tagInt, uint64(int64(f)))
	}
	return hashTagged(tagUint, uint64(f))
}

func hashTagged(tag, v uint64) uint64 { return notNull(mixHash(v + tag)) }

// mixHash is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
func mixHash(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func notNull(h uint64) uint64 {
	if h == NullHash {
		return 1
	}
	return h
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
