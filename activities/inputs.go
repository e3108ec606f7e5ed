package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// input is one listed object with its path below the source, by which outputs are named.
type input struct {
	storage.Info
	Rel string
}

// object pins the input for reading.
func (in input) object(store storage.Store) *storage.Object { return storage.NewObject(store, in.Info) }

// pinned is how a plan lists the input.
func (in input) pinned() sharding.Input {
	return sharding.Input{URI: in.URI.String(), Size: in.Size, ETag: in.ETag}
}

// listInputs finds the objects of an S3 data source, in key order (S3Prefix) or in the manifest's order (ManifestFile).
func (a *Activities) listInputs(ctx context.Context, dataType, s3uri string) ([]input, error) {
	uri, err := storage.ParseURI(s3uri)
	if err != nil {
		return nil, clientf("%w", err)
	}
	var found []input
	switch dataType {
	case "ManifestFile":
		found, err = a.readManifestFile(ctx, uri)
	case "S3Prefix":
		found, err = a.listPrefix(ctx, uri)
	default:
		return nil, clientf("S3DataType %s is not supported; use S3Prefix or ManifestFile", dataType)
	}
	if errors.Is(err, storage.ErrNoBucket) || err == nil && len(found) == 0 {
		return nil, noObjects(uri, err)
	}
	return found, err
}

// noObjects is SageMaker's message for a source without objects (contract 1.6), less what only its cloud has.
func noObjects(uri storage.URI, err error) error {
	text := fmt.Sprintf("No S3 objects found under S3 URL %q given in input data source. Please ensure that the bucket exists, that objects exist under that S3 prefix, and that the credentials may list bucket %q.", uri, uri.Bucket)
	if err != nil {
		return clientf("%s (%w)", text, err)
	}
	return clientf("%s", text)
}

func (a *Activities) listPrefix(ctx context.Context, prefix storage.URI) ([]input, error) {
	var found []input
	err := a.store.List(ctx, prefix, func(info storage.Info) error {
		rel := relative(prefix.Key, info.URI.Key)
		if !hidden(rel) {
			found = append(found, input{info, rel})
		}
		return nil
	})
	return found, err
}

// relative is the path an object has below a prefix. A prefix that ends inside a name (s3://b/day-1 for day-11/x) keeps that
// whole name; an exact key keeps its base name.
func relative(prefix, key string) string {
	rest := strings.TrimPrefix(key, prefix)
	switch {
	case rest == "":
		return storage.URI{Key: key}.Base()
	case prefix == "" || strings.HasSuffix(prefix, "/") || strings.HasPrefix(rest, "/"):
		return strings.TrimLeft(rest, "/")
	}
	return key[strings.LastIndexByte(prefix, '/')+1:]
}

// hidden tells objects that are not data: folder markers, and names that start with a dot or underscore anywhere below the
// source (_SUCCESS, .crc files, our own _batchmill folder).
func hidden(rel string) bool {
	if strings.HasSuffix(rel, "/") {
		return true
	}
	for _, part := range strings.Split(rel, "/") {
		if strings.HasPrefix(part, "_") || strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}

// readManifestFile reads a SageMaker manifest: [{"prefix": "s3://b/p/"}, "suffix", ...].
func (a *Activities) readManifestFile(ctx context.Context, uri storage.URI) ([]input, error) {
	data, _, err := storage.ReadAll(ctx, a.store, uri)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, clientf("manifest file %s does not exist", uri)
	}
	if err != nil {
		return nil, err
	}
	var entries []json.RawMessage
	var head struct {
		Prefix string `json:"prefix"`
	}
	if err := json.Unmarshal(data, &entries); err != nil || len(entries) == 0 {
		return nil, clientf("manifest file %s is not a JSON array that starts with {\"prefix\": ...}", uri)
	}
	if err := json.Unmarshal(entries[0], &head); err != nil || head.Prefix == "" {
		return nil, clientf("manifest file %s: its first element must be {\"prefix\": \"s3://...\"}", uri)
	}
	base, err := storage.ParseURI(head.Prefix)
	if err != nil {
		return nil, clientf("manifest file %s: prefix: %w", uri, err)
	}
	found := make([]input, 0, len(entries)-1)
	for i, e := range entries[1:] {
		var suffix string
		if err := json.Unmarshal(e, &suffix); err != nil {
			return nil, clientf("manifest file %s: element %d is not a string", uri, i+2)
		}
		at := storage.URI{Bucket: base.Bucket, Key: base.Key + suffix}
		info, err := a.store.Stat(ctx, at)
		if errors.Is(err, storage.ErrNotFound) {
			return nil, clientf("manifest file %s names %s, which does not exist", uri, at)
		}
		if err != nil {
			return nil, err
		}
		found = append(found, input{info, relative(base.Key, at.Key)})
	}
	return found, nil
}

// inputError names an input that is no longer the one the plan has pinned.
func inputError(object dataset.Object, err error) error {
	if errors.Is(err, storage.ErrPrecondition) || errors.Is(err, storage.ErrNotFound) {
		return clientf("input %s changed while the job was running: %w", object.Name(), err)
	}
	return err
}

// outputKeys gives each input the name of its output and refuses two inputs that would share one.
func outputKeys(inputs []input, name func(rel string) string) ([]string, error) {
	keys := make([]string, len(inputs))
	seen := make(map[string]string, len(inputs))
	for i, in := range inputs {
		keys[i] = name(in.Rel)
		if other, ok := seen[keys[i]]; ok {
			return nil, clientf("inputs %s and %s would both be written to %s", other, in.URI, keys[i])
		}
		seen[keys[i]] = in.URI.String()
	}
	return keys, nil
}
