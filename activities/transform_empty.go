package activities

import (
	"bytes"
	"context"
	"slices"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
)

// emptyEnds is checkReadable for an object of no bytes: what is its output where that is no sequence of records. Of JSON documents to
// be joined or cut there is none to answer.
func (a *Activities) emptyEnds(ctx context.Context, params transformParams) (dataset.Ends, error) {
	if (params.Join || params.Keep != "") && !mustMedia(params.Out).Format.Typed() {
		return dataset.Ends{}, nil
	}
	b, schema, err := a.outputsAlone(ctx, params)
	if err != nil {
		return dataset.Ends{}, err
	}
	return dataset.FragmentEnds(schema, b.writeOptions())
}

// outputsAlone is how an object of no bytes is answered: nobody knows its columns, so nothing is joined, and nothing cut.
func (a *Activities) outputsAlone(ctx context.Context, params transformParams) (*bound, *dataset.Schema, error) {
	predictor, err := a.predictor(ctx, params)
	if err != nil {
		return nil, nil, err
	}
	params.Join, params.Keep = false, ""
	b := &bound{records: recordsOf(&params, predictor, nil, dataset.Media{})}
	return b, dataset.NewSchema(true, slices.Concat(b.records.Fields, b.records.Trail)...), nil
}

// emptyTables makes the Parquet files for inputs that no shard reads, as there is nothing in them.
func (a *Activities) emptyTables(ctx context.Context, params transformParams, inputs []input, units [][]dataset.Unit, outputs []sharding.Output) (err error) {
	for i, in := range inputs {
		if len(units[i]) > 0 || outputs[i].Format != sharding.Parquet {
			continue
		}
		if outputs[i].Empty, err = a.emptyTable(ctx, params, in.object(a.store)); err != nil {
			return err
		}
	}
	return nil
}

// emptyTable is a Parquet file with the columns of an object's output and no rows.
func (a *Activities) emptyTable(ctx context.Context, params transformParams, object dataset.Object) ([]byte, error) {
	b, schema, err := a.outputsAlone(ctx, params)
	if err != nil {
		return nil, err
	}
	if object.Size() > 0 {
		predictor, err := a.predictor(ctx, params)
		if err != nil {
			return nil, err
		}
		if b, err = bindObject(ctx, predictor, object, &params); err != nil {
			return nil, err
		}
		if schema, err = b.tableSchema(object); err != nil {
			return nil, err
		}
	}
	var file bytes.Buffer
	w, err := dataset.NewWriter(&file, schema, b.writeOptions())
	if err != nil {
		return nil, err
	}
	err = w.Close()
	return file.Bytes(), err
}
