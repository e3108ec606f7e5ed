package devstack

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Credentials is an S3 key pair.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
}

// loadCredentials reads the key pair of the data folder, making it on first use. The caller holds the folder's lock.
func loadCredentials(dir string) (Credentials, error) {
	path := filepath.Join(dir, "credentials.json")
	var c Credentials
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c = Credentials{"BM" + rand.Text()[:18], rand.Text() + rand.Text()[:14]}
		return c, writeJSON(path, c, 0o600)
	case err != nil:
		return c, fmt.Errorf("devstack: credentials: %w", err)
	}
	if err := json.Unmarshal(b, &c); err != nil || c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return c, fmt.Errorf("devstack: %s holds no key pair; remove it to have a new one made", path)
	}
	return c, nil
}

// writeJSON replaces path atomically.
func writeJSON(path string, v any, mode fs.FileMode) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(b, '\n'))
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	return nil
}
