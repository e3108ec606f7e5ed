package sharding

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/batchmill/batchmill/storage"
)

// Staging collects what a shard writes, run by run, until Finish stores it. Not for concurrent use.
type Staging struct {
	Receipt *Receipt // Rows and Rejected are the shard's work to count
	// Note, if set, makes the receipt's notes; it is called once the fragments are staged.
	Note      func(*Receipt) (json.RawMessage, error)
	fragments map[string]*stagedFragment
	rows      int64 // of the runs that have ended
}

// stagedFragment is one fragment's content on its way into the store.
type stagedFragment struct {
	spool  Spool
	format Format
	rows   int64 // of the run that is going on
	from   int64 // where in the spool that run begins
	parts  []FragmentPart
}

// NewStaging begins a shard of the plan with that digest. Close it.
func NewStaging(digest string, shard int) *Staging {
	return &Staging{Receipt: &Receipt{Plan: digest, Shard: shard}, fragments: make(map[string]*stagedFragment)}
}

// Fragment is where the run that is going on writes what belongs to the outputs of that name.
func (s *Staging) Fragment(name string, format Format) *Spool {
	f := s.fragments[name]
	if f == nil {
		f = &stagedFragment{format: format}
		s.fragments[name] = f
	}
	return &f.spool
}

// Count adds rows to a fragment that has been begun.
func (s *Staging) Count(name string, rows int64) { s.fragments[name].rows += rows }

// EndRun notes what the run of that input has contributed.
func (s *Staging) EndRun(input int) error {
	s.Receipt.Runs = append(s.Receipt.Runs, RunRows{Input: input, Rows: s.Receipt.Rows - s.rows})
	s.rows = s.Receipt.Rows
	for _, f := range s.fragments {
		if err := f.endRun(input); err != nil {
			return err
		}
	}
	return nil
}

// Largest is the size of the largest fragment so far, in bytes.
func (s *Staging) Largest() (size int64) {
	for _, f := range s.fragments {
		size = max(size, f.spool.Size())
	}
	return size
}

// Close frees what is not stored, or was.
func (s *Staging) Close() {
	for _, f := range s.fragments {
		_ = f.spool.Close() // the fragment is stored or given up; the temporary file is unlinked already
	}
}

// Finish stages the fragments and then leaves the receipt. Names and bytes depend on the plan alone, but for the
// receipt's notes, so a late duplicate attempt can only write the same again.
func (s *Staging) Finish(ctx context.Context, store storage.Store, root storage.URI) error {
	r := s.Receipt
	r.Fragments = make(map[string]Fragment, len(s.fragments))
	for _, name := range slices.Sorted(maps.Keys(s.fragments)) {
		f := s.fragments[name]
		if len(f.parts) == 0 {
			continue // nothing to assemble
		}
		size := f.spool.Size()
		info, err := store.Put(ctx, FragmentURI(root, r.Shard, name), f.spool.Range(0, size), size, storage.PutOptions{})
		if err != nil {
			return fmt.Errorf("sharding: stage: %w", err)
		}
		r.Fragments[name] = Fragment{Size: size, ETag: info.ETag, Parts: f.parts}
	}
	if s.Note != nil {
		var err error
		if r.Notes, err = s.Note(r); err != nil {
			return fmt.Errorf("sharding: notes: %w", err)
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("sharding: encode receipt: %w", err)
	}
	_, err = storage.WriteAll(ctx, store, receiptURI(root, r.Shard), data, storage.PutOptions{ContentType: "application/json"})
	if err != nil {
		return fmt.Errorf("sharding: write receipt: %w", err)
	}
	return nil
}

// endRun makes a part of what was written since the last one. A run without rows has none, but for a Parquet file without rows.
func (f *stagedFragment) endRun(input int) (err error) {
	p := FragmentPart{Input: input, Offset: f.from, Length: f.spool.Size() - f.from, Rows: f.rows}
	f.from, f.rows = f.spool.Size(), 0
	if p.Rows == 0 && (f.format != Parquet || p.Length == 0) {
		return nil
	}
	if f.format == Parquet {
		err = f.parquetPart(&p)
	} else {
		p.CRC, err = f.spool.checksum(p.Offset, p.Length)
	}
	f.parts = append(f.parts, p)
	return err
}

// parquetPart finds the data region: a file is magic, data, footer, footer length (4 bytes, little endian), magic
// (https://parquet.apache.org/docs/file-format/).
func (f *stagedFragment) parquetPart(p *FragmentPart) error {
	const magic, tail = 4, 8
	var end [tail]byte
	if p.Length < magic+tail {
		return errors.New("sharding: staged Parquet file is too short")
	}
	if _, err := f.spool.Range(p.Offset+p.Length-tail, tail).ReadAt(end[:], 0); err != nil {
		return fmt.Errorf("sharding: spool: %w", err)
	}
	footer := int64(binary.LittleEndian.Uint32(end[:]))
	p.Body = [2]int64{magic, p.Length - tail - footer - magic}
	if p.Body[1] < 0 {
		return errors.New("sharding: staged Parquet file is shorter than its footer")
	}
	head, err := f.spool.checksum(p.Offset, magic)
	if err != nil {
		return err
	}
	if p.BodyCRC, err = f.spool.checksum(p.Offset+magic, p.Body[1]); err != nil {
		return err
	}
	rest, err := f.spool.checksum(p.Offset+magic+p.Body[1], footer+tail)
	p.CRC = head.then(p.BodyCRC, p.Body[1]).then(rest, footer+tail)
	return err
}
