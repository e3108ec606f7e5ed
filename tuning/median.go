package tuning

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

const (
	medianTrials = 5  // earlier trials it takes for a median to mean something
	octaveEpochs = 16 // epochs looked at in each doubling, so that 1,000 epochs take 112 numbers and not 1,000
)

// MedianStopper is the median stopping rule of Golovin et al. (2017, Google Vizier, KDD) as SageMaker has it: after an
// epoch, a trial whose objective is worse than the median, over earlier trials, of their running averages up to that epoch
// is hopeless. Its fields are its state and marshal to JSON.
type MedianStopper struct {
	Goal Goal `json:"goal"`
	// MinTrials is how many other trials must have reached an epoch before a trial is stopped there. 0 is 5.
	MinTrials int `json:"minTrials,omitempty"`
	// MinEpochs is how many epochs every trial is given. 0 is 1.
	MinEpochs int `json:"minEpochs,omitempty"`
	// Curves holds what each trial reported, by trial ID.
	Curves map[int]*Curve `json:"curves,omitempty"`
}

// Curve is the running average of one trial's objective after the epochs looked at: each of the first 16, from there on 16
// in every doubling.
type Curve struct {
	Epochs   int       `json:"epochs"`   // reported, at least one for each average
	Sum      float64   `json:"sum"`      // of the values reported
	Averages []float64 `json:"averages"` // the i-th after epochAt(i)
}

// epochAt is the i-th epoch looked at, from 1.
func epochAt(i int) int {
	if i < octaveEpochs {
		return i + 1
	}
	octave, step := (i-octaveEpochs)/octaveEpochs, (i-octaveEpochs)%octaveEpochs
	return octaveEpochs<<octave + (step+1)<<octave
}

// indexOf is the inverse of epochAt; false for an epoch not looked at.
func indexOf(epoch int) (int, bool) {
	if epoch <= octaveEpochs {
		return epoch - 1, epoch > 0
	}
	octave := bits.Len(uint(epoch-1)) - bits.Len(uint(octaveEpochs))
	over := epoch - octaveEpochs<<octave
	return octaveEpochs*(octave+1) + over>>octave - 1, over&(1<<octave-1) == 0
}

// Report notes a trial's value after its next epoch and tells whether to stop it. A value that is no number counts as the
// worst; it does not enter the averages.
func (m *MedianStopper) Report(trial int, value float64) bool {
	if m.Curves == nil {
		m.Curves = map[int]*Curve{}
	}
	c := m.Curves[trial]
	if c == nil {
		c = &Curve{}
		m.Curves[trial] = c
	}
	c.Epochs++
	bad := math.IsNaN(value) || math.IsInf(value, 0)
	if !bad {
		c.Sum += value
	}
	i, ok := indexOf(c.Epochs)
	if !ok {
		return false
	}
	c.Averages = append(c.Averages, c.Sum/float64(c.Epochs))
	if c.Epochs < m.MinEpochs {
		return false
	}
	others := m.averages(i, trial)
	if len(others) < cmp.Or(m.MinTrials, medianTrials) {
		return false
	}
	return bad || m.Goal.Better(median(others), value)
}

// averages are those of all other trials after the i-th epoch looked at.
func (m *MedianStopper) averages(i, except int) []float64 {
	var out []float64
	for id, c := range m.Curves {
		if id != except && len(c.Averages) > i {
			out = append(out, c.Averages[i])
		}
	}
	return out
}

// median of the values, which it sorts.
func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
