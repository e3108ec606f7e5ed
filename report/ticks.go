package report

import (
	"math"
	"strconv"
)

// tick is a label at a place in [0, 1].
type tick struct {
	at   float64
	text string
}

// linearTicks are at most n+1 round numbers within [low, high].
func linearTicks(low, high float64, n int) []tick {
	if high <= low {
		return []tick{{0.5, tickText(low)}}
	}
	step := niceStep((high - low) / float64(n))
	var all []tick
	for k := math.Ceil(low/step - 1e-9); k*step <= high+step*1e-9; k++ {
		all = append(all, tick{(k*step - low) / (high - low), tickText(k * step)})
	}
	return all
}

// niceStep rounds up to 1, 2 or 5 times a power of ten.
func niceStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if raw <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logTicks are powers of ten, and where there are fewer than three of them 2 and 5 times these too.
func logTicks(low, high float64) []tick {
	var all []tick
	for _, factors := range [][]float64{{1}, {1, 2, 5}, {1, 2, 3, 5, 7}} {
		all = nil
		for e := math.Floor(math.Log10(low)); e <= math.Log10(high)+1e-9; e++ {
			for _, f := range factors {
				if v := f * math.Pow(10, e); v >= low*(1-1e-9) && v <= high*(1+1e-9) {
					all = append(all, tick{math.Log(v/low) / math.Log(high/low), tickText(v)})
				}
			}
		}
		if len(all) >= 3 {
			break
		}
	}
	return all
}

// tickText writes a round number: 0.1, not 0.1000000001.
func tickText(v float64) string {
	if math.Abs(v) < 1e-12 {
		return "0"
	}
	if a := math.Abs(v); a >= 1e4 && a < 1e7 {
		return grouped(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// grouped writes 200,000.
func grouped(v int64) string {
	digits := strconv.FormatInt(v, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
