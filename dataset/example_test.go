package dataset_test

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/batchmill/batchmill/dataset"
)

// text is an Object in memory.
type text struct{ name, content string }

func (t text) Name() string { return t.name }
func (t text) Size() int64  { return int64(len(t.content)) }
func (t text) Open(_ context.Context, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		length = t.Size() - offset
	}
	return io.NopCloser(bytes.NewReader([]byte(t.content[offset : offset+length]))), nil
}

var people = text{"people.csv", "age,city,income\n39,Oslo,1\n50,\"Rio, BR\",0\n,Oslo,1\n"}

func ExampleParseMedia() {
	m, err := dataset.ParseMedia("text/csv; header=present; label=income; null=?")
	fmt.Println(m, err)
	_, err = dataset.ParseMedia("text/csv; lable=income")
	fmt.Println(err)
	// Output:
	// text/csv;header=present;label=income;null=? <nil>
	// dataset: content type "text/csv; lable=income", parameter "lable": is not known; known are header, label, label_size, weight, group, ignore, delimiter, null, text, compression, charset
}

func ExampleMedia_Roles() {
	ctx := context.Background()
	m, _ := dataset.ParseMedia("text/csv;header=present;label=income")
	schema, err := dataset.Infer(ctx, []dataset.Object{people}, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	roles, err := m.Roles(schema, true)
	fmt.Println(roles.Label, roles.Features, err)
	m.Label = []string{"salary"}
	_, err = m.Roles(schema, true)
	fmt.Println(err)
	// Output:
	// [income] [age city] <nil>
	// dataset, column "salary": the label column is not there; there are age, city, income
}

func ExampleNewReader() {
	m, _ := dataset.ParseMedia("text/csv;header=present")
	r, err := dataset.NewReader(context.Background(), people, dataset.ReadOptions{Media: m, Columns: []string{"city", "age"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for {
		batch, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		city, _ := dataset.Strings(batch.Column(0))
		age := make([]float32, batch.NumRows())
		_ = dataset.Floats(batch.Column(1), age)
		for i := range age {
			name, _ := city(i)
			fmt.Println(name, age[i])
		}
		batch.Release()
	}
	// Output:
	// Oslo 39
	// Rio, BR 50
	// Oslo NaN
}

// The scores of a batch, written beside its columns as CSV.
func ExampleNewWriter() {
	batch := dataset.NewBatch(dataset.NewSchema(true, dataset.NullField("city", dataset.StringType)),
		[]dataset.Column{dataset.NewStrings([]string{"Oslo", "Rio, BR"})}, 2)
	score := dataset.Field{Name: "score", Type: dataset.Float32Type}
	scored := dataset.AppendColumns(batch, []dataset.Field{score}, []dataset.Column{dataset.NewFloat32([]float32{0.1, 2})})
	var out bytes.Buffer
	w, err := dataset.NewWriter(&out, scored.Schema(), dataset.WriteOptions{Media: dataset.Media{Format: dataset.CSV, Header: true}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Write(scored); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Close())
	fmt.Print(out.String())
	// Output:
	// <nil>
	// city,score
	// Oslo,0.1
	// "Rio, BR",2
}

func ExampleUnits() {
	m, _ := dataset.ParseMedia("text/csv;header=present")
	units, err := dataset.Units(context.Background(), people, m, 25)
	for _, u := range units {
		fmt.Println(u.Index, u.Offset, u.Length, u.FirstRow, u.Rows)
	}
	fmt.Println(err)
	// Output:
	// 0 16 10 0 1
	// 1 26 23 1 2
	// <nil>
}

// Two Parquet files become one without decoding.
func ExampleAssembleParquet() {
	schema := dataset.NewSchema(true, dataset.Field{Name: "x", Type: dataset.Float32Type})
	var files []dataset.Object
	for _, values := range [][]float32{{1, 2}, {3}} {
		var out bytes.Buffer
		w, _ := dataset.NewWriter(&out, schema, dataset.WriteOptions{Media: dataset.Media{Format: dataset.Parquet}})
		_ = w.Write(dataset.NewBatch(schema, []dataset.Column{dataset.NewFloat32(values)}, len(values)))
		_ = w.Close()
		files = append(files, text{"part", out.String()})
	}
	pieces, err := dataset.AssembleParquet(context.Background(), files)
	if err != nil {
		fmt.Println(err)
		return
	}
	var whole bytes.Buffer
	for _, p := range pieces {
		if p.Bytes != nil {
			whole.Write(p.Bytes)
			continue
		}
		r, _ := files[p.Fragment].Open(context.Background(), p.Offset, p.Length)
		_, _ = io.Copy(&whole, r)
	}
	units, err := dataset.Units(context.Background(), text{"whole", whole.String()}, dataset.Media{Format: dataset.Parquet}, 0)
	fmt.Println(len(units), units[0].Rows, units[1].Rows, err)
	// Output:
	// 2 2 1 <nil>
}
