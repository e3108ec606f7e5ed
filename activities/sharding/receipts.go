package sharding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/storage"
)

const (
	parallelReceipts = 16         // read at once
	receiptPage      = pageShards // receipts that are kept together
	receiptPagesKept = 8
)

// Receipts are the receipts of a whole plan, read a page at a time. Where there are several pages, the first to read one stores it as
// one object: whoever reads it again, also after a crash, needs one request for it. Safe for concurrent use.
type Receipts struct {
	store  storage.Store
	root   storage.URI
	digest string
	shards int
	pages  *recent[int, []*Receipt]
}

func newReceipts(store storage.Store, root storage.URI, digest string, shards int) *Receipts {
	return &Receipts{store: store, root: root, digest: digest, shards: shards, pages: newRecent[int, []*Receipt](receiptPagesKept)}
}

// Each calls use with every shard's receipt, in order. One that is missing or of another plan is an error: a commit must wait for it.
func (r *Receipts) Each(ctx context.Context, use func(*Receipt) error) error {
	return r.each(ctx, 0, r.shards, use)
}

// each is Each for shards from (inclusive) to (exclusive).
func (r *Receipts) each(ctx context.Context, from, to int, use func(*Receipt) error) error {
	for from < to {
		number := from / receiptPage
		page, err := r.pages.get(number, func() ([]*Receipt, error) { return r.page(ctx, number) })
		if err != nil {
			return err
		}
		for ; from < min(to, (number+1)*receiptPage); from++ {
			if err := use(page[from-number*receiptPage]); err != nil {
				return err
			}
		}
	}
	return nil
}

// EachDone calls use with the receipts that a running job of that plan has so far, in no order, one at a time.
func EachDone(ctx context.Context, store storage.Store, root storage.URI, digest string, use func(*Receipt)) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelReceipts)
	var one sync.Mutex
	err := store.List(ctx, root.Join("receipts", ""), func(info storage.Info) error {
		shard, err := strconv.Atoi(strings.TrimSuffix(info.URI.Base(), ".json"))
		if err != nil {
			return nil // a page, which repeats receipts
		}
		g.Go(func() error {
			receipt, err := Done(ctx, store, root, digest, shard)
			if receipt != nil {
				one.Lock()
				defer one.Unlock()
				use(receipt)
			}
			return err
		})
		return nil
	})
	return errors.Join(g.Wait(), err)
}

func (r *Receipts) pageURI(number int) storage.URI {
	return r.root.Join("receipts", fmt.Sprintf("page-%06d.json", number))
}

// page reads a page of receipts, or makes it of the receipts themselves.
func (r *Receipts) page(ctx context.Context, number int) ([]*Receipt, error) {
	from := number * receiptPage
	shards := min(receiptPage, r.shards-from)
	if r.shards <= receiptPage {
		return r.gather(ctx, from, shards)
	}
	if page, err := r.stored(ctx, number, shards); page != nil || err != nil {
		return page, err
	}
	page, err := r.gather(ctx, from, shards)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(page)
	if err != nil {
		return nil, fmt.Errorf("sharding: encode receipts: %w", err)
	}
	if _, err := storage.WriteAll(ctx, r.store, r.pageURI(number), data, storage.PutOptions{ContentType: "application/json"}); err != nil {
		return nil, fmt.Errorf("sharding: write receipts: %w", err)
	}
	return page, nil
}

// stored reads a page that an earlier reader has stored; nil if there is none of this plan.
func (r *Receipts) stored(ctx context.Context, number, shards int) ([]*Receipt, error) {
	data, _, err := storage.ReadAll(ctx, r.store, r.pageURI(number))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sharding: read receipts: %w", err)
	}
	var page []*Receipt
	if err := json.Unmarshal(data, &page); err != nil || len(page) != shards || page[0] == nil || page[0].Plan != r.digest {
		return nil, nil // of another plan, or not ours
	}
	return page, nil
}

// gather reads single receipts.
func (r *Receipts) gather(ctx context.Context, from, shards int) ([]*Receipt, error) {
	page := make([]*Receipt, shards)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelReceipts)
	for i := range page {
		g.Go(func() error {
			receipt, err := Done(ctx, r.store, r.root, r.digest, from+i)
			if err == nil && receipt == nil {
				err = fmt.Errorf("sharding: shard %d has no receipt", from+i)
			}
			page[i] = receipt
			return err
		})
	}
	return page, g.Wait()
}
