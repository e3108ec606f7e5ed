package tuning

import (
	"math"
	"math/bits"
	"slices"
)

// octaveEpochs is how many epochs are looked at in each doubling, so that 1,000 epochs take 191 numbers and not 1,000.
const octaveEpochs = 32

// Curve is one trial's objective after the epochs looked at: each of the first 32, from there on 32 in every doubling.
type Curve struct {
	Epochs   int       `json:"epochs"`             // reported
	Total    int       `json:"total"`              // epochs planned
	Values   []float64 `json:"values"`             // the i-th after epochAt(i)
	Last     float64   `json:"last"`               // after the last epoch
	Finished bool      `json:"finished,omitempty"` // the trial ended by itself: Last is what it came to
	Stopped  bool      `json:"stopped,omitempty"`  // the trial was told to stop
	Broken   bool      `json:"broken,omitempty"`   // it reported what is no number
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

// add notes the value after the next epoch; it tells whether that is one looked at.
func (c *Curve) add(total int, value float64) bool {
	c.Epochs++
	c.Total = total
	if !finite(value) {
		c.Broken, c.Values = true, nil
		return true
	}
	c.Last = value
	_, looked := indexOf(c.Epochs)
	if looked && !c.Broken {
		c.Values = append(c.Values, value)
	}
	return looked && !c.Broken
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// course is what a curve had done by an epoch, as losses: the less the better.
type course struct {
	value  float64 // then
	moved  float64 // how far apart the values of the last half of the epochs until then lie
	before float64 // the same of the quarter before that half
	rest   float64 // how much better it was in the end; 0 where it was no better
}

// course is that of the curve up to an epoch; false where the epoch is none looked at, or not reached.
func (c *Curve) course(goal Goal, epoch int) (course, bool) {
	if i, ok := indexOf(epoch); !ok || epoch < firstJudged || c.Broken || i >= len(c.Values) {
		return course{}, false
	}
	k := course{value: goal.sign() * c.after(epoch), moved: c.moved(epoch/2, epoch), before: c.moved(epoch/4, epoch/2)}
	k.rest = max(0, k.value-goal.sign()*c.Last)
	return k, true
}

// after is the value after an epoch looked at that was reached.
func (c *Curve) after(epoch int) float64 {
	i, _ := indexOf(epoch)
	return c.Values[i]
}

// moved is how far apart the values from one epoch to another lie, both looked at: the half and the quarter of an epoch
// looked at, without fractions, are looked at too.
func (c *Curve) moved(from, to int) float64 {
	i, _ := indexOf(from)
	j, _ := indexOf(to)
	return extent(c.Values[i : j+1])
}

// extent is how far apart the values lie.
func extent(values []float64) float64 { return slices.Max(values) - slices.Min(values) }
