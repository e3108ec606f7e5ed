//go:build !slim

package devstack

import (
	"os"
	"path/filepath"
	"time"

	"github.com/versity/versitygw/backend/posix"
)

// staleUpload is the age from which an unfinished multipart upload is taken for given up. S3 itself keeps them for ever.
const staleUpload = 7 * 24 * time.Hour

// removeStaleUploads frees the disk of what clients that were killed have left. dir holds the buckets; an upload lies in
// <bucket>/.sgwtmp/multipart/<hash of key>/<upload id>/, whose time is that of its latest part.
func removeStaleUploads(dir string, now time.Time) error {
	uploads, err := filepath.Glob(filepath.Join(dir, "*", posix.MetaTmpMultipartDir, "*", "*"))
	if err != nil {
		return err
	}
	for _, u := range uploads {
		st, err := os.Stat(u)
		if err != nil || !st.IsDir() || now.Sub(st.ModTime()) < staleUpload {
			continue
		}
		if err := os.RemoveAll(u); err != nil {
			return err
		}
		_ = os.Remove(filepath.Dir(u)) // only if that was the key's last upload
	}
	return nil
}
