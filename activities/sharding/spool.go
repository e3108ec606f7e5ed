package sharding

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/batchmill/batchmill/storage"
)

// spoolMemory is how much of a fragment is held in memory, in bytes, before it goes to a temporary file. It is little, for shards hold it
// while they wait for memory to work in.
const spoolMemory = 4 << 20

// Spool collects one fragment's bytes before they are stored in one atomic put: in memory while small, in a temporary
// file beyond. It can be read again, which a retried put needs.
type Spool struct {
	mem  []byte
	file *os.File
	size int64
}

// Write appends to the spool.
func (s *Spool) Write(p []byte) (int, error) {
	if s.file == nil && len(s.mem)+len(p) > spoolMemory {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	s.size += int64(len(p))
	if s.file == nil {
		s.mem = append(s.mem, p...)
		return len(p), nil
	}
	return s.file.Write(p)
}

func (s *Spool) spill() error {
	f, err := os.CreateTemp("", "batchmill-fragment-*")
	if err != nil {
		return fmt.Errorf("sharding: spool: %w", err)
	}
	// Unlinked at once: a killed process leaves nothing behind.
	_ = os.Remove(f.Name())
	if _, err := f.Write(s.mem); err != nil {
		return errors.Join(fmt.Errorf("sharding: spool: %w", err), f.Close())
	}
	s.file, s.mem = f, nil
	return nil
}

// Size is the number of bytes written.
func (s *Spool) Size() int64 { return s.size }

// Range reads length bytes from offset.
func (s *Spool) Range(offset, length int64) *io.SectionReader {
	if s.file != nil {
		return io.NewSectionReader(s.file, offset, length)
	}
	return io.NewSectionReader(memory(s.mem), offset, length)
}

// Close frees the spool.
func (s *Spool) Close() error {
	if s.file == nil {
		s.mem = nil
		return nil
	}
	return s.file.Close()
}

// checksum is the CRC-64/NVME of a range.
func (s *Spool) checksum(offset, length int64) (Checksum, error) {
	h := storage.NewCRC64()
	if _, err := io.Copy(h, s.Range(offset, length)); err != nil {
		return 0, fmt.Errorf("sharding: spool: %w", err)
	}
	return Checksum(h.Sum64()), nil
}

type memory []byte

func (m memory) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(p, m[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
