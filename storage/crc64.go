package storage

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/minio/crc64nvme"
)

// crc64Poly is the polynomial of CRC-64/NVME (NVM Express Command Set Specification, 64b CRC), bit-reflected and without
// its leading term.
const crc64Poly = 0x9a6c9329ac4bc9b5

// CRC64 is the CRC-64/NVME of data: the checksum S3 calls CRC64NVME and the one Batchmill's manifests carry.
func CRC64(data []byte) uint64 { return crc64nvme.Checksum(data) }

// NewCRC64 is CRC64 for content that comes in pieces.
func NewCRC64() hash.Hash64 { return crc64nvme.New() }

// CombineCRC64 is the CRC64 of a followed by b, from the CRC64 of each and the length of b in bytes. So a manifest's checksum
// of an assembled object needs no second reading of its pieces.
//
// Appending n zero bits multiplies the register by x^n modulo the polynomial; the register's initial and final inversions
// cancel out (the method of zlib's crc32_combine).
func CombineCRC64(a, b uint64, lenB int64) uint64 {
	return crc64MulMod(crc64XPow(lenB), a) ^ b
}

// crc64XPow is x^(8n) modulo the polynomial, by squaring.
func crc64XPow(n int64) uint64 {
	square := uint64(1) << (63 - 8) // x^8; in reflected order bit 63 is x^0
	result := uint64(1) << 63       // 1
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result = crc64MulMod(result, square)
		}
		square = crc64MulMod(square, square)
	}
	return result
}

// crc64MulMod multiplies two reflected polynomials over GF(2) modulo the CRC's.
func crc64MulMod(a, b uint64) uint64 {
	var p uint64
	for ; a != 0; a <<= 1 {
		if a>>63 == 1 {
			p ^= b
		}
		carry := b & 1
		b >>= 1
		if carry == 1 {
			b ^= crc64Poly
		}
	}
	return p
}

// FormatCRC64 writes a CRC64 as S3 does in x-amz-checksum-crc64nvme: base64 of the eight bytes, big-endian.
func FormatCRC64(crc uint64) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, crc))
}

// ParseCRC64 reads what FormatCRC64 writes.
func ParseCRC64(s string) (uint64, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != 8 {
		return 0, fmt.Errorf("storage: %q is not a CRC-64 in base64", s)
	}
	return binary.BigEndian.Uint64(b), nil
}
