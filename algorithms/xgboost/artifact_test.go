package xgboost

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArtifactTop checks that nothing but models lies at the top of an artifact: SageMaker's container takes each file there
// for one (get_loaded_booster in its serve_utils.py). The layout is found in its folder and where it was once.
func TestArtifactTop(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "adult_categorical")
	files := trainRows(t, map[string]string{"objective": "binary:logistic", "num_round": "2"}, ref.train, nil, nil).Files
	for name := range files {
		require.True(t, name == modelFile || strings.HasPrefix(name, ownFolder+"/"), name)
	}
	old := maps.Clone(files)
	delete(old, layoutFile)
	delete(old, importanceFile)
	old[oldLayoutFile], old["feature_importance.json"] = files[layoutFile], files[importanceFile]
	want := load(t, files).(*predictor)
	require.Equal(t, []string{"<=50K", ">50K"}, want.layout.Classes)
	require.Equal(t, want.layout, load(t, old).(*predictor).layout)
}
