package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchmill/batchmill/storage"
)

// checkpoints keeps a training's states in the store, the newest two of them.
type checkpoints struct {
	store  storage.Store
	prefix storage.URI
	owner  string // digest of the plan: a checkpoint of another plan (other data, other document) is not resumed
	every  time.Duration
	last   time.Time
	kept   []storage.URI
}

// checkpointName is SageMaker's for XGBoost: a number behind it says after how many rounds (contract 10.1).
const checkpointName = "xgboost-checkpoint."

// due tells whether it is time for another one.
func (c *checkpoints) due() bool { return time.Since(c.last) >= c.every }

func (c *checkpoints) save(ctx context.Context, round int, encode func() ([]byte, error)) error {
	state, err := encode()
	if err != nil {
		return err
	}
	head, err := json.Marshal(checkpointHead{Plan: c.owner, Round: round})
	if err != nil {
		return err
	}
	uri := c.prefix.Join(fmt.Sprintf("%s%d", checkpointName, round))
	content := slices.Concat(head, []byte{'\n'}, state)
	if _, err := storage.WriteAll(ctx, c.store, uri, content, storage.PutOptions{}); err != nil {
		return fmt.Errorf("activities: checkpoint: %w", err)
	}
	c.last = time.Now()
	if c.kept = append(c.kept, uri); len(c.kept) > 2 {
		if err := c.store.Delete(ctx, c.kept[0]); err != nil {
			return fmt.Errorf("activities: checkpoint: %w", err)
		}
		c.kept = c.kept[1:]
	}
	return nil
}

// checkpointHead is the first line of a checkpoint; the algorithm's state follows.
type checkpointHead struct {
	Plan  string
	Round int
}

// newest returns the state of the latest checkpoint of this plan and the number of rounds it holds, nil and 0 without one.
func (c *checkpoints) newest(ctx context.Context) (state []byte, rounds int, err error) {
	found := map[int]storage.URI{}
	err = c.store.List(ctx, c.prefix.Join(checkpointName), func(info storage.Info) error {
		if n, err := strconv.Atoi(strings.TrimPrefix(info.URI.Base(), checkpointName)); err == nil {
			found[n] = info.URI
		}
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNoBucket) {
		return nil, 0, fmt.Errorf("activities: checkpoint: %w", err)
	}
	if errors.Is(err, storage.ErrNoBucket) {
		return nil, 0, c.store.EnsureBucket(ctx, c.prefix.Bucket)
	}
	order := make([]int, 0, len(found))
	for n := range found {
		order = append(order, n)
	}
	slices.Sort(order)
	for _, n := range slices.Backward(order) {
		data, _, err := storage.ReadAll(ctx, c.store, found[n])
		if err != nil {
			return nil, 0, fmt.Errorf("activities: checkpoint: %w", err)
		}
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		var head checkpointHead
		if json.Unmarshal(line, &head) == nil && head.Plan == c.owner {
			for _, m := range order {
				if m <= n {
					c.kept = append(c.kept, found[m])
				}
			}
			return rest, head.Round, nil
		}
	}
	return nil, 0, nil
}
