package client

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

func (c *Client) modelURI(name string) storage.URI {
	return c.state.Join(protocol.ModelObject(name)...)
}

func (c *Client) modelARN(name string) string {
	return jobs.ARN(jobs.ModelResource, c.region, c.account, name)
}

// CreateModel registers a model document (JSON or YAML). Nothing is fetched until the model is used. A name that is taken is
// a *jobs.ModelExistsError.
func (c *Client) CreateModel(ctx context.Context, document []byte) (*jobs.ModelDescription, error) {
	m, err := jobs.ParseModel(document)
	if err != nil {
		return nil, err
	}
	d := jobs.DescribeModel(*m, c.modelARN(m.ModelName), time.Now())
	data, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	if err := c.store.EnsureBucket(ctx, c.state.Bucket); err != nil {
		return nil, err
	}
	_, err = storage.WriteAll(ctx, c.store, c.modelURI(m.ModelName), data, storage.PutOptions{IfNoneMatch: true, ContentType: "application/json"})
	if errors.Is(err, storage.ErrPrecondition) {
		return nil, &jobs.ModelExistsError{ARN: d.ModelArn}
	}
	return &d, err
}

// DescribeModel finds a registered model; an unknown name is a *jobs.ModelNotFoundError.
func (c *Client) DescribeModel(ctx context.Context, name string) (*jobs.ModelDescription, error) {
	data, _, err := storage.ReadAll(ctx, c.store, c.modelURI(name))
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket) {
		return nil, &jobs.ModelNotFoundError{ARN: c.modelARN(name)}
	}
	if err != nil {
		return nil, err
	}
	d := new(jobs.ModelDescription)
	return d, json.Unmarshal(data, d)
}

// ListModels returns the registered models, newest first.
func (c *Client) ListModels(ctx context.Context, nameContains string) ([]jobs.ModelSummary, error) {
	var found []jobs.ModelSummary
	err := c.store.List(ctx, c.state.Join(protocol.ModelFolder, ""), func(info storage.Info) error {
		name, ok := strings.CutSuffix(info.URI.Base(), ".json")
		if !ok || !strings.Contains(name, nameContains) {
			return nil
		}
		found = append(found, jobs.ModelSummary{ModelName: name, ModelArn: c.modelARN(name), CreationTime: jobs.At(info.ModTime)})
		return nil
	})
	if errors.Is(err, storage.ErrNoBucket) {
		err = nil
	}
	slices.SortStableFunc(found, func(a, b jobs.ModelSummary) int { return b.CreationTime.Compare(a.CreationTime.Time) })
	return found, err
}

// DeleteModel forgets a model; its artifact stays. An unknown name is a *jobs.ModelNotFoundError.
func (c *Client) DeleteModel(ctx context.Context, name string) error {
	if _, err := c.DescribeModel(ctx, name); err != nil {
		return err
	}
	return c.store.Delete(ctx, c.modelURI(name))
}
