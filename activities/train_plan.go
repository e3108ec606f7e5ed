package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"testing/fstest"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// trainParams is what the attempts of a training agree on. The plan's inputs are those of all channels, one after the other.
type trainParams struct {
	Algorithm   string
	Channels    []trainChannel
	Artifact    string // URI of the final model.tar.gz
	Checkpoints string // URI prefix
	// HyperParameters tell one plan from another: a checkpoint made with others is not gone on from.
	HyperParameters map[string]string
}

// trainChannel is one channel: which inputs are its, their common schema, and the parts of its columns.
type trainChannel struct {
	Name     string
	From, To int // inputs of the plan
	Media    string
	Schema   []byte
	Roles    dataset.Roles
	Files    bool `json:",omitempty"` // holds files, not rows
}

// PlanTraining checks hyperparameters and channels, lists and pins the inputs and reconciles their schemas.
func (a *Activities) PlanTraining(ctx context.Context, job protocol.Job) (protocol.TrainPlanned, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	doc, err := jobs.ParseTrainingJob(job.Document)
	if err != nil {
		return protocol.TrainPlanned{}, err
	}
	if _, err := jobs.TrainingSettings(doc.Environment); err != nil {
		return protocol.TrainPlanned{}, err
	}
	algorithm, err := a.registry.Find(orElse(doc.AlgorithmSpecification.TrainingImage, doc.AlgorithmSpecification.AlgorithmName))
	if err != nil {
		return protocol.TrainPlanned{}, clientf("algorithmSpecification: %w", err)
	}
	if err := checkTraining(algorithm, doc); err != nil {
		return protocol.TrainPlanned{}, err
	}
	base, err := root(doc.OutputDataConfig.S3OutputPath, job.Name)
	if err != nil {
		return protocol.TrainPlanned{}, err
	}
	params := trainParams{Algorithm: algorithm.Name(), HyperParameters: doc.HyperParameters}
	if err := a.trainPlaces(ctx, doc, job.Name, base, &params); err != nil {
		return protocol.TrainPlanned{}, err
	}
	plan := &sharding.Plan{Head: sharding.Head{Kind: jobs.TrainingKind.Name, Job: job.Name, Owner: owner(ctx)}}
	for i, c := range doc.InputDataConfig {
		if err := a.planChannel(ctx, i, c, algorithm, plan, &params); err != nil {
			return protocol.TrainPlanned{}, err
		}
	}
	if plan.Params, err = json.Marshal(params); err != nil {
		return protocol.TrainPlanned{}, err
	}
	_, sum, err := sharding.WritePlan(ctx, a.store, base, plan)
	return protocol.TrainPlanned{
		PlanURI: sharding.PlanURI(base).String(), Digest: sum, Algorithm: params.Algorithm, ArtifactURI: params.Artifact, Rows: -1,
	}, err
}

// checkTraining checks what needs no data: hyperparameters and the channels' names.
func checkTraining(algorithm algorithms.Algorithm, doc *jobs.TrainingJob) error {
	if _, err := algorithm.HyperParameters().Parse(doc.HyperParameters); err != nil {
		return err
	}
	channels := make(map[string]*algorithms.Data, len(doc.InputDataConfig))
	for _, c := range doc.InputDataConfig {
		channels[c.ChannelName] = new(algorithms.Data)
	}
	return algorithms.CheckChannels(algorithm, channels)
}

// trainPlaces says where the artifact and the checkpoints go.
func (a *Activities) trainPlaces(ctx context.Context, doc *jobs.TrainingJob, name string, base storage.URI, params *trainParams) error {
	out, err := storage.ParseURI(doc.OutputDataConfig.S3OutputPath)
	if err != nil {
		return clientf("outputDataConfig.s3OutputPath: %w", err)
	}
	if doc.OutputDataConfig.CompressionType == "NONE" {
		return clientf("outputDataConfig.compressionType: NONE is not supported; leave it out")
	}
	artifact := out.Join(name, "output", "model.tar.gz")
	params.Artifact = artifact.String()
	params.Checkpoints = base.Join("checkpoints", "").String()
	if doc.CheckpointConfig != nil {
		params.Checkpoints = doc.CheckpointConfig.S3Uri
	}
	return a.refuseExisting(ctx, artifact, "already exists")
}

func (a *Activities) planChannel(ctx context.Context, i int, c jobs.Channel, algorithm algorithms.Algorithm, plan *sharding.Plan, params *trainParams) error {
	at := fmt.Sprintf("inputDataConfig.%d.member", i+1)
	if c.InputMode == "Pipe" || c.ShuffleConfig != nil {
		return clientf("%s: Pipe mode and ShuffleConfig are not supported; leave them out", at)
	}
	if holdsFiles(algorithm, c.ChannelName) {
		return a.planFiles(ctx, at, c, plan, params)
	}
	inputs, media, err := a.channelInputs(ctx, at, c, dataset.Format(algorithm.ContentTypes()[0]))
	if err != nil {
		return err
	}
	if !accepts(algorithm, media.Format) {
		return clientf("%s.contentType: %s is not an accepted ContentType: %v", at, media.Format, algorithm.ContentTypes())
	}
	schema, err := dataset.Infer(ctx, a.objects(inputs), media)
	if err != nil {
		return err
	}
	roles, err := media.Roles(schema, true)
	if err != nil {
		return fmt.Errorf("channel %s: %w", c.ChannelName, err)
	}
	data, err := dataset.MarshalSchema(schema)
	if err != nil {
		return err
	}
	addChannel(trainChannel{Name: c.ChannelName, Media: media.String(), Schema: data, Roles: roles}, inputs, plan, params)
	return nil
}

// addChannel adds a channel with its pinned inputs.
func addChannel(channel trainChannel, inputs []input, plan *sharding.Plan, params *trainParams) {
	channel.From = len(plan.Inputs)
	for _, in := range inputs {
		plan.Inputs = append(plan.Inputs, in.pinned())
	}
	channel.To = len(plan.Inputs)
	params.Channels = append(params.Channels, channel)
}

func holdsFiles(algorithm algorithms.Algorithm, channel string) bool {
	return slices.ContainsFunc(algorithm.Channels(), func(s algorithms.ChannelSpec) bool { return s.Files && s.Name == channel })
}

// planFiles plans a channel whose objects are files, such as an artifact to go on from.
func (a *Activities) planFiles(ctx context.Context, at string, c jobs.Channel, plan *sharding.Plan, params *trainParams) error {
	if c.DataSource.S3DataSource == nil {
		return clientf("%s.dataSource: only S3DataSource is supported", at)
	}
	inputs, err := a.listInputs(ctx, c.DataSource.S3DataSource.S3DataType, c.DataSource.S3DataSource.S3Uri)
	if err != nil {
		return err
	}
	addChannel(trainChannel{Name: c.ChannelName, Files: true}, inputs, plan, params)
	return nil
}

// files reads a channel of files: the members of its archives, and other objects by their base names.
func (a *Activities) files(ctx context.Context, plan *sharding.Plan, c trainChannel) (fs.FS, error) {
	all := fstest.MapFS{}
	for i := c.From; i < c.To; i++ {
		object, err := plan.Inputs[i].Object(a.store)
		if err != nil {
			return nil, err
		}
		if object.Size() > maxArtifact {
			return nil, clientf("%s: larger than %d bytes", object.Name(), int64(maxArtifact))
		}
		content, err := readObject(ctx, object)
		if err != nil {
			return nil, inputError(object, err)
		}
		uri, err := storage.ParseURI(plan.Inputs[i].URI)
		if err != nil {
			return nil, err
		}
		files, err := unpack(uri.Base(), content)
		if err != nil {
			return nil, clientf("%s: %w", object.Name(), err)
		}
		maps.Copy(all, files)
	}
	return all, nil
}

func readObject(ctx context.Context, object dataset.Object) ([]byte, error) {
	r, err := object.Open(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(r)
	return content, errors.Join(err, r.Close())
}

func accepts(algorithm algorithms.Algorithm, f dataset.Format) bool {
	for _, t := range algorithm.ContentTypes() {
		if m, err := dataset.ParseMedia(t); err == nil && m.Format == f {
			return true
		}
	}
	return false
}

// data makes a channel's rows readable for an algorithm, as often as it likes, in the plan's order.
func (a *Activities) data(plan *sharding.Plan, c trainChannel) (*algorithms.Data, error) {
	schema, err := dataset.UnmarshalSchema(c.Schema)
	if err != nil {
		return nil, err
	}
	var label []string
	label = append(label, c.Roles.Label...)
	return &algorithms.Data{
		Schema: schema, Label: label, Weight: c.Roles.Weight, Group: c.Roles.Group, Features: c.Roles.Features, Named: c.Roles.Named,
		Open: func(ctx context.Context) (dataset.Reader, error) {
			return &channelReader{ctx: ctx, store: a.store, plan: plan, next: c.From, to: c.To, media: mustMedia(c.Media), schema: schema}, nil
		},
	}, nil
}

// channelReader reads a channel's objects one after the other.
type channelReader struct {
	ctx      context.Context //nolint:containedctx // a reader lives as long as the pass it was opened for
	store    storage.Store
	plan     *sharding.Plan
	next, to int
	media    dataset.Media
	schema   *dataset.Schema
	object   dataset.Object
	open     dataset.Reader
}

func (r *channelReader) Schema() *dataset.Schema { return r.schema }

func (r *channelReader) Next() (dataset.Batch, error) {
	for {
		if r.open == nil {
			if r.next == r.to {
				return nil, io.EOF
			}
			if err := r.openNext(); err != nil {
				return nil, err
			}
			continue
		}
		b, err := r.open.Next()
		if !errors.Is(err, io.EOF) {
			return b, inputError(r.object, err)
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
}

func (r *channelReader) openNext() error {
	r.next++
	if r.plan.Inputs[r.next-1].Size == 0 {
		return nil
	}
	object, err := r.plan.Inputs[r.next-1].Object(r.store)
	if err != nil {
		return err
	}
	// Only a reader that has been opened is kept: what comes with an error must not be closed.
	open, err := dataset.NewReader(r.ctx, object, dataset.ReadOptions{Media: r.media, Schema: r.schema})
	if err != nil {
		return inputError(object, err)
	}
	r.object, r.open = object, open
	return nil
}

func (r *channelReader) Close() error {
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	return err
}
