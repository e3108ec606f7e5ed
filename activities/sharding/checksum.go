package sharding

import (
	"fmt"

	"github.com/batchmill/batchmill/storage"
)

// Checksum is a CRC-64/NVME, written as S3 writes it in x-amz-checksum-crc64nvme.
type Checksum uint64

// MarshalText writes base64.
func (c Checksum) MarshalText() ([]byte, error) { return []byte(storage.FormatCRC64(uint64(c))), nil }

// UnmarshalText reads base64.
func (c *Checksum) UnmarshalText(text []byte) error {
	v, err := storage.ParseCRC64(string(text))
	if err != nil {
		return fmt.Errorf("sharding: checksum: %w", err)
	}
	*c = Checksum(v)
	return nil
}

// then is the checksum of c's content followed by n bytes whose checksum is d.
func (c Checksum) then(d Checksum, n int64) Checksum {
	return Checksum(storage.CombineCRC64(uint64(c), uint64(d), n))
}
