package activities

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// transformParams is what the shards of a transform agree on besides the plan's inputs.
type transformParams struct {
	Model ModelPin
	In    string // content type of the input, with parameters
	Out   string // content type of the output
	Join  bool   // output rows are the input's with the prediction appended
	// Pick selects what of an input record is scored, Keep what of an output record is written: JSONPaths, "" the whole.
	Pick, Keep string `json:",omitempty"`
	Max        jobs.Rejected
	// KeepRejected leaves a row of missing outputs where a record was rejected.
	KeepRejected bool `json:",omitempty"`
	// Series is the chain of jobs that this one belongs to, SeriesEntry its number in it.
	Series      string `json:",omitempty"`
	SeriesEntry int    `json:",omitempty"`
	// Capture is what a job with DataCaptureConfig keeps besides.
	Capture *captureParams `json:",omitempty"`
	// Outputs is what is written for a row; none means the prediction.
	Outputs []string `json:",omitempty"`
	// Order says which columns a model without names takes.
	Order *columnOrder `json:",omitempty"`
}

// Fragment names.
const (
	fragmentOutput  = "out"
	fragmentRejects = "rejects"
)

// planParallel is how many objects are looked at at once while planning.
const planParallel = 16

// PlanTransform lists and pins the input, checks that the model can read each object, cuts shards and writes the plan.
// Whatever can be known to be wrong is known here, before anything runs.
func (a *Activities) PlanTransform(ctx context.Context, job protocol.Job) (protocol.Planned, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	doc, err := jobs.ParseTransformJob(job.Document)
	if err != nil {
		return protocol.Planned{}, err
	}
	settings, err := jobs.TransformSettings(doc.Environment)
	if err != nil {
		return protocol.Planned{}, err
	}
	base, err := root(doc.TransformOutput.S3OutputPath, job.Name)
	if err != nil {
		return protocol.Planned{}, err
	}
	if err := a.refuseCommitted(ctx, base); err != nil {
		return protocol.Planned{}, err
	}
	params, err := a.transformParams(ctx, doc, settings)
	if err != nil {
		return protocol.Planned{}, err
	}
	predictor, err := a.predictor(ctx, params)
	if err != nil {
		return protocol.Planned{}, err
	}
	if params.Capture, err = a.planCapture(ctx, doc, job.Name, mustMedia(params.Out).Format); err != nil {
		return protocol.Planned{}, err
	}
	source := doc.TransformInput.DataSource.S3DataSource
	inputs, err := a.listInputs(ctx, source.S3DataType, source.S3Uri)
	if err != nil {
		return protocol.Planned{}, err
	}
	if settings.Series != "" {
		s, err := a.readSeries(ctx, settings.Series)
		if err != nil {
			return protocol.Planned{}, err
		}
		inputs = s.choose(inputs, settings.SeriesRedo)
		params.Series, params.SeriesEntry = settings.Series, s.entries
	}
	plan := &sharding.Plan{Head: sharding.Head{Kind: jobs.TransformKind.Name, Job: job.Name, Owner: owner(ctx)}}
	ends := make([]dataset.Ends, len(inputs))
	var units [][]dataset.Unit
	var kinds drift
	if plan.Inputs, units, err = a.planInputs(ctx, inputs, mustMedia(params.In), a.unitBytes(params), func(ctx context.Context, i int, object dataset.Object) (err error) {
		if object.Size() == 0 {
			ends[i], err = a.emptyEnds(ctx, params)
			return err
		}
		b, err := checkReadable(ctx, predictor, &params, object)
		if err != nil {
			return err
		}
		if i == leader(inputs) {
			params.Order = orderOf(predictor, object, b)
		}
		kinds.note(i, b)
		ends[i], err = b.ends(object, &params)
		return err
	}); err != nil {
		return protocol.Planned{}, err
	}
	if err := kinds.check(inputs); err != nil {
		return protocol.Planned{}, err
	}
	plan.Cut(units, settings.Shards, int64(settings.ShardSizeMB)<<20)
	if plan.Outputs, err = transformOutputs(doc.TransformOutput.S3OutputPath, inputs, &params, ends, base); err != nil {
		return protocol.Planned{}, err
	}
	if err := a.emptyTables(ctx, params, inputs, units, plan.Outputs); err != nil {
		return protocol.Planned{}, err
	}
	if doc.DataCaptureConfig != nil {
		lists, err := params.Capture.outputs(doc.DataCaptureConfig.DestinationS3Uri, job.Name)
		if err != nil {
			return protocol.Planned{}, err
		}
		plan.Outputs = append(plan.Outputs, lists...)
	}
	if plan.Params, err = json.Marshal(params); err != nil {
		return protocol.Planned{}, err
	}
	planned, err := a.writePlan(ctx, base, plan)
	if planned.Objects == 0 {
		planned.Series = settings.Series
	}
	return planned, err
}

// writePlan stores the plan and reports it.
func (a *Activities) writePlan(ctx context.Context, base storage.URI, plan *sharding.Plan) (protocol.Planned, error) {
	head, sum, err := sharding.WritePlan(ctx, a.store, base, plan)
	if err != nil {
		return protocol.Planned{}, err
	}
	perTask := sharding.PerTask(head.ShardCount)
	return protocol.Planned{
		PlanURI: sharding.PlanURI(base).String(), Digest: sum,
		Shards: head.ShardCount, PerTask: perTask, Order: taskOrder(plan, head, perTask),
		Bytes: head.Bytes, Rows: head.Rows, Objects: head.InputCount,
	}, nil
}

// taskOrder is the order of the plan's tasks, if it is the one that is stored. Another planner's, whose shards are not at hand, goes as it lies.
func taskOrder(plan *sharding.Plan, stored *sharding.Head, perTask int) []int {
	if stored != &plan.Head {
		return nil
	}
	return plan.Order(perTask)
}

// owner is the workflow run that plans: it stays the same over an activity's retries.
func owner(ctx context.Context) string {
	if !activity.IsActivity(ctx) {
		return ""
	}
	return activity.GetInfo(ctx).WorkflowExecution.ID + "/" + activity.GetInfo(ctx).WorkflowExecution.RunID
}

// refuseCommitted keeps a job from taking an earlier one's committed output for its own.
func (a *Activities) refuseCommitted(ctx context.Context, base storage.URI) error {
	return a.refuseExisting(ctx, sharding.ManifestURI(base), "already holds the committed output of a job of this name")
}

// refuseExisting is an error that says what if there is an object; the bucket is made where it is missing.
func (a *Activities) refuseExisting(ctx context.Context, uri storage.URI, what string) error {
	_, err := a.store.Stat(ctx, uri)
	switch {
	case err == nil:
		return clientf("%s %s: choose another name or output path", uri, what)
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case errors.Is(err, storage.ErrNoBucket):
		return a.store.EnsureBucket(ctx, uri.Bucket)
	}
	return err
}

func (a *Activities) transformParams(ctx context.Context, doc *jobs.TransformJob, settings jobs.Settings) (transformParams, error) {
	in, out, err := transformMedia(doc)
	if err != nil {
		return transformParams{}, err
	}
	join := doc.DataProcessing.JoinSource == "Input"
	pick, err := parseFilter("dataProcessing.inputFilter", doc.DataProcessing.InputFilter)
	if err != nil {
		return transformParams{}, err
	}
	keep, err := parseFilter("dataProcessing.outputFilter", doc.DataProcessing.OutputFilter)
	if err != nil {
		return transformParams{}, err
	}
	pin, err := a.findModel(ctx, doc.ModelName, settings)
	if err != nil {
		return transformParams{}, err
	}
	outputs := settings.Outputs
	if outputs == nil {
		outputs = pin.Outputs
	}
	return transformParams{Model: pin, In: in.String(), Out: out.String(), Join: join, Pick: pick, Keep: keep, Max: settings.MaxRejected, KeepRejected: settings.KeepRejected, Outputs: outputs}, nil
}

// leader is the first input that is not empty; -1 if there is none.
func leader(inputs []input) int {
	return slices.IndexFunc(inputs, func(in input) bool { return in.Size > 0 })
}

// planInputs pins each object and finds its units, of unitBytes (0 means dataset's), after check has looked at it: at the leader before
// all others.
func (a *Activities) planInputs(ctx context.Context, inputs []input, media dataset.Media, unitBytes int64, check func(context.Context, int, dataset.Object) error) ([]sharding.Input, [][]dataset.Unit, error) {
	pinned, units := make([]sharding.Input, len(inputs)), make([][]dataset.Unit, len(inputs))
	one := func(ctx context.Context, i int) error {
		object := dataset.Object(inputs[i].object(a.store))
		if media.Format.Lines() {
			object = dataset.WithHead(object)
		}
		object = dataset.Remember(object, false)
		if check != nil {
			if err := check(ctx, i, object); err != nil {
				return err
			}
		}
		pinned[i] = inputs[i].pinned()
		release, err := a.planMemory(ctx, object, media)
		if err != nil {
			return err
		}
		defer release()
		units[i], err = dataset.Units(ctx, object, media, unitBytes)
		return err
	}
	lead := leader(inputs)
	if lead >= 0 {
		if err := one(ctx, lead); err != nil {
			return nil, nil, err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(planParallel)
	for i := range inputs {
		if i != lead {
			g.Go(func() error { return one(ctx, i) })
		}
	}
	return pinned, units, g.Wait()
}

// modelColumns are the columns worth reading: where both sides have names, those the model knows, else all features. All of
// them, too, where one that the model knows is not there: the error can then say what is there instead.
func modelColumns(features []algorithms.Feature, roles dataset.Roles) []string {
	known := make(map[string]bool, len(features))
	for _, f := range features {
		known[f.Name] = f.Name != ""
	}
	var some []string
	for _, name := range roles.Features {
		if known[name] {
			some = append(some, name)
		}
	}
	if !roles.Named || len(some) < len(features) {
		return roles.Features
	}
	return some
}

// modelTypes gives text columns the types the model's features have, by name or by position.
func modelTypes(features []algorithms.Feature, columns []string, named bool) map[string]dataset.DataType {
	types := make(map[string]dataset.DataType, len(columns))
	byName := make(map[string]algorithms.Feature, len(features))
	for _, f := range features {
		byName[f.Name] = f
	}
	for i, c := range columns {
		f, ok := byName[c]
		if !ok || !named {
			f = algorithms.Feature{}
			if i < len(features) {
				f = features[i]
			}
		}
		switch {
		case len(f.Categories) > 0:
		case f.Double:
			types[c] = dataset.Float64Type
		default:
			types[c] = dataset.Float32Type
		}
	}
	return types
}

// transformOutputs names the outputs: SageMaker's rule for line formats (input name plus .out), and .out.parquet.
func transformOutputs(path string, inputs []input, params *transformParams, ends []dataset.Ends, base storage.URI) ([]sharding.Output, error) {
	out, err := storage.ParseURI(path)
	if err != nil {
		return nil, clientf("transformOutput.s3OutputPath: %w", err)
	}
	media := mustMedia(params.Out)
	format, contentType := formatOf(media), media.String()
	if params.documents() { // what a filter leaves of a document may be no list of records
		contentType = ""
	}
	name := func(rel string) string { return rel + ".out" }
	if format == sharding.Parquet {
		name = func(rel string) string { return strings.TrimSuffix(rel, ".parquet") + ".out.parquet" }
	}
	keys, err := outputKeys(inputs, name)
	if err != nil {
		return nil, err
	}
	outputs := make([]sharding.Output, 0, len(keys)+1)
	for i, key := range keys {
		outputs = append(outputs, sharding.Output{
			URI: out.Join(key).String(), Input: i, Fragment: fragmentOutput, Format: format, Header: ends[i].Head, Between: ends[i].Between, Footer: ends[i].Tail,
			ContentType: contentType,
		})
	}
	return append(outputs, sharding.Output{
		URI: base.Join("rejects", rejectsFile).String(), Input: -1, Fragment: fragmentRejects, Format: sharding.Lines, Optional: true,
		ContentType: string(dataset.JSONLines),
	}), nil
}

// mustMedia parses a content type that Media.String wrote.
func mustMedia(s string) dataset.Media {
	m, err := dataset.ParseMedia(s)
	if err != nil {
		panic(err)
	}
	return m
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
