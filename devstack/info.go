package devstack

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Info is what a running stack tells about itself; stack.json of the data folder holds it.
type Info struct {
	PID             int
	Dir             string
	TemporalAddress string // host:port
	UIURL           string
	S3URL           string
}

// Running describes the stack that runs on dir. If none does, the error is ErrNotRunning.
func Running(dir string) (Info, Credentials, error) {
	var info Info
	dir, err := filepath.Abs(dir)
	if err != nil {
		return info, Credentials{}, err
	}
	if !locked(filepath.Join(dir, "lock")) {
		return info, Credentials{}, fmt.Errorf("%w on folder %s", ErrNotRunning, dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "stack.json"))
	if err == nil {
		err = json.Unmarshal(b, &info)
	}
	if err != nil {
		return info, Credentials{}, fmt.Errorf("%w on folder %s yet: %w", ErrNotRunning, dir, err)
	}
	cred, err := loadCredentials(dir)
	return info, cred, err
}

// Env returns the environment variables that point the aws CLI, boto3, the temporal CLI and Batchmill's own verbs at the
// stack.
func (i Info) Env(c Credentials) map[string]string {
	return map[string]string{
		"TEMPORAL_ADDRESS":      i.TemporalAddress,
		"TEMPORAL_NAMESPACE":    Namespace,
		"AWS_ENDPOINT_URL_S3":   i.S3URL,
		"AWS_ACCESS_KEY_ID":     c.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": c.SecretAccessKey,
		"AWS_REGION":            Region,
		"AWS_DEFAULT_REGION":    Region, // boto3 and aws CLI v1 read only this one
		"BATCHMILL_UI_URL":      i.UIURL,
		"BATCHMILL_STATE_URI":   "s3://batchmill/",
	}
}
