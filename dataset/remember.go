package dataset

import (
	"context"
	"sync"
)

// Remember returns an object that keeps its Parquet footer once it was read: for whoever asks for an object's columns and
// units and then reads it unit by unit, a footer being as long as the file has row groups. With read, rows will be read too: a
// small object is then fetched whole at once. Other formats are as they were.
func Remember(obj Object, read bool) Object { return &rememberedObject{Object: obj, read: read} }

type rememberedObject struct {
	Object
	read   bool
	mu     sync.Mutex
	footer *parquetFooter
}

// footerOf reads an object's footer, or recalls it. A footer is never written to.
func footerOf(ctx context.Context, obj Object, guess int64) (*parquetFooter, error) {
	r, ok := obj.(*rememberedObject)
	if !ok {
		return readFooter(ctx, obj, guess)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.footer == nil {
		if r.read && r.Size() <= smallUnitObject {
			guess = r.Size()
		}
		f, err := readFooter(ctx, r.Object, guess)
		if err != nil {
			return nil, err
		}
		r.footer = f
	}
	return r.footer, nil
}
