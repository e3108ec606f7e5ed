package xgboost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lightgbm"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

// Files of an artifact. SageMaker's container takes every file that lies beside the model for one more model, and looks into
// no folder.
const (
	modelFile  = "xgboost-model"
	ownFolder  = "batchmill"
	layoutFile = ownFolder + "/layout.json"
	// oldLayoutFile is where the layout was before it had a folder.
	oldLayoutFile = "batchmill.json"
)

// Load reads a model: an artifact's files, or a model file of XGBoost's or LightGBM's by itself. What a file is, its content
// says; names only settle which file is the model where several could be.
func (algorithm) Load(files fs.FS) (algorithms.Predictor, error) {
	names, err := regularFiles(files)
	if err != nil {
		return nil, err
	}
	if folds := foldModels(names); len(folds) > 1 {
		return loadEnsemble(files, folds)
	}
	data, err := findModel(files)
	if err != nil {
		return nil, err
	}
	switch modelfile.FormOf(data) {
	case modelfile.LightGBMText:
		return loadLightGBM(lightgbm.ReadText(data))
	case modelfile.LightGBMJSON:
		return loadLightGBM(lightgbm.ReadJSON(data))
	}
	m, err := modelfile.Read(data)
	if err != nil {
		return nil, &algorithms.DataError{Reason: err.Error()}
	}
	l, err := layoutBeside(files, m)
	if err != nil {
		return nil, err
	}
	return newPredictor(m, l)
}

// Recognize says whether the files hold a model of XGBoost's or LightGBM's.
func (algorithm) Recognize(files fs.FS) error {
	names, err := regularFiles(files)
	if err != nil || len(foldModels(names)) > 1 {
		return err
	}
	data, err := findModel(files)
	if err != nil {
		return err
	}
	if form := modelfile.FormOf(data); !form.Model(data) {
		return &algorithms.DataError{Reason: "no model of XGBoost or LightGBM, but " + string(form)}
	}
	return nil
}

// layoutBeside reads the layout that training stores beside a model, or makes one for a model that came without.
func layoutBeside(files fs.FS, m *modelfile.Model) (*layout, error) {
	beside, err := fs.ReadFile(files, layoutFile)
	if errors.Is(err, fs.ErrNotExist) {
		beside, err = fs.ReadFile(files, oldLayoutFile)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return layoutOf(m), nil
	}
	if err != nil {
		return nil, err
	}
	l := &layout{}
	if err := json.Unmarshal(beside, l); err != nil || l.Version != layoutVersion || len(l.Features) != m.NumFeature {
		return nil, &algorithms.DataError{Reason: layoutFile + " does not fit the model"}
	}
	return l, nil
}

// layoutOf makes a layout from what a model file says about its features.
func layoutOf(m *modelfile.Model) *layout {
	l := &layout{Version: layoutVersion, Named: len(m.FeatureNames) > 0, Features: make([]feature, m.NumFeature)}
	for i := range l.Features {
		f := feature{Name: "f" + strconv.Itoa(i), Kind: kindNumber}
		if l.Named {
			f.Name = m.FeatureNames[i]
		}
		if len(m.FeatureTypes) > 0 && m.FeatureTypes[i] == "c" {
			f.Kind = kindCode
			if len(m.Categories) > 0 && len(m.Categories[i]) > 0 {
				f.Kind, f.Categories, f.codesToo = kindText, m.Categories[i], true
			}
		}
		l.Features[i] = f
	}
	return l
}

// wellKnown are names of model files, the likeliest first: where an artifact holds several models, they are the same one.
var wellKnown = []string{modelFile, "model.json", "model.ubj", "model.bin", "model.txt", "model.bst", "model.xgb", "model.pkl", "model.model"}

// findModel returns the content of the file that is the model.
func findModel(files fs.FS) ([]byte, error) {
	names, err := regularFiles(files)
	if err != nil {
		return nil, err
	}
	if len(names) == 1 {
		return fs.ReadFile(files, names[0])
	}
	var models, seen []string
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		form := modelfile.FormOf(data)
		if name == modelFile || form.Model(data) {
			models = append(models, name)
		}
		seen = append(seen, fmt.Sprintf("%s (%s)", name, form))
	}
	slices.SortStableFunc(models, func(a, b string) int { return rank(a) - rank(b) })
	switch {
	case len(models) == 0 && len(seen) == 0:
		return nil, &algorithms.DataError{Reason: "the artifact is empty"}
	case len(models) == 0:
		return nil, &algorithms.DataError{Reason: "the artifact holds no model of XGBoost or LightGBM: " + list(seen)}
	case len(models) > 1 && rank(models[0]) == rank(models[1]):
		return nil, &algorithms.DataError{Reason: "the artifact holds several models, none of them named " + modelFile + ": " + list(models)}
	}
	return fs.ReadFile(files, models[0])
}

// rank orders names by how surely they mean the model.
func rank(name string) int {
	if i := slices.Index(wellKnown, path.Base(name)); i >= 0 {
		return 2*i + min(1, strings.Count(name, "/"))
	}
	return 2 * len(wellKnown)
}

// maxFiles bounds how many files of an artifact are looked at.
const maxFiles = 10000

func regularFiles(files fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name == ownFolder:
			return fs.SkipDir
		case e.Type().IsRegular() && path.Base(name) != oldLayoutFile:
			names = append(names, name)
		}
		if len(names) > maxFiles {
			return &algorithms.DataError{Reason: fmt.Sprintf("the artifact holds more than %d files", maxFiles)}
		}
		return nil
	})
	return names, err
}
