package activities

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// captureParams is what a job with DataCaptureConfig keeps besides its output: as SageMaker's batch transform does, lists of the objects
// it read and wrote, and, where it is asked to, an ID and the job's start for every record of the output.
// (https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-batch.html)
type captureParams struct {
	Started string // RFC 3339, in UTC
	IDs     []byte `json:",omitempty"` // what IDs of records are made from; none are made without it
}

// Columns of IDs, and the folders of the lists.
const (
	inferenceID    = "SageMakerInferenceId"
	inferenceTime  = "SageMakerInferenceTime"
	capturedInput  = "input"
	capturedOutput = "output"
)

// planCapture fixes what attempts must agree on.
func (a *Activities) planCapture(ctx context.Context, doc *jobs.TransformJob, name string, out dataset.Format) (*captureParams, error) {
	config := doc.DataCaptureConfig
	if config == nil {
		return nil, nil
	}
	uri, err := storage.ParseURI(config.DestinationS3Uri)
	if err != nil {
		return nil, clientf("dataCaptureConfig.destinationS3Uri: %w", err)
	}
	if err := a.store.EnsureBucket(ctx, uri.Bucket); err != nil {
		return nil, err
	}
	c := &captureParams{Started: a.now().UTC().Format(time.RFC3339)}
	if config.GenerateInferenceId != nil && *config.GenerateInferenceId {
		if out == dataset.RecordIO {
			return nil, clientf("dataCaptureConfig.generateInferenceId: records of %s hold numbers; take another Accept", out)
		}
		seed := sha256.Sum256([]byte(owner(ctx) + "\x00" + name + "\x00" + c.Started))
		c.IDs = seed[:]
	}
	return c, nil
}

// trailing are the columns that stand behind everything else of a record.
func (c *captureParams) trailing() []dataset.Field {
	if c == nil || c.IDs == nil {
		return nil
	}
	return []dataset.Field{{Name: inferenceID, Type: dataset.StringType}, {Name: inferenceTime, Type: dataset.StringType}}
}

// outputs are the lists, below the hour in which the job started.
func (c *captureParams) outputs(destination, job string) ([]sharding.Output, error) {
	if c == nil {
		return nil, nil
	}
	base, err := storage.ParseURI(destination)
	if err != nil {
		return nil, err
	}
	started, err := time.Parse(time.RFC3339, c.Started)
	if err != nil {
		return nil, err
	}
	var lists []sharding.Output
	for _, folder := range []string{capturedInput, capturedOutput} {
		uri := base.Join(folder, started.Format("2006/01/02/15"), job+".jsonl")
		lists = append(lists, sharding.Output{URI: uri.String(), Input: -1, Fragment: folder, Format: sharding.Literal})
	}
	return lists, nil
}

// captured makes the lists when the job is committed.
type captured struct{ plan *sharding.Plan }

// manifest lists objects in the form of a manifest file: [{"prefix": "s3://bucket/folder/"}, "name", ...].
func (c *captured) manifest(out sharding.Output, before []sharding.ManifestOutput) ([]byte, error) {
	var uris []string
	if out.Fragment == capturedInput {
		for _, in := range c.plan.Inputs {
			uris = append(uris, in.URI)
		}
	} else {
		written := map[string]bool{}
		for _, o := range before {
			written[o.URI] = true
		}
		for _, o := range c.plan.Outputs {
			if o.Fragment == fragmentOutput && written[o.URI] {
				uris = append(uris, o.URI)
			}
		}
	}
	prefix := commonFolder(uris)
	list := []any{map[string]string{"prefix": prefix}}
	for _, uri := range uris {
		list = append(list, strings.TrimPrefix(uri, prefix))
	}
	data, err := json.Marshal(list)
	return append(data, '\n'), err
}

// commonFolder is the longest prefix of all that ends in a slash.
func commonFolder(uris []string) string {
	if len(uris) == 0 {
		return ""
	}
	prefix := uris[0]
	for _, uri := range uris[1:] {
		for !strings.HasPrefix(uri, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return prefix[:strings.LastIndexByte(prefix, '/')+1]
}

// inferenceIDs makes the IDs of a unit's records, one after the other. They depend on the plan and the record's place in its object
// alone, so that every attempt makes the same, and no other job does.
type inferenceIDs struct {
	capture *captureParams
	unit    [sha256.Size]byte
	made    uint64
}

func (ids *inferenceIDs) begin(capture *captureParams, object sharding.Input, unit int) {
	ids.capture, ids.made = capture, 0
	if capture != nil && capture.IDs != nil {
		ids.unit = sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", capture.IDs, object.URI, object.ETag, unit))
	}
}

// columns are the next IDs and as many times; nil where none are asked for.
func (ids *inferenceIDs) columns(rows int) []dataset.Column {
	if ids.capture.trailing() == nil {
		return nil
	}
	made, times := make([]string, rows), make([]string, rows)
	for i := range made {
		made[i], times[i] = ids.next(), ids.capture.Started
	}
	return []dataset.Column{dataset.NewStrings(made), dataset.NewStrings(times)}
}

// next is a UUID of version 8 (RFC 9562): a hash.
func (ids *inferenceIDs) next() string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(ids.unit[:len(ids.unit):len(ids.unit)], ids.made))
	ids.made++
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
