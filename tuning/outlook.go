package tuning

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	noiseShare   = 0.03 // of the variance of progress is what courses say nothing about
	priorCourses = 2    // is what the variance over all courses counts for beside that of each one alike
	leastSpread  = 0.3  // of the logarithmic progress, overall
	ignorance    = 1    // is the deviation of it for a trial unlike all others, however alike those are among themselves
	stillShare   = 1e-4 // of what a curve moves over all its epochs is no movement
	mostCourses  = 64   // the most alike are gone by, so that a forecast takes a fraction of a millisecond
)

// outlook forecasts how much better a trial still becomes, from the courses that finished ones had taken by the same epoch. It
// is a Gaussian process (Rasmussen and Williams, 2006, chapter 2) with a fixed kernel: courses are alike as far as the
// logarithms are of how much they slow down, of how far they are from the best, and of how much they move. All three
// are without units, as is the progress: a goal in cents is judged like one in euros.
//
// Its errors where it forecasts one finished trial from the others (ibid., 5.4.2) tell how sure it is, each by how much alike
// that trial is.
type outlook struct {
	best     float64 // the loss to come below
	value    float64 // the trial's loss now
	unit     float64 // of progress
	mean     float64 // of the logarithmic progress expected
	spread   float64 // the deviation of that
	freedoms float64 // how many degrees of freedom the deviation has
}

// example is a finished trial to learn from.
type example struct {
	traits
	progress float64 // logarithmic
	apart    float64 // from the trial to forecast
}

// newOutlook forecasts from two courses at least. What moves less than still stands still.
func newOutlook(now course, finished []course, best, still float64) (outlook, bool) {
	still += math.SmallestNonzeroFloat32
	here := now.traits(best, still)
	var examples []example
	for _, c := range finished {
		t := c.traits(best, still)
		examples = append(examples, example{traits: t, progress: math.Asinh(c.rest / (c.moved + still)), apart: t.apart(here)})
	}
	slices.SortStableFunc(examples, func(a, b example) int { return cmp.Compare(a.apart, b.apart) })
	o := outlook{best: best, value: now.value, unit: now.moved + still}
	return o, o.learn(here, examples[:min(len(examples), mostCourses)])
}

// learn works out mean and deviation; false if numbers are too far apart for that.
func (o *outlook) learn(here traits, examples []example) bool {
	n := len(examples)
	alike, likeNow, progress := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	for i, e := range examples {
		o.mean += e.progress / float64(n)
		likeNow.SetVec(i, e.like(here))
		alike.SetSym(i, i, 1+noiseShare)
		for j := range i {
			alike.SetSym(i, j, e.like(examples[j].traits))
		}
	}
	for i, e := range examples {
		progress.SetVec(i, e.progress-o.mean)
	}
	var root mat.Cholesky
	var inverse mat.SymDense
	if !root.Factorize(alike) || root.InverseTo(&inverse) != nil {
		return false
	}
	var weights, byNow mat.VecDense
	weights.MulVec(&inverse, progress)
	byNow.MulVec(&inverse, likeNow)
	o.mean += mat.Dot(likeNow, &weights)
	o.freedoms = float64(n - 1)
	variance := max(leastSpread*leastSpread, mat.Dot(progress, &weights)/o.freedoms)
	variance = nearby(variance, likeNow, &weights, &inverse)
	unlike := 1 - mat.Dot(likeNow, &byNow)
	o.spread = math.Hypot(math.Sqrt(variance*(unlike+noiseShare)), ignorance*unlike)
	return finite(o.mean) && finite(o.spread)
}

// nearby is the variance as it is among trials like this one: of the errors that each is forecast with from the others, each counted
// by its likeness, and the variance overall as much as priorCourses.
func nearby(overall float64, likeNow, weights *mat.VecDense, inverse *mat.SymDense) float64 {
	sum, count := priorCourses*overall, float64(priorCourses)
	for i := range likeNow.Len() {
		w := weights.AtVec(i)
		sum += likeNow.AtVec(i) * w * w / inverse.At(i, i)
		count += likeNow.AtVec(i)
	}
	return sum / count
}

// expected is the loss that the trial most likely ends with.
func (o outlook) expected() float64 { return o.after(o.mean) }

// atBest is the loss that the trial comes below with a probability of no more than chance, by Student's distribution.
func (o outlook) atBest(chance float64) float64 {
	t := distuv.StudentsT{Sigma: 1, Nu: o.freedoms}
	return o.after(o.mean + t.Quantile(1-chance)*o.spread)
}

// after is the loss after so much logarithmic progress.
func (o outlook) after(progress float64) float64 {
	return o.value - max(0, math.Sinh(progress))*o.unit
}

// traits are what courses are compared by.
type traits [3]float64

func (c course) traits(best, still float64) traits {
	moved, before := c.moved+still, c.before+still
	return traits{math.Log(moved / before), math.Asinh((c.value - best) / moved), math.Log(moved)}
}

// apart is the square of the distance between them.
func (t traits) apart(u traits) float64 {
	sum := 0.0
	for i := range t {
		sum += (t[i] - u[i]) * (t[i] - u[i])
	}
	return sum
}

// like is 1 for the same traits and e^-1/2 for such as a factor of e is between.
func (t traits) like(u traits) float64 { return math.Exp(-t.apart(u) / 2) }
