package activities

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/klauspost/compress/gzip"

	"github.com/batchmill/batchmill/activities/budget"
	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// ModelPin is a model as a plan pins it: which algorithm reads which artifact, by content.
type ModelPin struct {
	Name      string
	Algorithm string
	URI       string
	ETag      string
	SHA256    string // of the artifact's bytes
	// Outputs is what the model's Environment selects for jobs that select nothing.
	Outputs []string `json:",omitempty"`
}

// Bounds of an artifact, in bytes: it is held in memory, packed and unpacked.
const (
	maxArtifact = 1 << 30
	maxUnpacked = 2 << 30
	// An archive may unpack to 64 MiB and a hundred times its size; JSON models pack to a tenth or so. Deflate alone could
	// blow a small one up a thousandfold, and tar's sparse files without any bound.
	unpackedFloor = 64 << 20
	unpackedRatio = 100
)

// findModel pins the model that a transform's document asks for: a registered one, or the artifact at a URI.
func (a *Activities) findModel(ctx context.Context, name string, settings jobs.Settings) (ModelPin, error) {
	if jobs.IsURI(name) {
		return a.pinArtifact(ctx, name, name)
	}
	d, err := a.registeredModel(ctx, name)
	switch {
	case settings.ModelURI == "" && err == nil:
		return a.pinModel(ctx, name, d)
	case settings.ModelURI == "":
		return ModelPin{}, err
	case err == nil:
		return ModelPin{}, clientf("modelName: model %s is registered, but BATCHMILL_MODEL_URI is %s, too: give one of them (a name that no model has goes with the URI)", name, settings.ModelURI)
	case !errors.As(err, new(*jobs.ModelNotFoundError)):
		return ModelPin{}, err
	}
	return a.pinArtifact(ctx, name, settings.ModelURI)
}

// registeredModel reads a registered model's document. An unknown name is a *jobs.ModelNotFoundError.
func (a *Activities) registeredModel(ctx context.Context, name string) (*jobs.ModelDescription, error) {
	data, _, err := storage.ReadAll(ctx, a.store, a.state.Join(protocol.ModelObject(name)...))
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket) {
		return nil, clientf("%w", jobs.ModelNotFound(name))
	}
	if err != nil {
		return nil, err
	}
	d := new(jobs.ModelDescription)
	if err := json.Unmarshal(data, d); err != nil {
		return nil, fmt.Errorf("activities: model %s: %w", name, err)
	}
	return d, nil
}

// pinArtifact pins the artifact or model file at a URI, whose content says which algorithm reads it.
func (a *Activities) pinArtifact(ctx context.Context, name, at string) (ModelPin, error) {
	uri, err := storage.ParseURI(at)
	if err != nil {
		return ModelPin{}, clientf("modelName: %w", err)
	}
	if uri.Base() == "" {
		return ModelPin{}, clientf("modelName: %s is no object; name the artifact or model file itself", uri)
	}
	artifact, info, err := a.readArtifact(ctx, uri)
	if err != nil {
		return ModelPin{}, err
	}
	files, err := unpack(uri.Base(), artifact)
	if err != nil {
		return ModelPin{}, clientf("artifact %s: %w", uri, err)
	}
	algorithm, err := a.registry.Recognize(files)
	if err != nil {
		return ModelPin{}, clientf("artifact %s: %w", uri, err)
	}
	return ModelPin{Name: name, Algorithm: algorithm.Name(), URI: uri.String(), ETag: info.ETag, SHA256: hexSHA256(artifact)}, nil
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// pinModel pins a registered model's artifact.
func (a *Activities) pinModel(ctx context.Context, name string, d *jobs.ModelDescription) (ModelPin, error) {
	c := d.PrimaryContainer
	if c == nil && len(d.Containers) == 1 {
		c = &d.Containers[0]
	}
	switch {
	case c == nil:
		return ModelPin{}, clientf("model %s has several containers; inference pipelines are not supported", name)
	case c.ModelDataUrl == "":
		return ModelPin{}, clientf("model %s has no ModelDataUrl", name)
	}
	uri, err := storage.ParseURI(c.ModelDataUrl)
	if err != nil {
		return ModelPin{}, clientf("model %s: modelDataUrl: %w", name, err)
	}
	artifact, info, err := a.readArtifact(ctx, uri)
	if err != nil {
		return ModelPin{}, fmt.Errorf("model %s: %w", name, err)
	}
	outputs, err := jobs.ModelOutputs(c.Environment)
	if err != nil {
		return ModelPin{}, clientf("model %s: %w", name, err)
	}
	return ModelPin{name, algorithms.Repository(c.Image), uri.String(), info.ETag, hexSHA256(artifact), outputs}, nil
}

// readArtifact reads an artifact into memory.
func (a *Activities) readArtifact(ctx context.Context, uri storage.URI) ([]byte, storage.Info, error) {
	r, info, err := a.store.Get(ctx, uri, storage.GetOptions{})
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket) {
		return nil, info, clientf("artifact %s does not exist", uri)
	}
	if err != nil {
		return nil, info, err
	}
	defer r.Close()
	if info.Size > maxArtifact {
		return nil, info, clientf("artifact %s has %d bytes; the limit is %d", uri, info.Size, maxArtifact)
	}
	data := make([]byte, info.Size)
	_, err = io.ReadFull(r, data)
	return data, info, err
}

// modelCache keeps the loaded models of the jobs a worker is busy with, by artifact content and outputs.
type modelCache struct {
	budget *budget.Budget
	mu     sync.Mutex
	bytes  int64 // of the models that are loaded
	loaded map[string]*loading
	order  []string
}

// loading is a model that is loaded, or being loaded: ended is closed then.
type loading struct {
	ended  chan struct{}
	p      algorithms.MultiPredictor
	err    error
	bytes  int64
	forget func() // gives back the memory of a model in the cache; nil until it is loaded
}

const modelsKept = 4

// predictor loads a transform's model and selects its outputs, once per worker: shards that start together wait for one load, and for
// no other model's. A load that failed is tried again by the next who asks.
func (a *Activities) predictor(ctx context.Context, params transformParams) (algorithms.MultiPredictor, error) {
	key := params.Model.Algorithm + "/" + params.Model.SHA256 + "/" + strings.Join(params.Outputs, ",")
	for {
		l, mine := a.models.enter(key)
		if mine {
			l.p, l.bytes, l.err = a.selectModel(ctx, params)
			if l.err != nil {
				a.models.drop(key, l)
			} else {
				a.models.keep(key, l)
			}
			close(l.ended)
			return l.p, l.err
		}
		select {
		case <-l.ended:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if l.err == nil || !errors.Is(l.err, context.Canceled) { // another activity's end is not ours
			return l.p, l.err
		}
	}
}

// enter finds a model, or makes the caller the one who loads it.
func (c *modelCache) enter(key string) (l *loading, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.loaded[key]; l != nil {
		return l, false
	}
	if c.loaded == nil {
		c.loaded = make(map[string]*loading)
	}
	l = &loading{ended: make(chan struct{})}
	c.loaded[key] = l
	if c.order = append(c.order, key); len(c.order) > modelsKept {
		c.evict()
	}
	return l, true
}

// keep counts a model that is loaded. Others, the oldest first, make room for it where models would take more than half of the budget.
func (c *modelCache) keep(key string, l *loading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded[key] != l {
		return // it had to go meanwhile
	}
	l.forget = c.budget.Keep(l.bytes)
	c.bytes += l.bytes
	for c.budget != nil && c.bytes > c.budget.Bytes()/2 && c.order[0] != key {
		c.evict()
	}
}

// evict forgets the oldest model.
func (c *modelCache) evict() {
	key := c.order[0]
	if oldest := c.loaded[key]; oldest.forget != nil {
		oldest.forget()
		c.bytes -= oldest.bytes
	}
	delete(c.loaded, key)
	c.order = c.order[1:]
}

// drop forgets a load that failed.
func (c *modelCache) drop(key string, l *loading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded[key] == l {
		delete(c.loaded, key)
		c.order = slices.DeleteFunc(c.order, func(k string) bool { return k == key })
	}
}

// selectModel also tells about how many bytes the model takes.
func (a *Activities) selectModel(ctx context.Context, params transformParams) (p algorithms.MultiPredictor, bytes int64, err error) {
	defer func() { // those who wait must hear of it
		if v := recover(); v != nil {
			p, err = nil, jobs.Failf(jobs.AlgorithmError, "model %s: panic: %v", params.Model.Name, v)
		}
	}()
	loaded, bytes, err := a.loadModel(ctx, params.Model)
	if err != nil {
		return nil, 0, err
	}
	if p, err = algorithms.SelectOutputs(loaded, params.Outputs); err != nil {
		return nil, 0, clientf("model %s: %w", params.Model.Name, err)
	}
	return p, bytes, nil
}

// loadModel also tells about how many bytes the model takes: what its files do, which is more for those that are JSON.
func (a *Activities) loadModel(ctx context.Context, pin ModelPin) (p algorithms.Predictor, size int64, err error) {
	algorithm, err := a.registry.Find(pin.Algorithm)
	if err != nil {
		return nil, 0, clientf("model %s: %w", pin.Name, err)
	}
	uri, err := storage.ParseURI(pin.URI)
	if err != nil {
		return nil, 0, err
	}
	data, _, err := a.readArtifact(ctx, uri)
	if err != nil {
		return nil, 0, fmt.Errorf("model %s: %w", pin.Name, err)
	}
	if hexSHA256(data) != pin.SHA256 {
		return nil, 0, clientf("artifact %s is not what it was when the job was planned", uri)
	}
	files, err := unpack(uri.Base(), data)
	if err != nil {
		return nil, 0, clientf("artifact %s: %w", uri, err)
	}
	size = unpackedSize(files)
	defer a.budget.Keep(int64(len(data)) + size)() // the texts, until they are a model
	if p, err = algorithm.Load(files); err != nil {
		return nil, 0, clientf("artifact %s: %w", uri, err)
	}
	return p, size, nil
}

func unpackedSize(files fstest.MapFS) (size int64) {
	for _, f := range files {
		size += int64(len(f.Data))
	}
	return size
}

// unpack reads a model.tar.gz into memory; anything else is taken as one bare model file.
func unpack(name string, data []byte) (fstest.MapFS, error) {
	if len(data) < 2 || data[0] != 0x1f || data[1] != 0x8b {
		return fstest.MapFS{name: {Data: data}}, nil
	}
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("not a gzip file: %w", err)
	}
	limit := min(maxUnpacked, unpackedFloor+unpackedRatio*int64(len(data)))
	packed := &io.LimitedReader{R: gz, N: limit}
	files, err := readTar(tar.NewReader(packed), limit)
	if err == nil {
		// The archive ends before the gzip stream does: only its very end tells whether the bytes are sound.
		if _, err = io.Copy(io.Discard, packed); err != nil {
			err = fmt.Errorf("not a sound gzip file: %w", err)
		}
	}
	if packed.N <= 0 {
		return nil, &unpackedError{limit}
	}
	return files, err
}

// readTar reads the regular files of an archive, limit bytes of them at most.
func readTar(r *tar.Reader, limit int64) (fstest.MapFS, error) {
	files, left := fstest.MapFS{}, limit
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("not a tar archive: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		// A sparse file's holes are not in the archive, so what the archive holds bounds nothing.
		content, err := io.ReadAll(io.LimitReader(r, left+1))
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", h.Name, err)
		}
		if left -= int64(len(content)); left < 0 {
			return nil, &unpackedError{limit}
		}
		files[path.Clean(h.Name)] = &fstest.MapFile{Data: content}
	}
}

// unpackedError says that an archive unpacks to more than it may.
type unpackedError struct{ limit int64 }

func (e *unpackedError) Error() string {
	return fmt.Sprintf("unpacks to more than %d bytes, the limit for an archive of its size", e.limit)
}
