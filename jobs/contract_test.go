package jobs

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
)

// The contract's section 14.1 is generated from the service's own model. These tests hold our structs and their check tags
// against its text.

// deviations are the members whose rule differs from the model's on purpose.
var deviations = map[string]string{
	"DataProcessing.InputFilter":           "len=..4096", // a handful of column names is longer than 63 characters
	"DataProcessing.OutputFilter":          "len=..4096",
	"TrainingJob.RoleArn":                  "len=20..2048 pat=ROLE", // jobs run here without roles
	"TransformJob.TransformResources":      "",                      // has a default
	"TransformJob.ModelName":               "required len=..63 pat=NAMEDASH or=S3URI",
	"ContainerDefinition.ModelPackageName": "len=1..176 pat=ARN-or-NAME63", // section 6.1: name or ARN

	"HyperParameterTuningJobConfig.Strategy":                "required enum=Bayesian|Random|Hyperband|Grid|Sobol", // Sobol is ours
	"HyperParameterTrainingJobDefinition.RoleArn":           "len=20..2048 pat=ROLE",                              // jobs run here without roles
	"HyperParameterTrainingJobDefinition.StoppingCondition": "",                                                   // has a default
}

// requestShapes are the structs whose members and rules are the contract's.
var requestShapes = []any{
	AlgorithmSpecification{}, MetricDefinition{}, TrainingImageConfig{}, TrainingRepositoryAuthConfig{}, Channel{},
	DataSource{}, S3DataSource{}, ModelAccessConfig{}, HubAccessConfig{}, FileSystemDataSource{}, DatasetSource{},
	ShuffleConfig{}, OutputDataConfig{}, ResourceConfig{}, InstanceGroup{}, InstancePlacementConfig{},
	PlacementSpecification{}, VpcConfig{}, StoppingCondition{}, Tag{}, CheckpointConfig{}, DebugHookConfig{},
	CollectionConfiguration{}, DebugRuleConfiguration{}, TensorBoardOutputConfig{}, ExperimentConfig{}, ProfilerConfig{},
	ProfilerRuleConfiguration{}, RetryStrategy{}, RemoteDebugConfig{}, InfraCheckConfig{}, SessionChainingConfig{},
	ServerlessJobConfig{}, MlflowConfig{}, ModelPackageConfig{}, ModelClientConfig{}, TransformInput{},
	TransformDataSource{}, TransformS3DataSource{}, TransformOutput{}, BatchDataCaptureConfig{}, TransformResources{},
	DataProcessing{}, ContainerDefinition{}, ImageConfig{}, RepositoryAuthConfig{}, ModelDataSource{}, S3ModelDataSource{},
	InferenceHubAccessConfig{}, AdditionalModelDataSource{}, MultiModelConfig{}, InferenceExecutionConfig{},
	HyperParameterTuningJobConfig{}, HyperParameterTuningJobStrategyConfig{}, HyperbandStrategyConfig{},
	HyperParameterTuningJobObjective{}, ResourceLimits{}, ParameterRanges{}, IntegerParameterRange{},
	ContinuousParameterRange{}, CategoricalParameterRange{}, AutoParameter{}, TuningJobCompletionCriteria{},
	BestObjectiveNotImproving{}, ConvergenceDetected{}, HyperParameterTrainingJobDefinition{},
	HyperParameterAlgorithmSpecification{}, HyperParameterTuningResourceConfig{}, HyperParameterTuningInstanceConfig{},
	HyperParameterTuningJobWarmStartConfig{}, ParentHyperParameterTuningJob{}, Autotune{},
}

// responseShapes are the structs whose members are the contract's; nothing checks what we say ourselves.
var responseShapes = []any{
	SecondaryStatusTransition{}, ModelArtifacts{}, WarmPoolStatus{}, MetricData{}, DebugRuleEvaluationStatus{},
	MlflowDetails{}, TrainingProgressInfo{}, TrainingJobSummary{}, TransformJobSummary{}, ModelSummary{},
	DeploymentRecommendation{}, RealTimeInferenceRecommendation{},
	TrainingJobStatusCounters{}, ObjectiveStatusCounters{}, HyperParameterTrainingJobSummary{},
	FinalHyperParameterTuningJobObjectiveMetric{}, HyperParameterTuningJobCompletionDetails{},
	HyperParameterTuningJobConsumedResources{}, HyperParameterTuningJobSummary{},
}

func TestRequestShapesAreTheContracts(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	shapes := contractShapes(text)
	for name, v := range map[string]any{"TrainingJob": TrainingJob{}, "TransformJob": TransformJob{}, "Model": Model{}, "HyperParameterTuningJob": HyperParameterTuningJob{}} {
		compareRules(t, reflect.TypeOf(v), operationMembers(t, text, "Create"+name, "in"))
	}
	for _, v := range requestShapes {
		typ := reflect.TypeOf(v)
		require.Contains(t, shapes, typ.Name())
		compareRules(t, typ, contractMembers(shapes[typ.Name()]))
	}
}

func TestResponseShapesAreTheContracts(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	shapes := contractShapes(text)
	for _, v := range responseShapes {
		typ := reflect.TypeOf(v)
		require.Contains(t, shapes, typ.Name())
		assert.Equal(t, names(contractMembers(shapes[typ.Name()])), fieldNames(typ), typ.Name())
	}
	ours := map[string][]string{ // members that the contract does not have
		"TrainingJob":             {"Progress"},
		"TransformJob":            {"LastModifiedTime", "Manifest", "Progress"},
		"HyperParameterTuningJob": {"Progress"},
	}
	for name, v := range map[string]any{
		"TrainingJob": TrainingJobDescription{}, "TransformJob": TransformJobDescription{}, "Model": ModelDescription{},
		"HyperParameterTuningJob": HyperParameterTuningJobDescription{},
	} {
		got := fieldNames(reflect.TypeOf(v))[1:] // the first is the embedded request
		got = slices.DeleteFunc(got, func(s string) bool { return slices.Contains(ours[name], s) })
		assert.ElementsMatch(t, names(operationMembers(t, text, "Describe"+name, "out")), got, name)
	}
}

// TestPatternsAreTheContracts holds the named patterns against section 0's table.
func TestPatternsAreTheContracts(t *testing.T) {
	t.Parallel()
	found := 0
	for _, m := range regexp.MustCompile("(?m)^\\| ([A-Z0-9]+) \\| `(.*?)`").FindAllStringSubmatch(contractFile(t), -1) {
		if p, ok := patternTexts[m[1]]; ok {
			found++
			assert.Equal(t, strings.ReplaceAll(m[2], `\|`, "|"), p, m[1])
		}
	}
	assert.Equal(t, 6, found)
}

func contractFile(t *testing.T) string {
	data, err := os.ReadFile(filepath.Join(testdata.Path(t), "..", "contract", "sagemaker.md"))
	if err != nil {
		t.Skipf("contract not here: %v", err)
	}
	return string(data)
}

func contractText(t *testing.T) string {
	_, text, ok := strings.Cut(contractFile(t), "### 14.1")
	require.True(t, ok)
	text, _, _ = strings.Cut(text, "### 14.2")
	return text
}

// contractMember is one member as the contract writes it: Name* type.
type contractMember struct{ name, typ string }

var (
	shapeLine     = regexp.MustCompile("(?ms)^- `(\\w+)` \\{(.*?)\\}$\\n")
	operationLine = regexp.MustCompile(`(?ms)^- \*\*(\w+)\*\*.*?^  in: (.*?)^  out: (.*?)^(?:- |\n|  note)`)
	memberText    = regexp.MustCompile(`^(\w+)(\*?) (.*)$`)
	mapText       = regexp.MustCompile(`^map<(.*)>\(([^)]*)\)$`)
	listText      = regexp.MustCompile(`^\[(.*)\](?:\(([^)]*)\))?$`)
	strText       = regexp.MustCompile(`^str(?:\(([^)]*)\))?\s*(.*)$`)
	intText       = regexp.MustCompile(`^(?:int|long)(?:\(([^)]*)\))?$`)
	enumText      = regexp.MustCompile(`^enum\{(.*)\}$`)
)

func contractShapes(text string) map[string]string {
	shapes := map[string]string{}
	for _, m := range shapeLine.FindAllStringSubmatch(text, -1) {
		shapes[m[1]] = m[2]
	}
	return shapes
}

// operationMembers lists what an operation takes or what it returns beyond its Create's members.
func operationMembers(t *testing.T, text, operation, direction string) []contractMember {
	rest := text
	for {
		loc := operationLine.FindStringSubmatchIndex(rest)
		require.NotNil(t, loc, operation)
		if rest[loc[2]:loc[3]] != operation {
			rest = rest[loc[3]:]
			rest = rest[strings.Index(rest, "\n- **")+1:]
			continue
		}
		if direction == "in" {
			return contractMembers(rest[loc[4]:loc[5]])
		}
		_, out, _ := strings.Cut(rest[loc[6]:loc[7]], "plus ")
		return contractMembers(out)
	}
}

// contractMembers splits "A* str; B map<str,str>" at the semicolons outside brackets.
func contractMembers(text string) []contractMember {
	text = strings.Join(strings.Fields(text), " ")
	var list []contractMember
	depth, start := 0, 0
	for i, r := range text + ";" {
		switch {
		case strings.ContainsRune("([{<", r):
			depth++
		case strings.ContainsRune(")]}>", r):
			depth--
		case r == ';' && depth == 0:
			if m := memberText.FindStringSubmatch(strings.TrimSpace(text[start:i])); m != nil {
				list = append(list, contractMember{m[1], m[2] + m[3]})
			}
			start = i + 1
		}
	}
	return list
}

func compareRules(t *testing.T, typ reflect.Type, members []contractMember) {
	require.NotEmpty(t, members, typ.Name())
	assert.Equal(t, names(members), fieldNames(typ), typ.Name())
	for _, m := range members {
		f, ok := typ.FieldByName(m.name)
		if !ok {
			continue // reported above
		}
		want, deviates := deviations[typ.Name()+"."+m.name]
		if !deviates {
			want = strings.Join(checkWords(strings.TrimPrefix(m.typ, "*"), strings.HasPrefix(m.typ, "*")), " ")
		}
		assert.Equal(t, want, f.Tag.Get("check"), "%s.%s", typ.Name(), m.name)
		assert.Equal(t, contractKind(strings.TrimPrefix(m.typ, "*")), kindOf(f.Type), "%s.%s", typ.Name(), m.name)
		assert.NotEmpty(t, f.Tag.Get("json"), "%s.%s", typ.Name(), m.name)
	}
}

// checkWords is the check tag that a member's type in the contract asks for.
func checkWords(typ string, required bool) []string {
	words := []string{}
	if required {
		words = append(words, "required")
	}
	if m := mapText.FindStringSubmatch(typ); m != nil {
		words = append(words, "items="+boundsText(m[2]))
		comma := strings.LastIndex(m[1], ",str(")
		words = append(words, prefixed("key.", checkWords(m[1][:comma], false))...)
		return append(words, prefixed("each.", checkWords(m[1][comma+1:], false))...)
	}
	if m := listText.FindStringSubmatch(typ); m != nil {
		if m[2] != "" {
			words = append(words, "items="+boundsText(m[2]))
		}
		return append(words, prefixed("each.", checkWords(m[1], false))...)
	}
	if m := enumText.FindStringSubmatch(typ); m != nil {
		return append(words, "enum="+strings.ReplaceAll(m[1], " ", "|"))
	}
	if m := intText.FindStringSubmatch(typ); m != nil && m[1] != "" {
		return append(words, "range="+boundsText(m[1]))
	}
	if m := strText.FindStringSubmatch(typ); m != nil {
		if m[1] != "" {
			words = append(words, "len="+boundsText(m[1]))
		}
		if m[2] != "" {
			words = append(words, "pat="+patternName(m[2]))
		}
	}
	return words
}

// contractKind is the Go kind that a contract type is decoded into.
func contractKind(typ string) reflect.Kind {
	switch {
	case strings.HasPrefix(typ, "map<"):
		return reflect.Map
	case strings.HasPrefix(typ, "["):
		return reflect.Slice
	case strings.HasPrefix(typ, "`"):
		return reflect.Struct
	case strings.HasPrefix(typ, "long"):
		return reflect.Int64
	case strings.HasPrefix(typ, "int"):
		return reflect.Int
	case typ == "bool":
		return reflect.Bool
	case typ == "float":
		return reflect.Float64
	}
	return reflect.String
}

func kindOf(t reflect.Type) reflect.Kind {
	if t.Kind() == reflect.Pointer {
		return t.Elem().Kind()
	}
	return t.Kind()
}

func boundsText(s string) string {
	if rest, ok := strings.CutPrefix(s, "≤"); ok {
		return ".." + rest
	}
	if rest, ok := strings.CutPrefix(s, "≥"); ok {
		return rest + ".."
	}
	return s
}

// patternName is our name for a pattern that the contract writes out.
func patternName(s string) string {
	text, ok := strings.CutPrefix(s, "/")
	if !ok {
		return s
	}
	text = strings.TrimSuffix(text, "/")
	for name, p := range patterns() {
		if p.text == text {
			return name
		}
	}
	return s
}

func prefixed(prefix string, words []string) []string {
	for i := range words {
		words[i] = prefix + words[i]
	}
	return words
}

func names(members []contractMember) []string {
	var list []string
	for _, m := range members {
		list = append(list, m.name)
	}
	return list
}

func fieldNames(t reflect.Type) []string {
	var list []string
	for i := range t.NumField() {
		list = append(list, t.Field(i).Name)
	}
	return list
}
