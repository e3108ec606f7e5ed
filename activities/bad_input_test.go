package activities

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// bad is one way to get a job wrong, and what the user is told.
type bad struct {
	name string
	kind jobs.Kind
	make func(t *testing.T, s *shop) object // the document, after the store has been prepared
	want []string                           // in the error
}

// spoil replaces a line (from 1) of a text.
func spoil(text []byte, line int, with string) []byte {
	l := lines(string(text))
	l[line-1] = with
	return []byte(strings.Join(l, "\n") + "\n")
}

// from points a transform or split document at other input.
func from(doc object, uri string) object {
	source := object{"S3DataSource": object{"S3DataType": "S3Prefix", "S3Uri": uri}}
	if in, ok := doc["TransformInput"].(object); ok {
		in["DataSource"] = source
	} else {
		doc["InputDataConfig"].([]any)[0].(object)["DataSource"] = source
	}
	return doc
}

func with(doc object, member string, value any) object {
	doc[member] = value
	return doc
}

func badInputs(t testing.TB) []bad {
	house := californiaTest(t)[:1001]
	bare := toCSV(t, columns(house, 8)[1:])
	parquet := toParquet(t, house, 100)
	artifact, _ := reference(t, "california_missing")
	people := table(t, "adult", "adult_train80.csv.gz")[:201]
	named, _ := reference(t, "adult_categorical")
	boston := toCSV(t, table(t, "boston_housing", "boston.csv"))
	random := object{"Type": "Random"}
	// score prepares a transform of one object.
	score := func(artifact []byte, name string, data []byte, contentType string) func(*testing.T, *shop) object {
		return func(_ *testing.T, s *shop) object {
			s.register("m", artifact)
			s.put("s3://b/in/"+name, data)
			return transformDoc(contentType, shards(17))
		}
	}
	cut := func(name string, data []byte, contentType string, strategy object) func(*testing.T, *shop) object {
		return func(_ *testing.T, s *shop) object {
			s.put("s3://b/in/"+name, data)
			return splitDoc(contentType, strategy, 17)
		}
	}
	learn := func(train, validation []byte, change func(object)) func(*testing.T, *shop) object {
		return func(_ *testing.T, s *shop) object {
			s.put("s3://b/train/a.csv", train)
			s.put("s3://b/validation/v.csv", validation)
			doc := trainDoc("medv", 3)
			if change != nil {
				change(doc)
			}
			return doc
		}
	}
	renamed := append([][]string{append([]string(nil), people[0]...)}, people[1:]...)
	renamed[0][0] = "years"
	return []bad{
		{"transform: missing bucket", jobs.TransformKind, func(_ *testing.T, s *shop) object {
			s.register("m", artifact)
			return from(transformDoc("text/csv", nil), "s3://nowhere/in/")
		}, []string{`No S3 objects found under S3 URL "s3://nowhere/in/"`, "bucket"}},
		{"split: missing bucket", jobs.SplitKind, func(*testing.T, *shop) object {
			return from(splitDoc("text/csv", random, 1), "s3://nowhere/in/")
		}, []string{`No S3 objects found under S3 URL "s3://nowhere/in/"`}},
		{"transform: empty prefix", jobs.TransformKind, func(_ *testing.T, s *shop) object {
			s.register("m", artifact)
			return transformDoc("text/csv", nil)
		}, []string{`No S3 objects found under S3 URL "s3://b/in/"`}},
		{"training: empty prefix", jobs.TrainingKind, func(*testing.T, *shop) object { return trainDoc("medv", 1) },
			[]string{`No S3 objects found under S3 URL "s3://b/train/"`}},
		{"transform: ragged row", jobs.TransformKind, score(artifact, "a.csv", spoil(bare, 700, "1,2,3"), "text/csv"),
			[]string{"s3://b/in/a.csv", "line 700", "has 3 fields, expected 8"}},
		{"split: ragged row", jobs.SplitKind, cut("a.csv", spoil(toCSV(t, house), 700, "1,2,3"), "text/csv;header=present", random),
			[]string{"s3://b/in/a.csv", "line 700", "has 3 fields, expected 10"}},
		{"training: ragged row", jobs.TrainingKind, learn(spoil(boston, 400, "1,2"), boston, nil),
			[]string{"s3://b/train/a.csv", "line 400", "has 2 fields, expected 14"}},
		{"transform: text in a numeric column", jobs.TransformKind, score(artifact, "a.csv", spoil(bare, 700, "-122,37,old,1,1,1,1,1"), "text/csv"),
			[]string{"s3://b/in/a.csv", "line 700", `"column 3"`, `"old"`}},
		{"transform: text in a named numeric column", jobs.TransformKind,
			score(artifact, "a.csv", spoil(toCSV(t, house), 700, "-122,37,old,1,1,1,1,1,1,INLAND"), "text/csv;header=present;ignore=median_house_value+ocean_proximity"),
			[]string{"s3://b/in/a.csv", "line 700", `"housing_median_age"`, `"old"`}},
		{"training: text in a numeric column", jobs.TrainingKind, learn(spoil(boston, 400, "1,0,2.31,old,0.538,6.5,65.2,4.09,1,296.0,15.3,396.9,4.98,24.0"), boston, nil),
			[]string{"s3://b/train/a.csv", "line 400", `"chas"`, `"old"`}},
		{"split: text in a numeric column", jobs.SplitKind, cut("a.csv", spoil(toCSV(t, house), 700, "-122,37,old,1,1,1,1,1,1,INLAND"), "text/csv;header=present", random),
			[]string{"s3://b/in/a.csv", "line 700", `"housing_median_age"`, `"old"`}},
		{"transform: joined column is there already", jobs.TransformKind, func(t *testing.T, s *shop) object {
			twice := append([][]string{append([]string(nil), house[0]...)}, house[1:]...)
			twice[0][9] = "SageMakerOutput"
			doc := score(artifact, "a.parquet", toParquet(t, twice, 100), "application/x-parquet;ignore=median_house_value+SageMakerOutput")(t, s)
			return with(doc, "DataProcessing", object{"JoinSource": "Input"})
		}, []string{"s3://b/in/a.parquet", `"SageMakerOutput"`, "dataProcessing.joinSource"}},
		{"transform: filter beyond the columns", jobs.TransformKind, func(t *testing.T, s *shop) object {
			return with(score(artifact, "a.csv", bare, "text/csv")(t, s), "DataProcessing", object{"InputFilter": "$[0:7,12]"})
		}, []string{"dataProcessing.inputFilter", "s3://b/in/a.csv", "$[0:7,12]", "position 12", "8 columns"}},
		{"transform: filter of a column that is not there", jobs.TransformKind, func(t *testing.T, s *shop) object {
			doc := score(artifact, "a.parquet", parquet, "application/x-parquet;ignore=median_house_value+ocean_proximity")(t, s)
			return with(doc, "DataProcessing", object{"JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"})
		}, []string{"dataProcessing.outputFilter", "s3://b/in/a.parquet", `"id"`, "ocean_proximity"}},
		{"transform: filter that is no path", jobs.TransformKind, func(t *testing.T, s *shop) object {
			return with(score(artifact, "a.csv", bare, "text/csv")(t, s), "DataProcessing", object{"OutputFilter": "$[0"})
		}, []string{"dataProcessing.outputFilter", "$[0"}},
		{"transform: filter leaves too few columns", jobs.TransformKind, func(t *testing.T, s *shop) object {
			return with(score(artifact, "a.csv", bare, "text/csv")(t, s), "DataProcessing", object{"InputFilter": "$[1:]"})
		}, []string{"s3://b/in/a.csv", "8 feature columns", "7"}},
		{"transform: position beyond a record's list", jobs.TransformKind, func(t *testing.T, s *shop) object {
			in := []byte("{\"x\":[1,2,3,4,5,6,7,8]}\n{\"x\":[1,2]}\n")
			return with(score(artifact, "a.jsonl", in, "application/jsonlines")(t, s), "DataProcessing", object{"InputFilter": "$.x[0,1,2,3,4,5,6,7]"})
		}, []string{"s3://b/in/a.jsonl", "line 2", "position 2", "2 values"}},
		{"transform: join of sparse rows", jobs.TransformKind, func(t *testing.T, s *shop) object {
			doc := score(artifact, "a.libsvm", []byte("1 0:1 3:2\n"), "text/libsvm")(t, s)
			doc["TransformOutput"] = object{"S3OutputPath": "s3://b/out/", "Accept": "text/libsvm"}
			return with(doc, "DataProcessing", object{"JoinSource": "Input"})
		}, []string{"joinSource", "libsvm"}},
		{"transform: truncated Parquet", jobs.TransformKind, score(artifact, "a.parquet", parquet[:len(parquet)-100], "application/x-parquet"),
			[]string{"s3://b/in/a.parquet", "Parquet"}},
		{"split: truncated Parquet", jobs.SplitKind, cut("a.parquet", parquet[:len(parquet)/2], "application/x-parquet", random),
			[]string{"s3://b/in/a.parquet", "Parquet"}},
		{"split: empty Parquet object", jobs.SplitKind, cut("a.parquet", []byte("PAR1"), "application/x-parquet", random),
			[]string{"s3://b/in/a.parquet"}},
		{"training: label column missing", jobs.TrainingKind, learn(boston, boston, func(o object) {
			o["InputDataConfig"].([]any)[0].(object)["ContentType"] = "text/csv;header=present;label=price"
		}), []string{"channel train", `"price"`}},
		{"training: text label", jobs.TrainingKind, learn(bytes.ReplaceAll(boston, []byte(",24.0\n"), []byte(",dear\n")), boston, nil),
			[]string{"train", `"medv"`}},
		{"training: validation lacks a column", jobs.TrainingKind, learn(boston, bytes.Replace(boston, []byte("crim"), []byte("krim"), 1), nil),
			[]string{"validation", `"crim"`}},
		{"split: column missing", jobs.SplitKind, cut("a.csv", toCSV(t, house), "text/csv;header=present", object{"Type": "Group", "Column": "county"}),
			[]string{"splitStrategy.column", `"county"`}},
		{"split: number here, text there", jobs.SplitKind, func(_ *testing.T, s *shop) object {
			s.put("s3://b/in/a.csv", toCSV(t, house))
			text := [][]string{house[0]}
			for _, r := range house[1:50] {
				r = append([]string(nil), r...)
				r[2] = "old"
				text = append(text, r)
			}
			s.put("s3://b/in/b.csv", toCSV(t, text))
			return splitDoc("text/csv;header=present", random, 1)
		}, []string{"s3://b/in/a.csv", "s3://b/in/b.csv", `"housing_median_age"`}},
		{"transform: too few features", jobs.TransformKind, score(artifact, "a.csv", toCSV(t, columns(house, 7)[1:]), "text/csv"),
			[]string{"s3://b/in/a.csv", "7", "8"}},
		{"transform: too many features", jobs.TransformKind, score(artifact, "a.csv", toCSV(t, columns(house, 9)[1:]), "text/csv"),
			[]string{"s3://b/in/a.csv", "9", "8"}},
		{"transform: renamed column", jobs.TransformKind, score(named, "a.csv", toCSV(t, renamed), "text/csv;header=present;ignore=income"),
			[]string{"s3://b/in/a.csv", `"age"`, "years"}},
		{"transform: ignored column missing", jobs.TransformKind, score(artifact, "a.csv", toCSV(t, house), "text/csv;header=present;ignore=price"),
			[]string{"s3://b/in/a.csv", `"price"`}},
		{"training: bad hyperparameter", jobs.TrainingKind, learn(boston, boston, func(o object) { o["HyperParameters"].(object)["eta"] = "2" }),
			[]string{"eta", "2", "[0"}},
		{"training: hyperparameter missing", jobs.TrainingKind, learn(boston, boston, func(o object) { delete(o["HyperParameters"].(object), "num_round") }),
			[]string{"num_round"}},
		{"training: unknown algorithm", jobs.TrainingKind, learn(boston, boston, func(o object) {
			o["AlgorithmSpecification"].(object)["TrainingImage"] = "lightgbm:1"
		}), []string{"algorithmSpecification", "lightgbm", "xgboost"}},
		{"training: channel missing", jobs.TrainingKind, learn(boston, boston, func(o object) {
			o["InputDataConfig"] = o["InputDataConfig"].([]any)[1:]
		}), []string{"train"}},
		{"transform: missing model", jobs.TransformKind, func(_ *testing.T, s *shop) object {
			s.put("s3://b/in/a.csv", bare)
			return transformDoc("text/csv", nil)
		}, []string{`Could not find model "m".`}},
		{"transform: missing artifact", jobs.TransformKind, score(nil, "a.csv", bare, "text/csv"),
			[]string{"model m", "artifact s3://b/models/m/model.tar.gz does not exist"}},
		{"transform: artifact is no archive", jobs.TransformKind, score([]byte("not a model at all"), "a.csv", bare, "text/csv"),
			[]string{"artifact s3://b/models/m/model.tar.gz"}},
		{"transform: artifact cut off", jobs.TransformKind, score(artifact[:len(artifact)/2], "a.csv", bare, "text/csv"),
			[]string{"artifact s3://b/models/m/model.tar.gz", "unexpected EOF"}},
		{"transform: gzip without tar", jobs.TransformKind, score(gzipped(t, []byte(strings.Repeat("text ", 200))), "a.csv", bare, "text/csv"),
			[]string{"artifact s3://b/models/m/model.tar.gz", "not a tar archive"}},
		{"transform: archive without model", jobs.TransformKind, score(must(pack(map[string][]byte{"readme": []byte("hello"), "notes.txt": []byte("there is no model here")})), "a.csv", bare, "text/csv"),
			[]string{"artifact s3://b/models/m/model.tar.gz", "holds no model of XGBoost or LightGBM", "notes.txt"}},
		{"transform: damaged model", jobs.TransformKind, score(must(pack(map[string][]byte{"xgboost-model": []byte(`{"learner":`)})), "a.csv", bare, "text/csv"),
			[]string{"artifact s3://b/models/m/model.tar.gz"}},
		{"transform: unknown member", jobs.TransformKind, func(*testing.T, *shop) object { return with(transformDoc("text/csv", nil), "Colour", "red") },
			[]string{"colour"}},
		{"transform: unknown content type", jobs.TransformKind, score(artifact, "a.csv", bare, "text/html"), []string{"transformInput.contentType", "text/html"}},
		{"transform: compressed output", jobs.TransformKind, func(t *testing.T, s *shop) object {
			doc := score(artifact, "a.csv", bare, "text/csv")(t, s)
			return with(doc, "TransformOutput", object{"S3OutputPath": "s3://b/out/", "Accept": "text/csv;compression=gzip"})
		}, []string{"transformOutput.accept", "compression=gzip"}},
		{"transform: Arrow file output", jobs.TransformKind, func(t *testing.T, s *shop) object {
			doc := score(artifact, "a.csv", bare, "text/csv")(t, s)
			return with(doc, "TransformOutput", object{"S3OutputPath": "s3://b/out/", "Accept": "application/vnd.apache.arrow.file"})
		}, []string{"transformOutput.accept", "arrow.file", "arrow.stream"}},
		{"transform: join across formats", jobs.TransformKind, func(t *testing.T, s *shop) object {
			doc := score(artifact, "a.csv", bare, "text/csv")(t, s)
			doc["TransformOutput"] = object{"S3OutputPath": "s3://b/out/", "Accept": "application/x-parquet"}
			return with(doc, "DataProcessing", object{"JoinSource": "Input"})
		}, []string{"dataProcessing.joinSource", "text/csv"}},
		{"split: two inputs of one name", jobs.SplitKind, func(_ *testing.T, s *shop) object {
			s.put("s3://b/in/a.csv", toCSV(t, house))
			s.put("s3://b/in/a.csv.gz", gzipped(t, toCSV(t, house)))
			return splitDoc("text/csv;header=present", random, 1)
		}, []string{"s3://b/in/a.csv", "s3://b/in/a.csv.gz", "a.csv"}},
		{"split: manifest file names what is not there", jobs.SplitKind, func(_ *testing.T, s *shop) object {
			s.put("s3://b/list.manifest", []byte(`[{"prefix": "s3://b/in/"}, "a.csv"]`))
			doc := splitDoc("text/csv", random, 1)
			doc["InputDataConfig"].([]any)[0].(object)["DataSource"] = object{"S3DataSource": object{"S3DataType": "ManifestFile", "S3Uri": "s3://b/list.manifest"}}
			return doc
		}, []string{"manifest file s3://b/list.manifest", "s3://b/in/a.csv"}},
	}
}

// TestBadInput: each mistake is named, is the user's to mend, and leaves nothing at the output path.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, c := range badInputs(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, newStore())
			doc := c.make(t, s)
			err := s.fail(c.kind, doc)
			require.Error(t, err)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.Equal(t, jobs.ClientError, classify(err), err)
			require.Empty(t, s.read("s3://b/out/"))
			require.Empty(t, s.read("s3://b/models/_batchmill/"))
			require.NotContains(t, s.read("s3://b/models/"), artifactKey)
		})
	}
}

// fail runs a job of any kind that is to fail, with the clean-up.
func (s *shop) fail(kind jobs.Kind, doc object) error {
	s.Helper()
	var err error
	switch kind {
	case jobs.TransformKind:
		_, err = s.transform(doc)
	case jobs.SplitKind:
		_, err = s.split(doc)
	default:
		ref, failed := s.planTraining(doc)
		if err = failed; err == nil {
			_, err = s.Train(s.Context(), ref)
		}
		job := protocol.Job{Name: "learn", Document: document(s, doc)}
		_, failed = s.CleanUp(s.Context(), protocol.PlanRef{Job: job, Kind: kind.Name, PlanURI: ref.PlanURI, Digest: ref.Digest})
		require.NoError(s, failed)
	}
	return err
}

// TestInputChangesWhileRunning: input that is overwritten or removed behind the plan fails the job by name.
func TestInputChangesWhileRunning(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	house := californiaTest(t)[:501]
	for how, change := range map[string]func(s *shop, key string){
		"overwritten": func(s *shop, key string) { s.put("s3://b/"+key, toCSV(t, columns(house, 8)[2:])) },
		"removed": func(s *shop, key string) {
			require.NoError(t, s.store.Delete(t.Context(), storage.URI{Bucket: "b", Key: key}))
		},
	} {
		for name, c := range map[string]struct {
			kind jobs.Kind
			key  string
			doc  object
		}{
			"transform": {jobs.TransformKind, "in/a.csv", transformDoc("text/csv", nil)},
			"split":     {jobs.SplitKind, "in/a.csv", splitDoc("text/csv", object{"Type": "Random"}, 1)},
			"training":  {jobs.TrainingKind, "train/a.csv", trainDoc("1", 3)},
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				s := newShop(t, newStore())
				s.register("m", artifact)
				for _, channel := range []string{"in", "train", "validation"} {
					s.put("s3://b/"+channel+"/a.csv", toCSV(t, columns(house, 8)[1:]))
				}
				if channels, ok := c.doc["InputDataConfig"].([]any); ok {
					for _, channel := range channels {
						channel.(object)["ContentType"] = "text/csv"
					}
				}
				ref := s.planOf(c.kind, c.doc)
				change(s, c.key)
				err := s.workOf(c.kind, ref)
				require.ErrorContains(t, err, "input s3://b/"+c.key+" changed while the job was running")
				require.Equal(t, jobs.ClientError, classify(err))
				_, err = s.CleanUp(t.Context(), ref)
				require.NoError(t, err)
				require.Empty(t, s.read("s3://b/out/"))
				require.NotContains(t, s.read("s3://b/models/"), artifactKey)
				require.Empty(t, s.read("s3://b/models/_batchmill/"))
			})
		}
	}
}

// planOf plans a job of any kind.
func (s *shop) planOf(kind jobs.Kind, doc object) protocol.PlanRef {
	s.Helper()
	ref := protocol.PlanRef{Kind: kind.Name}
	switch kind {
	case jobs.TrainingKind:
		train, err := s.planTraining(doc)
		require.NoError(s, err)
		ref.Job, ref.PlanURI, ref.Digest = train.Job, train.PlanURI, train.Digest
	case jobs.SplitKind:
		ref.Job = protocol.Job{Name: "cut", Document: document(s, doc)}
		planned, err := s.PlanSplit(s.Context(), ref.Job)
		require.NoError(s, err)
		ref.PlanURI, ref.Digest, ref.Shards = planned.PlanURI, planned.Digest, planned.Shards
	default:
		ref.Job = jobOf(s, doc)
		planned, err := s.PlanTransform(s.Context(), ref.Job)
		require.NoError(s, err)
		ref.PlanURI, ref.Digest, ref.Shards = planned.PlanURI, planned.Digest, planned.Shards
	}
	return ref
}

// workOf does the work that follows the plan, in one activity.
func (s *shop) workOf(kind jobs.Kind, ref protocol.PlanRef) error {
	r := protocol.Range{Job: ref.Job, PlanURI: ref.PlanURI, Digest: ref.Digest, To: ref.Shards}
	var err error
	switch kind {
	case jobs.TrainingKind:
		_, err = s.Train(s.Context(), protocol.TrainRef{Job: ref.Job, PlanURI: ref.PlanURI, Digest: ref.Digest})
	case jobs.SplitKind:
		_, err = s.SplitShards(s.Context(), r)
	default:
		_, err = s.TransformShards(s.Context(), r)
	}
	return err
}

// TestArtifactChangesWhileRunning: the model a job was planned with is the one it uses.
func TestArtifactChangesWhileRunning(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	other, _ := reference(t, "california_gamma")
	s := newShop(t, newStore())
	s.register("m", artifact)
	s.put("s3://b/in/a.csv", toCSV(t, columns(californiaTest(t)[:100], 8)[1:]))
	ref := s.planOf(jobs.TransformKind, transformDoc("text/csv", nil))
	s.put("s3://b/models/m/model.tar.gz", other)
	worker := newShop(t, s.store) // another worker, which has not loaded the model
	err := worker.workOf(jobs.TransformKind, ref)
	require.ErrorContains(t, err, "artifact s3://b/models/m/model.tar.gz is not what it was when the job was planned")
	require.Equal(t, jobs.ClientError, classify(err))
}
