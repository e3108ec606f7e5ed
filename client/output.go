package client

import (
	"encoding/json"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// outputRoot is the job's own folder below its output path, from its description.
func outputRoot(kind jobs.Kind, description jobs.Document) (storage.URI, error) {
	var d struct {
		OutputDataConfig, TransformOutput struct{ S3OutputPath string }
	}
	if err := json.Unmarshal(description, &d); err != nil {
		return storage.URI{}, err
	}
	path := d.OutputDataConfig.S3OutputPath
	if kind == jobs.TransformKind {
		path = d.TransformOutput.S3OutputPath
	}
	uri, err := storage.ParseURI(path)
	if err != nil {
		return storage.URI{}, err
	}
	return uri.Join(protocol.JobFolder(description.Name(kind))...), nil
}
