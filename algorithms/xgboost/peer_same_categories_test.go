package xgboost

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

// adultCategories are the features of the adult table that are texts.
var adultCategories = []int{1, 3, 5, 6, 7, 8, 9, 13}

// TestPeerSameCategories trains beside the Python package on features that are categories and nothing else, so that every split is one of a
// set: of two and of many categories, with texts missing and without, as TestPeerSameBins does for numbers.
func TestPeerSameCategories(t *testing.T) {
	t.Parallel()
	texts := loadReference(t, "adult_categorical").test.columns(adultCategories...)
	texts[0] = texts[:1].coded()[0] // the classes by number
	sexes := texts.columns(6)       // two categories: one against the rest
	short := texts.columns(0, 1, 2).renamed(2, func(s string) string { return s[:1] }).renamed(3, func(s string) string {
		return map[byte]string{'M': "married", 'N': "single", 'D': "parted"}[s[0]] // and the others, whose text is missing
	})
	for _, test := range []struct {
		name string
		rows rows
	}{
		{"many categories", texts},
		{"missing texts", texts.blanked("?")},
		{"two categories", sexes},
		{"two categories, missing texts", sexes.every(5, "")},
		{"few categories, missing texts", short.every(7, "")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, policy := range []map[string]string{{"max_depth": "5"}, {"grow_policy": "lossguide", "max_leaves": "23", "max_depth": "0"}} {
				params := map[string]any{"objective": "binary:logistic", "base_score": "0.5", "eta": "0.3"}
				hp := map[string]string{"objective": "binary:logistic", "eta": "0.3", "num_round": strconv.Itoa(sameRounds)}
				for k, v := range policy {
					params[k], hp[k] = v, v
				}
				coded, categorical := test.rows.codedButBlank(), []int{}
				for f := range test.rows[1:] {
					categorical = append(categorical, f)
				}
				theirs := makeModel(t, "xgboost", map[string]any{"params": params, "rounds": sameRounds, "categorical": categorical}, coded, ".json")
				var want []float32
				for _, row := range theirs.predictions {
					want = append(want, float32(row[0]))
				}
				channel := channelOfBytes(t, "text/csv; header=present", "adult.csv", []byte(test.rows.csv()))
				got := scoreChannel(t, load(t, train(t, hp, map[string]*algorithms.Data{"train": channel}).Files), channel)
				require.Greater(t, slices.Max(want), 1.2*slices.Min(want))
				requireAlike(t, want, got, test.name)
			}
		})
	}
}

// columns keeps the label and some features, by position.
func (r rows) columns(features ...int) rows {
	out := rows{r[0]}
	for _, f := range features {
		out = append(out, r[f+1])
	}
	return out
}

// blanked leaves out a text wherever it stands.
func (r rows) blanked(text string) rows {
	for f := 1; f < len(r); f++ {
		r = r.renamed(f, func(s string) string { return strings.TrimPrefix(s, text) })
	}
	return r
}

// every replaces each n-th text of each feature.
func (r rows) every(n int, text string) rows {
	for f := 1; f < len(r); f++ {
		i := f
		r = r.renamed(f, func(s string) string {
			if i++; i%n == 0 {
				return text
			}
			return s
		})
	}
	return r
}

// codedButBlank is coded with what is blank missing, and no category.
func (r rows) codedButBlank() rows {
	out := r.coded()
	for f := 1; f < len(r); f++ {
		if !slices.Contains(r[f].texts, "") {
			continue
		}
		for i, s := range r[f].texts {
			out[f].numbers[i]-- // the blank sorts first
			if s == "" {
				out[f].numbers[i] = float32(math.NaN())
			}
		}
	}
	return out
}

// csv writes a table whose features are texts, with a header.
func (r rows) csv() string {
	var b strings.Builder
	for i, c := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(c.name)
	}
	for i := range r[0].numbers {
		b.WriteString("\n" + strconv.Itoa(int(r[0].numbers[i])))
		for _, c := range r[1:] {
			b.WriteString("," + c.texts[i])
		}
	}
	return b.String() + "\n"
}
