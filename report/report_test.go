package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/report"
)

// example is a search of n trials over four hyperparameters. The objective depends on the logarithm of eta most, on the
// depth a little, on the booster together with eta, and not at all on the seed.
func example(n int) report.Tuning {
	t := report.Tuning{}
	t.Description.HyperParameterTuningJobName = "housing-tune"
	t.Description.HyperParameterTuningJobStatus = jobs.TuningJobStatusCompleted
	t.Description.CreationTime = jobs.At(time.Unix(0, 0))
	t.Description.HyperParameterTuningEndTime = jobs.At(time.Unix(90, 0))
	t.Description.HyperParameterTuningJobConfig = jobs.HyperParameterTuningJobConfig{
		Strategy:                         "Bayesian",
		HyperParameterTuningJobObjective: &jobs.HyperParameterTuningJobObjective{Type: jobs.Minimize, MetricName: "validation:rmse"},
		ParameterRanges: &jobs.ParameterRanges{
			IntegerParameterRanges: []jobs.IntegerParameterRange{{Name: "max_depth", MinValue: "2", MaxValue: "10"}},
			ContinuousParameterRanges: []jobs.ContinuousParameterRange{
				{Name: "eta", MinValue: "0.001", MaxValue: "1", ScalingType: "Logarithmic"}, {Name: "colsample", MinValue: "0.5", MaxValue: "1"},
			},
			CategoricalParameterRanges: []jobs.CategoricalParameterRange{{Name: "grow_policy", Values: []string{"depthwise", "lossguide"}}},
		},
	}
	t.Description.TrainingJobDefinition = new(jobs.HyperParameterTrainingJobDefinition)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		eta, depth := math.Pow(10, -3*rng.Float64()), 2+rng.IntN(9)
		policy := []string{"depthwise", "lossguide"}[rng.IntN(2)]
		s := jobs.HyperParameterTrainingJobSummary{
			TrainingJobName:   jobs.ChildName("housing-tune", i+1),
			CreationTime:      jobs.At(time.Unix(int64(i), 0)),
			TrainingStartTime: jobs.At(time.Unix(int64(i), 0)), TrainingEndTime: jobs.At(time.Unix(int64(i)+3, 0)),
			TrainingJobStatus: jobs.TrainingJobStatusCompleted,
			TunedHyperParameters: map[string]string{
				"eta": fmt.Sprint(eta), "max_depth": fmt.Sprint(depth), "colsample": fmt.Sprint(0.5 + rng.Float64()/2), "grow_policy": policy,
			},
		}
		value := math.Pow(math.Log10(eta)+1, 2) + 0.06*math.Pow(float64(depth)-6, 2) + 0.4
		if i%17 == 5 {
			value = math.NaN()
		}
		if i%13 == 4 {
			value *= 40 // far off
		}
		s.SetValue("validation:rmse", value, true)
		t.Trials = append(t.Trials, report.Trial{Summary: s, Rounds: 100, EarlyStopped: i%7 == 3})
	}
	return t
}

// requireWellFormed parses a drawing as XML and returns its numbers' attributes.
func requireWellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if e, ok := tok.(xml.StartElement); ok {
			for _, a := range e.Attr {
				require.NotContains(t, a.Value, "NaN", "%s %s", e.Name.Local, a.Name.Local)
				require.NotContains(t, a.Value, "Inf", "%s %s", e.Name.Local, a.Name.Local)
			}
		}
	}
}

func TestCharts(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 60} {
		charts := report.Charts(example(n))
		require.Len(t, charts, 7, n)
		for _, c := range charts {
			requireWellFormed(t, string(c.SVG()))
		}
	}
	require.Empty(t, report.Charts(example(0)))
	all := example(60)
	dots := strings.Count(string(report.Charts(all)[0].SVG()), "<circle")
	require.Equal(t, 60-4, dots, "a dot for each trial with a value")
}

// TestImportance: eta moves the objective most and is drawn first.
func TestImportance(t *testing.T) {
	t.Parallel()
	svg := string(report.Charts(example(200))[1].SVG())
	order := regexp.MustCompile(`text-anchor="end"[^>]*>([a-z_]+)<`).FindAllStringSubmatch(svg, -1)
	require.Len(t, order, 4)
	require.Equal(t, "eta", order[0][1])
	require.Equal(t, "max_depth", order[1][1])
}

// TestPage: everything is in the page itself, and what users name is not taken for markup.
func TestPage(t *testing.T) {
	t.Parallel()
	search := example(30)
	search.Trials[2].Summary.FailureReason = `<script>alert("x")</script>`
	search.Trials[2].Summary.TunedHyperParameters["eta"] = `<b>`
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, search))
	page := b.String()
	require.NotContains(t, page, `<script>alert`)
	require.NotContains(t, page, "<b><")
	require.Equal(t, strings.Count(page, "http://"), strings.Count(page, "http://www.w3.org/2000/svg"), "only the name of the notation")
	require.NotContains(t, page, "https://")
	require.NotContains(t, page, "src=")
	require.Equal(t, 30, strings.Count(page, "housing-tune-0")-1, "a row for each trial, and the best one on top")
	require.Contains(t, page, "1m30s")
	b.Reset()
	require.NoError(t, report.HTML(&b, example(0)))
	require.Contains(t, b.String(), "No trial has a value of the objective.")
}

// TestPictures: the PNG of a chart shows what its SVG says, on twice the pixels.
func TestPictures(t *testing.T) {
	t.Parallel()
	for _, c := range report.Charts(example(60)) {
		var b bytes.Buffer
		require.NoError(t, c.PNG(&b))
		picture, err := png.Decode(&b)
		require.NoError(t, err)
		svg := string(c.SVG())
		size := regexp.MustCompile(`width="(\d+)" height="(\d+)"`).FindStringSubmatch(svg)
		require.Equal(t, size[1:], []string{fmt.Sprint(picture.Bounds().Dx() / 2), fmt.Sprint(picture.Bounds().Dy() / 2)}, c.Name)
		for _, dot := range regexp.MustCompile(`class="best" cx="([\d.]+)" cy="([\d.]+)"`).FindAllStringSubmatch(svg, -1) {
			var x, y float64
			fmt.Sscan(dot[1], &x)
			fmt.Sscan(dot[2], &y)
			require.Equal(t, color.RGBA{0xd9, 0x48, 0x0f, 0xff}, picture.At(int(2*x), int(2*y)), c.Name)
		}
		require.Positive(t, inkOf(picture), c.Name)
	}
}

// inkOf counts the pixels in the colours of labels.
func inkOf(picture image.Image) int {
	n := 0
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if c := picture.At(x, y); c == (color.RGBA{0x61, 0x6e, 0x7c, 0xff}) || c == (color.RGBA{0x1f, 0x29, 0x33, 0xff}) {
				n++
			}
		}
	}
	return n
}
