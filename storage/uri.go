package storage

import (
	"fmt"
	"strings"
)

// URI names an object or a key prefix: s3://Bucket/Key.
type URI struct{ Bucket, Key string }

// ParseURI reads "s3://bucket/key". The key may be empty.
func ParseURI(s string) (URI, error) {
	rest, ok := strings.CutPrefix(s, "s3://")
	if !ok {
		return URI{}, fmt.Errorf("storage: %q is not an s3:// URI", s)
	}
	bucket, key, _ := strings.Cut(rest, "/")
	if bucket == "" {
		return URI{}, fmt.Errorf("storage: %q names no bucket", s)
	}
	return URI{bucket, key}, nil
}

func (u URI) String() string { return "s3://" + u.Bucket + "/" + u.Key }

// IsZero tells whether the URI names nothing.
func (u URI) IsZero() bool { return u == URI{} }

// Join appends key elements, with exactly one slash between the key so far and each element.
func (u URI) Join(elem ...string) URI {
	key := u.Key
	for _, e := range elem {
		if key != "" && !strings.HasSuffix(key, "/") {
			key += "/"
		}
		key += strings.TrimPrefix(e, "/")
	}
	return URI{u.Bucket, key}
}

// Base is the part of the key after its last slash.
func (u URI) Base() string { return u.Key[strings.LastIndexByte(u.Key, '/')+1:] }
