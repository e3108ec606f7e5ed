package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// verification is what reading an output back found.
type verification struct {
	Kind, Job      string
	Objects        int
	Rows, Rejected int64
	Bytes          int64
	Problems       []string
}

func (v *verification) problem(format string, args ...any) {
	v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
}

// verifier reads outputs back.
type verifier struct {
	store storage.Store
	meter *byteMeter
}

// check reads all that the manifest at uri lists.
func (v *verifier) check(ctx context.Context, uri storage.URI, m *sharding.Manifest) (*verification, error) {
	r := &verification{Kind: m.Kind, Job: m.Job, Objects: len(m.Outputs), Rows: m.Rows, Rejected: m.Rejected, Bytes: m.Bytes, Problems: []string{}}
	var bytes int64
	for _, out := range m.Outputs {
		if err := v.object(ctx, out, r); err != nil {
			return nil, err
		}
		bytes += out.Bytes
	}
	if bytes != m.Bytes {
		r.problem("%s: the objects have %d bytes together, the manifest says %d", uri, bytes, m.Bytes)
	}
	return r, v.extras(ctx, uri, m, r)
}

// object checks one object's size, checksum and rows.
func (v *verifier) object(ctx context.Context, out sharding.ManifestOutput, r *verification) error {
	uri, err := storage.ParseURI(out.URI)
	if err != nil {
		r.problem("%v", err)
		return nil
	}
	body, info, err := v.store.Get(ctx, uri, storage.GetOptions{})
	if errors.Is(err, storage.ErrNotFound) {
		r.problem("%s is missing", uri)
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	crc, records := storage.NewCRC64(), &recordCounter{}
	n, err := io.Copy(io.MultiWriter(crc, records), v.meter.reader(body))
	if err != nil {
		return err
	}
	if n != out.Bytes {
		r.problem("%s has %d bytes, the manifest says %d", uri, n, out.Bytes)
	}
	if sharding.Checksum(crc.Sum64()) != out.CRC64NVME {
		r.problem("%s has other content than the manifest says (CRC-64/NVME %s, not %s)", uri,
			storage.FormatCRC64(crc.Sum64()), storage.FormatCRC64(uint64(out.CRC64NVME)))
	}
	return v.rows(ctx, out, info, records, r)
}

func (v *verifier) rows(ctx context.Context, out sharding.ManifestOutput, info storage.Info, records *recordCounter, r *verification) error {
	if out.Rows == 0 && !strings.HasSuffix(out.URI, ".parquet") {
		return nil // not rows: a profile, for example
	}
	rows := records.rows()
	switch {
	case strings.HasSuffix(out.URI, ".parquet"):
		units, err := dataset.Units(ctx, storage.NewObject(v.store, info), dataset.Media{Format: dataset.Parquet}, 0)
		if err != nil {
			r.problem("%s cannot be read as Parquet: %v", out.URI, err)
			return nil
		}
		rows = 0
		for _, u := range units {
			rows += u.Rows
		}
	case records.binary:
		return nil
	case rows == out.Rows+1 && !records.json:
		rows-- // a header
	}
	if rows != out.Rows {
		r.problem("%s has %d rows, the manifest says %d", out.URI, rows, out.Rows)
	}
	return nil
}

// extras finds objects at the output path that no manifest there lists.
func (v *verifier) extras(ctx context.Context, uri storage.URI, m *sharding.Manifest, r *verification) error {
	before, _, ok := strings.Cut(uri.Key, "_batchmill/")
	if !ok {
		return nil // a copy of a manifest: there is no telling what should lie beside it
	}
	known := map[string]bool{}
	add := func(m *sharding.Manifest) {
		for _, o := range m.Outputs {
			known[o.URI] = true
		}
	}
	add(m)
	root := storage.URI{Bucket: uri.Bucket, Key: before}
	own := storage.URI{Bucket: uri.Bucket, Key: strings.TrimSuffix(uri.Key, "manifest.json")}
	var unknown []storage.Info
	err := v.store.List(ctx, root, func(info storage.Info) error {
		key := info.URI.Key
		switch {
		case strings.HasPrefix(key, before+"_batchmill/") && strings.HasSuffix(key, "/manifest.json") && info.URI != uri:
			other, err := sharding.ReadManifest(ctx, v.store, info.URI)
			if other != nil && err == nil {
				add(other)
			}
		case strings.HasPrefix(key, before+"_batchmill/") && !strings.HasPrefix(key, own.Key):
		case info.URI == uri, known[info.URI.String()], inLogs(key, own.Key):
		default:
			unknown = append(unknown, info)
		}
		return nil
	})
	for _, info := range unknown {
		if !known[info.URI.String()] {
			r.problem("%s is not in any manifest of this output path", info.URI)
		}
	}
	return err
}

// inLogs tells whether a key belongs to the job's log, which no manifest lists.
func inLogs(key, own string) bool { return strings.HasPrefix(key, own+"logs/") }

// recordCounter counts the records of line formats. A line end within the quotes of a CSV field ends no record; text that
// starts with a brace or bracket is JSON Lines, where quotes are no such matter.
type recordCounter struct {
	begun, json, binary bool
	quoted, open        bool // within quotes; within a record
	n                   int64
}

// Write takes the next part of the object.
func (c *recordCounter) Write(p []byte) (int, error) {
	if !c.begun && len(p) > 0 {
		c.begun = true
		c.json = p[0] == '{' || p[0] == '['
		c.binary = len(p) > 4 && string(p[:4]) == "PAR1" || p[0] == 0x1f || p[0] == 0xff
	}
	if c.binary {
		return len(p), nil
	}
	for _, b := range p {
		switch {
		case b == '\n' && !c.quoted:
			c.n++
			c.open = false
			continue
		case b == '"' && !c.json:
			c.quoted = !c.quoted
		}
		c.open = true
	}
	return len(p), nil
}

// rows is the number of records so far, the last of which may lack a line end.
func (c *recordCounter) rows() int64 {
	if c.open {
		return c.n + 1
	}
	return c.n
}
