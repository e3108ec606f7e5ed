package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/dataset/split"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// splitParams is what the shards of a split agree on besides the plan's inputs.
type splitParams struct {
	In       string // content type of the input, with parameters
	Out      string // content type of the sides
	Schema   []byte // of all inputs, reconciled
	Strategy split.Strategy
	Options  split.Options
	Sides    []string // by side, the name its rows are staged and written under
}

// splitter makes the plan's splitter and schema.
func (p splitParams) splitter() (*split.Splitter, *dataset.Schema, error) {
	s, err := split.New(p.Strategy, p.Options)
	if err != nil {
		return nil, nil, err
	}
	schema, err := dataset.UnmarshalSchema(p.Schema)
	return s, schema, err
}

// PlanSplit lists and pins the input, reconciles its schema, cuts shards and writes the plan.
func (a *Activities) PlanSplit(ctx context.Context, job protocol.Job) (protocol.Planned, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	doc, err := jobs.ParseSplitJob(job.Document)
	if err != nil {
		return protocol.Planned{}, err
	}
	doc.SetDefaults()
	settings, err := jobs.SplitSettings(doc.Environment)
	if err != nil {
		return protocol.Planned{}, err
	}
	base, err := root(doc.OutputDataConfig.S3OutputPath, job.Name)
	if err != nil {
		return protocol.Planned{}, err
	}
	if err := a.refuseCommitted(ctx, base); err != nil {
		return protocol.Planned{}, err
	}
	inputs, media, err := a.channelInputs(ctx, "inputDataConfig.1.member", doc.InputDataConfig[0], dataset.CSV)
	if err != nil {
		return protocol.Planned{}, err
	}
	params, err := a.splitParams(ctx, doc, inputs, media)
	if err != nil {
		return protocol.Planned{}, err
	}
	plan := &sharding.Plan{Head: sharding.Head{Kind: jobs.SplitKind.Name, Job: job.Name, Owner: owner(ctx)}}
	var units [][]dataset.Unit
	if plan.Inputs, units, err = a.planInputs(ctx, inputs, media, a.units, nil); err != nil {
		return protocol.Planned{}, err
	}
	plan.Cut(units, settings.Shards, int64(settings.ShardSizeMB)<<20)
	if plan.Outputs, err = splitOutputs(doc, inputs, params); err != nil {
		return protocol.Planned{}, err
	}
	if plan.Params, err = json.Marshal(params); err != nil {
		return protocol.Planned{}, err
	}
	planned, err := a.writePlan(ctx, base, plan)
	planned.Scan = scans(params.Strategy)
	return planned, err
}

func scans(s split.Strategy) bool { return s == split.Stratified || s == split.Time }

// channelInputs lists a channel and parses its content type, which is fallback where the channel says none.
func (a *Activities) channelInputs(ctx context.Context, at string, c jobs.Channel, fallback dataset.Format) ([]input, dataset.Media, error) {
	if c.DataSource.S3DataSource == nil {
		return nil, dataset.Media{}, clientf("%s.dataSource: only S3DataSource is supported", at)
	}
	media, err := dataset.ParseMedia(orElse(c.ContentType, string(fallback)))
	if err != nil {
		return nil, media, clientf("%s.contentType: %w", at, err)
	}
	if c.CompressionType == "Gzip" {
		media.Compression = dataset.Gzip
	}
	inputs, err := a.listInputs(ctx, c.DataSource.S3DataSource.S3DataType, c.DataSource.S3DataSource.S3Uri)
	return inputs, media, err
}

func (a *Activities) splitParams(ctx context.Context, doc *jobs.SplitJob, inputs []input, media dataset.Media) (splitParams, error) {
	out, err := dataset.ParseMedia(doc.OutputDataConfig.ContentType)
	if err != nil {
		return splitParams{}, clientf("outputDataConfig.contentType: %w", err)
	}
	if err := checkWritable("outputDataConfig.contentType", out); err != nil {
		return splitParams{}, err
	}
	schema, err := dataset.Infer(ctx, a.objects(inputs), media)
	if err != nil {
		return splitParams{}, err
	}
	if dataset.Sparse(schema) != (out.Format == dataset.LibSVM) && (dataset.Sparse(schema) || out.Format == dataset.LibSVM) {
		return splitParams{}, clientf("outputDataConfig.contentType: sparse rows can only be written as %s, and other rows cannot", dataset.LibSVM)
	}
	data, err := dataset.MarshalSchema(schema)
	if err != nil {
		return splitParams{}, err
	}
	p := splitParams{
		In: media.String(), Out: out.String(), Schema: data, Strategy: split.Strategy(doc.SplitStrategy.Type),
		Options: split.Options{Column: doc.SplitStrategy.Column, Folds: doc.SplitStrategy.Folds, Seed: doc.SplitStrategy.Seed},
	}
	for _, o := range doc.Outputs {
		p.Options.Fractions = append(p.Options.Fractions, o.Fraction)
	}
	p.Sides = sideNames(doc)
	s, err := split.New(p.Strategy, p.Options)
	if err != nil {
		return p, clientf("splitStrategy: %w", err)
	}
	if err := s.Check(schema); err != nil {
		return p, clientf("splitStrategy.column: %w", err)
	}
	return p, nil
}

// sideNames are the folders of the sides below the output path.
func sideNames(doc *jobs.SplitJob) []string {
	var names []string
	for _, o := range doc.Outputs {
		names = append(names, o.ChannelName)
	}
	if doc.SplitStrategy.Type == jobs.SplitKFold {
		for i := range doc.SplitStrategy.Folds {
			names = append(names, fmt.Sprintf("folds/fold-%d", i))
		}
	}
	return names
}

func (a *Activities) objects(inputs []input) []dataset.Object {
	objs := make([]dataset.Object, len(inputs))
	for i, in := range inputs {
		objs[i] = in.object(a.store)
	}
	return objs
}

// formatSuffix is the file name ending of each format the sides can have.
var formatSuffix = map[dataset.Format]string{
	dataset.Parquet: ".parquet", dataset.CSV: ".csv", dataset.JSONLines: ".jsonl", dataset.LibSVM: ".libsvm",
}

// checkWritable refuses output formats whose fragments cannot be put together with the same bytes however they were cut.
func checkWritable(at string, media dataset.Media) error {
	if _, ok := formatSuffix[media.Format]; !ok {
		return clientf("%s: outputs cannot be written as %s", at, media.Format)
	}
	return checkUncompressed(at, media)
}

func checkUncompressed(at string, media dataset.Media) error {
	if c := media.Compression; c != dataset.CompressionAuto && c != dataset.CompressionNone {
		return clientf("%s: compression=%s is not supported for outputs; Parquet is compressed inside", at, c)
	}
	return nil
}

// splitOutputs names one output per side and input, and for folds the manifests that put channels together.
func splitOutputs(doc *jobs.SplitJob, inputs []input, params splitParams) ([]sharding.Output, error) {
	base, err := storage.ParseURI(doc.OutputDataConfig.S3OutputPath)
	if err != nil {
		return nil, clientf("outputDataConfig.s3OutputPath: %w", err)
	}
	media := mustMedia(params.Out)
	schema, err := dataset.UnmarshalSchema(params.Schema)
	if err != nil {
		return nil, err
	}
	header := dataset.HeaderLine(dataset.FieldNames(schema.Fields()), media)
	keys, err := outputKeys(inputs, func(rel string) string { return stem(rel) + formatSuffix[media.Format] })
	if err != nil {
		return nil, err
	}
	var outputs []sharding.Output
	for side, name := range params.Sides {
		for i, key := range keys {
			outputs = append(outputs, sharding.Output{
				URI: base.Join(name, key).String(), Input: i, Fragment: sideFragment(side), Format: formatOf(media), Header: header, Optional: true,
				ContentType: media.String(),
			})
		}
	}
	if params.Strategy == split.KFold {
		for fold := range params.Sides {
			for _, channel := range []string{"train", "validation"} {
				uri := base.Join(fmt.Sprintf("fold-%d", fold), channel+".manifest")
				outputs = append(outputs, sharding.Output{URI: uri.String(), Input: -1, Format: sharding.Literal})
			}
		}
	}
	return outputs, nil
}

func sideFragment(side int) string { return fmt.Sprintf("side%d", side) }

// stem is the path without the endings that name a format or compression.
func stem(rel string) string {
	for _, ending := range []string{".gz", ".gzip", ".zst", ".csv", ".tsv", ".txt", ".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".libsvm", ".svm", ".arrow", ".recordio", ".rec", ".pbr"} {
		if s := strings.TrimSuffix(rel, ending); s != rel && path.Base(s) != "." && !strings.HasSuffix(s, "/") && s != "" {
			rel = s
		}
	}
	return rel
}

// foldManifest makes a fold's channel as a SageMaker manifest file: validation is the fold itself, train all others.
func foldManifest(out sharding.Output, before []sharding.ManifestOutput) ([]byte, error) {
	uri, err := storage.ParseURI(out.URI)
	if err != nil {
		return nil, err
	}
	dir := strings.TrimSuffix(uri.Key, uri.Base())
	fold := path.Base(dir)
	prefix := storage.URI{Bucket: uri.Bucket, Key: strings.TrimSuffix(dir, fold+"/") + "folds/"}.String()
	entries := []any{map[string]string{"prefix": prefix}}
	for _, o := range before {
		rel, ok := strings.CutPrefix(o.URI, prefix)
		if ok && strings.HasPrefix(rel, fold+"/") == (uri.Base() == "validation.manifest") {
			entries = append(entries, rel)
		}
	}
	return json.Marshal(entries)
}
