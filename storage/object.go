package storage

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// Object is one stored object pinned to the version it had when it was listed or asked for: every read carries If-Match with
// its ETag, so a reader sees one version's bytes or ErrPrecondition. Safe for concurrent use.
type Object struct {
	store Store
	info  Info
}

// NewObject pins the object that info describes.
func NewObject(store Store, info Info) *Object { return &Object{store: store, info: info} }

// Name is the object's URI, for messages.
func (o *Object) Name() string { return o.info.URI.String() }

// Size is the object's size in bytes.
func (o *Object) Size() int64 { return o.info.Size }

// Info is what the object was pinned with.
func (o *Object) Info() Info { return o.info }

// Open reads length bytes from offset; length 0 means to the end. The reader yields exactly that many bytes or fails.
func (o *Object) Open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 || length < 0 || length > o.info.Size-offset {
		return nil, &OpError{Op: "get", URI: o.info.URI, Kind: ErrRange,
			Err: fmt.Errorf("offset %d, length %d, size %d", offset, length, o.info.Size)}
	}
	r, _, err := o.store.Get(ctx, o.info.URI, GetOptions{Offset: offset, Length: length, IfMatch: o.info.ETag})
	return r, err
}

// ReadAll reads a whole object into memory: for manifests, receipts and documents, not for data.
func ReadAll(ctx context.Context, store Store, uri URI) ([]byte, Info, error) {
	r, info, err := store.Get(ctx, uri, GetOptions{})
	if err != nil {
		return nil, Info{}, err
	}
	defer r.Close()
	data := make([]byte, info.Size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, Info{}, err
	}
	return data, info, nil
}

// WriteAll stores data under uri in one atomic Put.
func WriteAll(ctx context.Context, store Store, uri URI, data []byte, opt PutOptions) (Info, error) {
	return store.Put(ctx, uri, bytes.NewReader(data), int64(len(data)), opt)
}
