package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"time"
	"unsafe"
)

// Number parsing for text formats. The fast paths follow W. D. Clinger, "How to read floating point numbers accurately"
// (1990): a decimal mantissa and a power of ten that are both exact in the target type give the correctly rounded result
// with one operation. Everything else goes to strconv.

var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
	1e18, 1e19, 1e20, 1e21, 1e22}

// unsafeString views b as a string for the length of a call.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// simpleDecimal reads [-+]digits[.digits][e[-+]digits] with at most 19 digits in all. ok is false for anything else.
func simpleDecimal(b []byte) (mantissa uint64, exp int, neg, ok bool) {
	i := 0
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		neg = b[i] == '-'
		i++
	}
	start, point := i, -1
	for ; i < len(b); i++ {
		c := b[i]
		if d := c - '0'; d <= 9 {
			mantissa = mantissa*10 + uint64(d)
			continue
		}
		if c != '.' || point >= 0 {
			break
		}
		point = i
		for len(b)-i > 8 {
			v, ok := eightDigits(binary.LittleEndian.Uint64(b[i+1:]))
			if !ok {
				break
			}
			mantissa, i = mantissa*1e8+v, i+8
		}
		if len(b)-i > 4 {
			if v, ok := fourDigits(binary.LittleEndian.Uint32(b[i+1:])); ok {
				mantissa, i = mantissa*1e4+uint64(v), i+4
			}
		}
	}
	digits := i - start
	if point >= 0 {
		digits--
		exp = -(i - point - 1)
	}
	if digits == 0 || digits > 19 {
		return 0, 0, false, false
	}
	if i == len(b) {
		return mantissa, exp, neg, true
	}
	e, ok := exponent(b[i:])
	return mantissa, exp + e, neg, ok
}

// eightDigits reads eight digits at once, the first in the lowest byte (D. Lemire, "Quickly parsing eight digits", 2018).
func eightDigits(x uint64) (value uint64, ok bool) {
	const zeros, nines, upper = '0' * everyByte, 6 * everyByte, 0xf0 * everyByte
	if x&upper != zeros || (x+nines)&upper != zeros {
		return 0, false
	}
	x -= zeros
	x = x*10 + x>>8 // pairs, in every other byte
	const pairs, mul1, mul2 = 0x000000ff000000ff, 100 + 1000000<<32, 1 + 10000<<32
	return ((x&pairs)*mul1 + (x>>16&pairs)*mul2) >> 32, true
}

// fourDigits is eightDigits of half as many.
func fourDigits(x uint32) (value uint32, ok bool) {
	const ones = everyByte & math.MaxUint32
	if x&(0xf0*ones) != '0'*ones || (x+6*ones)&(0xf0*ones) != '0'*ones {
		return 0, false
	}
	x -= '0' * ones
	x = x*10 + x>>8
	return x&0xff*100 + x>>16&0xff, true
}

// exponent reads e[-+]digits with at most four digits.
func exponent(b []byte) (int, bool) {
	if b[0]|0x20 != 'e' {
		return 0, false
	}
	b = b[1:]
	neg := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 4 {
		return 0, false
	}
	e := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		e = e*10 + int(c-'0')
	}
	if neg {
		e = -e
	}
	return e, true
}

// parseFloat64 reads a decimal number, or inf or infinity with a sign, correctly rounded. A magnitude over the type's range
// is infinite, as in every CSV reader.
func parseFloat64(b []byte) (float64, bool) {
	if m, e, neg, ok := simpleDecimal(b); ok && m < 1<<53 && e >= -22 && e <= 22 {
		f := float64(m)
		if e < 0 {
			f /= pow10[-e]
		} else {
			f *= pow10[e]
		}
		if neg {
			f = -f
		}
		return f, true
	}
	return slowFloat(b, 64)
}

// parseFloat32 is parseFloat64 rounded once to float32.
func parseFloat32(b []byte) (float32, bool) {
	f, ok := parseFloat64(b)
	if !ok {
		return 0, false
	}
	// Rounding twice goes wrong only where the float64 lies halfway between two float32 values; there, and below the
	// normal range, ask again.
	if math.Float64bits(f)&(1<<29-1) == 1<<28 || f != 0 && math.Abs(f) < 0x1p-125 {
		g, ok := slowFloat(b, 32)
		return float32(g), ok
	}
	return float32(f), true
}

func slowFloat(b []byte, bits int) (float64, bool) {
	for _, c := range b { // strconv also takes hexadecimal floats and underscores
		if c == '_' || c|0x20 == 'x' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(unsafeString(b), bits)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return f, !math.IsNaN(f)
}

// parseInt64 reads a whole number; "3.0" and "1e3" are whole as well.
func parseInt64(b []byte) (int64, bool) {
	m, e, neg, ok := simpleDecimal(b)
	if !ok {
		return 0, false
	}
	for ; e > 0 && m != 0; e-- {
		if m > math.MaxUint64/10 {
			return 0, false
		}
		m *= 10
	}
	for ; e < 0 && m != 0; e++ {
		if m%10 != 0 {
			return 0, false
		}
		m /= 10
	}
	if neg {
		return -int64(m), m <= 1<<63
	}
	return int64(m), m <= math.MaxInt64
}

// isInt64 says whether b is a whole number written without point or exponent that fits int64.
func isInt64(b []byte) bool {
	m, e, neg, ok := simpleDecimal(b)
	if !ok || e != 0 || b[len(b)-1] == '.' {
		return false
	}
	for _, c := range b {
		if c == '.' || c|0x20 == 'e' {
			return false
		}
	}
	return m <= math.MaxInt64 || neg && m == 1<<63
}

func parseUint64(b []byte) (uint64, bool) {
	m, e, neg, ok := simpleDecimal(b)
	if !ok || neg && m != 0 || e > 0 {
		return 0, false
	}
	for ; e < 0 && m != 0; e++ {
		if m%10 != 0 {
			return 0, false
		}
		m /= 10
	}
	return m, true
}

// parseBool reads true and false in lower, title or upper case.
func parseBool(b []byte) (value, ok bool) {
	switch len(b) {
	case 4:
		s := unsafeString(b)
		return true, s == "true" || s == "True" || s == "TRUE"
	case 5:
		s := unsafeString(b)
		return false, s == "false" || s == "False" || s == "FALSE"
	}
	return false, false
}

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

func parseTime(b []byte) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, unsafeString(b)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// isMissingNumber knows the words that stand for a missing number.
func isMissingNumber(b []byte) bool {
	switch len(b) {
	case 0:
		return true
	case 2:
		return b[0] == 'N' && b[1] == 'A'
	case 3:
		s := unsafeString(b)
		return s == "NaN" || s == "nan" || s == "NAN"
	}
	return false
}

func trimSpaces(b []byte) []byte {
	if len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		return bytes.Trim(b, " \t")
	}
	return b
}
