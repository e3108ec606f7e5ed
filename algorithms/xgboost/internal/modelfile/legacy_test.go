package modelfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
)

// TestLegacyAgainstJSON checks the old binary form against the JSON that XGBoost wrote of the same model.
func TestLegacyAgainstJSON(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join(testdata.Path(t, "xgboost_reference"), "*", "model.bin"))
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	churn, err := filepath.Glob(filepath.Join(testdata.Path(t, "sagemaker_churn"), "model?.bin"))
	require.NoError(t, err)
	for _, binary := range append(folders, churn...) {
		a, err := Read(read(t, binary))
		require.NoError(t, err, binary)
		b, err := Read(read(t, binary[:len(binary)-len("bin")]+"json"))
		require.NoError(t, err)
		// What the binary form has no place for.
		for _, m := range []*Model{a, b} {
			m.Version, m.FeatureNames, m.FeatureTypes, m.ParallelTrees, m.LinearRounds = [3]int{}, nil, nil, 1, 0
			m.Legacy, m.Targets = false, 0
			delete(m.Attributes, "best_ntree_limit")
		}
		require.InDelta(t, b.BaseScore[0], a.BaseScore[0], 1e-15)
		a.BaseScore = b.BaseScore
		require.Equal(t, b, a, binary)
	}
}

func read(t testing.TB, path string) []byte {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// TestLegacyTruncated checks that no beginning of a file is taken for a whole one by accident.
func TestLegacyTruncated(t *testing.T) {
	t.Parallel()
	plain := shared(t, "agaricus_dart", "model.bin")
	for n := range 300 {
		_, err := Read(plain[:len(plain)/2*n/300])
		require.Error(t, err)
	}
}

func FuzzLegacy(f *testing.F) {
	for _, name := range []string{"iris_softprob", "agaricus_dart", "agaricus_gblinear"} {
		f.Add(shared(f, name, "model.bin"))
	}
	f.Add(read(f, testdata.Path(f, "interop_models", "leaves", "xgagaricus.model")))
	f.Fuzz(func(_ *testing.T, data []byte) { readLegacy(data) })
}

func FuzzPickle(f *testing.F) {
	handle := read(f, testdata.Path(f, "interop_models", "leaves", "xgagaricus.model"))
	f.Add(pickled("handle", handle))
	f.Add([]byte("\x80\x02cos\nsystem\nq\x00."))
	f.Fuzz(func(_ *testing.T, data []byte) { readPickle(data) })
}
