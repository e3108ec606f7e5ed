package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/batchmill/batchmill/storage"
)

// place is one end of a copy: an object, a local path, or standard input or output ("-").
type place struct {
	uri   storage.URI // zero if local
	local string
}

func (p place) String() string {
	if p.local != "" {
		return p.local
	}
	return p.uri.String()
}

func parsePlace(s string) (place, error) {
	if !strings.HasPrefix(s, "s3://") {
		return place{local: s}, nil
	}
	uri, err := storage.ParseURI(s)
	if err != nil {
		return place{}, usage(err)
	}
	return place{uri: uri}, nil
}

// transfer is one file or object to be copied. size is -1 if unknown.
type transfer struct {
	from, to place
	info     storage.Info // of an object
	size     int64
}

func total(ts []transfer) int64 {
	var n int64
	for _, t := range ts {
		n += max(t.size, 0)
	}
	return n
}

// copier copies files and objects.
type copier struct {
	store         storage.Store
	createBuckets bool
	in            io.Reader
	out           io.Writer
	made          map[string]bool // buckets known to be there
}

// plan lists what copying source to target means. many tells that further sources go to the same target.
func (c *copier) plan(ctx context.Context, source, target string, recursive, many bool) ([]transfer, error) {
	from, err := parsePlace(source)
	if err != nil {
		return nil, err
	}
	to, err := parsePlace(target)
	if err != nil {
		return nil, err
	}
	switch {
	case from.local != "" && to.local != "":
		return nil, usagef("one of %s and %s must be an s3:// URI", source, target)
	case recursive && from.local != "":
		return c.planTree(from, to)
	case recursive:
		return c.planPrefix(ctx, from, to)
	}
	return c.planOne(ctx, from, to, many)
}

func (c *copier) planOne(ctx context.Context, from, to place, many bool) ([]transfer, error) {
	t := transfer{from: from, size: -1}
	name := ""
	switch {
	case from.local == "-":
	case from.local != "":
		st, err := os.Stat(from.local)
		if err != nil {
			return nil, err
		}
		if st.IsDir() {
			return nil, usagef("%s is a folder; copy it with --recursive", from.local)
		}
		t.size, name = st.Size(), filepath.Base(from.local)
	default:
		info, err := c.store.Stat(ctx, from.uri)
		if errors.Is(err, storage.ErrNotFound) {
			return nil, fmt.Errorf("%s does not exist; if it is a prefix, copy it with --recursive", from.uri)
		}
		if err != nil {
			return nil, err
		}
		t.info, t.size, name = info, info.Size, from.uri.Base()
	}
	t.to = to.named(name, many)
	if t.to.local == "" && (t.to.uri.Key == "" || strings.HasSuffix(t.to.uri.Key, "/")) {
		return nil, usagef("%s names no object; add a name to it", to)
	}
	return []transfer{t}, nil
}

// named adds the source's name to a target that is a folder.
func (p place) named(name string, many bool) place {
	if name == "" || p.local == "-" {
		return p
	}
	if p.local == "" {
		if many || p.uri.Key == "" || strings.HasSuffix(p.uri.Key, "/") {
			p.uri = p.uri.Join(name)
		}
		return p
	}
	if st, err := os.Stat(p.local); many || strings.HasSuffix(p.local, "/") || err == nil && st.IsDir() {
		p.local = filepath.Join(p.local, name)
	}
	return p
}

func (c *copier) planTree(from, to place) ([]transfer, error) {
	var ts []transfer
	err := filepath.WalkDir(from.local, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from.local, file)
		if err != nil {
			return err
		}
		ts = append(ts, transfer{from: place{local: file}, to: place{uri: to.uri.Join(filepath.ToSlash(rel))}, size: info.Size()})
		return nil
	})
	if err == nil && len(ts) == 0 {
		err = fmt.Errorf("%s holds no files", from.local)
	}
	return ts, err
}

func (c *copier) planPrefix(ctx context.Context, from, to place) ([]transfer, error) {
	folder := from.uri
	if folder.Key != "" && !strings.HasSuffix(folder.Key, "/") {
		folder.Key += "/"
	}
	var ts []transfer
	err := c.store.List(ctx, folder, func(info storage.Info) error {
		rel := strings.TrimPrefix(info.URI.Key, folder.Key)
		if rel == "" || strings.HasSuffix(rel, "/") {
			return nil
		}
		t := transfer{from: place{uri: info.URI}, info: info, size: info.Size}
		if to.local == "" {
			t.to.uri = to.uri.Join(rel)
		} else if !filepath.IsLocal(filepath.FromSlash(rel)) {
			return fmt.Errorf("%s cannot be a file below %s", info.URI, to.local)
		} else {
			t.to.local = filepath.Join(to.local, filepath.FromSlash(rel))
		}
		ts = append(ts, t)
		return nil
	})
	if err == nil && len(ts) == 0 {
		err = fmt.Errorf("nothing lies below %s", folder)
	}
	return ts, err
}

// do copies one thing and returns the number of bytes.
func (c *copier) do(ctx context.Context, t transfer, meter *byteMeter) (int64, error) {
	switch {
	case t.from.local != "":
		return c.upload(ctx, t, meter)
	case t.to.local != "":
		return c.download(ctx, t, meter)
	}
	if err := c.ensureBucket(ctx, t.to.uri.Bucket); err != nil {
		return 0, err
	}
	part := storage.Part{Source: t.from.uri, ETag: t.info.ETag, Length: t.size}
	_, err := c.store.Compose(ctx, t.to.uri, []storage.Part{part}, storage.PutOptions{})
	meter.add(t.size)
	return t.size, err
}

func (c *copier) ensureBucket(ctx context.Context, bucket string) error {
	if !c.createBuckets || c.made[bucket] {
		return nil
	}
	c.made[bucket] = true
	return c.store.EnsureBucket(ctx, bucket)
}

func (c *copier) upload(ctx context.Context, t transfer, meter *byteMeter) (int64, error) {
	if err := c.ensureBucket(ctx, t.to.uri.Bucket); err != nil {
		return 0, err
	}
	opts := storage.PutOptions{ContentType: contentType(t.to.uri.Key)}
	if t.from.local == "-" {
		info, err := c.store.Put(ctx, t.to.uri, meter.reader(c.in), -1, opts)
		return info.Size, err
	}
	f, err := os.Open(t.from.local)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := c.store.Put(ctx, t.to.uri, meter.readSeeker(f), t.size, opts)
	return info.Size, err
}

// contentType names what browsers and tools should take an object for; empty if its name does not tell.
func contentType(key string) string {
	return map[string]string{
		".csv": "text/csv", ".json": "application/json", ".jsonl": "application/jsonlines", ".parquet": "application/x-parquet",
	}[path.Ext(key)]
}

// download writes a local file under its name only when all of it is there.
func (c *copier) download(ctx context.Context, t transfer, meter *byteMeter) (int64, error) {
	r, info, err := c.store.Get(ctx, t.from.uri, storage.GetOptions{IfMatch: t.info.ETag})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if t.to.local == "-" {
		_, err := io.Copy(c.out, r)
		return info.Size, err
	}
	if err := os.MkdirAll(filepath.Dir(t.to.local), 0o777); err != nil {
		return 0, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(t.to.local), "."+filepath.Base(t.to.local)+".*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(tmp.Name())
	_, err = io.Copy(tmp, meter.reader(r))
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), t.to.local)
	}
	return info.Size, err
}
