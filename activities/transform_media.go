package activities

import (
	"math"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
)

// transformMedia reads the content types of a document, with what its other members say of them, and refuses pairs that make no sense.
func transformMedia(doc *jobs.TransformJob) (in, out dataset.Media, err error) {
	if in, err = inputMedia(&doc.TransformInput); err != nil {
		return in, out, err
	}
	out = dataset.Media{Format: defaultOutput(in.Format)}
	if accept := doc.TransformOutput.Accept; accept != "" {
		if out, err = dataset.ParseMedia(accept); err != nil {
			return in, out, clientf("transformOutput.accept: %w", err)
		}
	}
	join, filtered := doc.DataProcessing.JoinSource == "Input", doc.DataProcessing.OutputFilter != "" && doc.DataProcessing.OutputFilter != "$"
	if join {
		if err := checkJoin(in.Format, out.Format); err != nil {
			return in, out, err
		}
	}
	if err := checkAccept(out); err != nil {
		return in, out, err
	}
	if out.Format == dataset.JSON {
		out.LineSplit = lineDocuments(doc, in, out, join || filtered)
		if filtered && in.Format != dataset.JSON && !out.LineSplit {
			return in, out, clientf("dataProcessing.outputFilter: %s of all of an object's records cannot be cut; take %s, or AssembleWith Line for a document per record", dataset.JSON, dataset.JSONLines)
		}
	}
	if out.Format == dataset.RecordIO && join && filtered {
		return in, out, clientf("dataProcessing.outputFilter: joined records of %s cannot be cut", dataset.RecordIO)
	}
	return in, out, nil
}

func inputMedia(source *jobs.TransformInput) (dataset.Media, error) {
	in, err := dataset.ParseMedia(orElse(source.ContentType, string(dataset.CSV)))
	if err != nil {
		return in, clientf("transformInput.contentType: %w", err)
	}
	switch {
	case source.SplitType == "TFRecord":
		return in, clientf("transformInput.splitType: TFRecord: there is no content type of such records; send %s with SplitType RecordIO, or a text format with Line", dataset.RecordIO)
	case source.SplitType == "RecordIO" && in.Format != dataset.RecordIO:
		return in, clientf("transformInput.splitType: RecordIO is for %s, not for %s", dataset.RecordIO, in.Format)
	case source.SplitType == "Line" && in.Format == dataset.JSON:
		in.LineSplit = true
	}
	if source.CompressionType == "Gzip" {
		in.Compression = dataset.Gzip
	}
	return in, nil
}

// lineDocuments says whether each answer in JSON is a document on a line of its own, rather than one document answering an object:
// that is so where every request is such a document, or a single record.
func lineDocuments(doc *jobs.TransformJob, in, out dataset.Media, whole bool) bool {
	switch {
	case in.Format == dataset.JSON && whole:
		return in.LineSplit
	case in.Format == dataset.JSON && !in.LineSplit:
		return out.LineSplit
	}
	return out.LineSplit || doc.TransformOutput.AssembleWith == "Line" || doc.BatchStrategy == "SingleRecord"
}

// defaultOutput is the format predictions have where Accept says nothing: the input's. A number is no sparse row, though, nor
// a record of features.
func defaultOutput(in dataset.Format) dataset.Format {
	switch in {
	case dataset.LibSVM, dataset.RecordIO:
		return dataset.CSV
	case dataset.ArrowFile:
		return dataset.ArrowStream
	}
	return in
}

// checkAccept refuses output formats that predictions cannot have, or whose fragments cannot be put together with the same bytes however
// they were cut.
func checkAccept(media dataset.Media) error {
	switch media.Format {
	case dataset.LibSVM:
		return clientf("transformOutput.accept: a prediction is no sparse row of %s", media.Format)
	case dataset.ArrowFile:
		return clientf("transformOutput.accept: outputs cannot be written as %s; take %s", media.Format, dataset.ArrowStream)
	}
	return checkUncompressed("transformOutput.accept", media)
}

// checkJoin refuses joins of records with outputs that have another form.
func checkJoin(in, out dataset.Format) error {
	switch {
	case in == dataset.LibSVM:
		return clientf("dataProcessing.joinSource: a prediction cannot be joined to rows of %s", in)
	case in != out && !(in.Typed() && out.Typed()):
		return clientf("dataProcessing.joinSource: Input needs Accept %s, the format of the input", in)
	}
	return nil
}

// documents says whether JSON documents are answered one by one, rather than their records.
func (p *transformParams) documents() bool {
	in, out := mustMedia(p.In), mustMedia(p.Out)
	return in.Format == dataset.JSON && out.Format == dataset.JSON && (p.Join || p.Keep != "" || in.LineSplit && out.LineSplit)
}

// wholeDocuments says whether objects are JSON documents that are held in memory: to be joined or cut.
func (p *transformParams) wholeDocuments() bool {
	in := mustMedia(p.In)
	return in.Format == dataset.JSON && !in.LineSplit && (p.documents() || p.Pick != "")
}

// unitBytes is the size of units. A document that is read whole is not cut.
func (a *Activities) unitBytes(params transformParams) int64 {
	if params.wholeDocuments() {
		return math.MaxInt64
	}
	return a.units
}

// formatOf says how fragments of a media type are put together.
func formatOf(media dataset.Media) sharding.Format {
	if media.Format == dataset.Parquet {
		return sharding.Parquet
	}
	return sharding.Lines
}
