package sharding

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/batchmill/batchmill/storage"
)

// Manifest commits a job's output: once it is there, everything it lists is there, whole. It says nothing of shards,
// attempts or times, so that the same job over the same input has the same manifest however it was run.
type Manifest struct {
	Version  int
	Kind     string
	Job      string
	Inputs   []ManifestInput
	Outputs  []ManifestOutput
	Rows     int64           // read
	Rejected int64           // of them, in the reject file
	Bytes    int64           // of all outputs
	Details  json.RawMessage `json:",omitempty"` // of the kind of job: model digest, split counts and profile
}

// ManifestInput is one input object as it was read.
type ManifestInput struct {
	URI  string
	ETag string
	Size int64
	Rows int64
}

// ManifestOutput is one final object.
type ManifestOutput struct {
	URI         string
	ContentType string `json:",omitempty"` // with parameters; empty if the object is not a table
	Rows        int64
	Bytes       int64
	CRC64NVME   Checksum // of the object's bytes, as S3 computes it
}

const manifestVersion = 1

// ManifestURI is where the manifest of the job rooted at root lies.
func ManifestURI(root storage.URI) storage.URI { return root.Join("manifest.json") }

// ReadManifest loads a manifest; nil if there is none.
func ReadManifest(ctx context.Context, store storage.Store, uri storage.URI) (*Manifest, error) {
	data, _, err := storage.ReadAll(ctx, store, uri)
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sharding: read manifest: %w", err)
	}
	m, err := parseManifest(data)
	if err != nil {
		return nil, fmt.Errorf("sharding: manifest %s: %w", uri, err)
	}
	return m, nil
}

func parseManifest(data []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, err
	}
	if m.Version != manifestVersion {
		return nil, fmt.Errorf("version %d, this program knows %d", m.Version, manifestVersion)
	}
	return m, nil
}

// list adds outputs, of which some may have come to nothing.
func (m *Manifest) list(outputs []*ManifestOutput) {
	for _, o := range outputs {
		if o != nil {
			m.Outputs = append(m.Outputs, *o)
			m.Bytes += o.Bytes
		}
	}
}
