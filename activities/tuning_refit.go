package activities

import "github.com/batchmill/batchmill/tuning"

// The model of a Bayesian search is fitted while training jobs run, not when one has ended: a fit to hundreds of trials takes
// longer than everything else between a training job's end and the next one's start. What a refit finds is adopted a fixed
// number of steps later, whether it was ready long before or is waited for, so that the same reports in the same order always
// give the same trials.

// refitSteps is how many steps a refit may take at most. With fewer training jobs at once it is as many as those: results
// then come more slowly.
const refitSteps = 4

// refit is a refit that runs.
type refit struct {
	*tuning.Refit
	done chan struct{}
}

func startRefit(r *tuning.Refit) *refit {
	started := &refit{r, make(chan struct{})}
	go func() {
		defer close(started.done)
		r.Run()
	}()
	return started
}

// refit starts the refits that are due after a step, unless nothing will start any more.
func (s *search) refit() {
	if s.Done != "" {
		return
	}
	s.spread()
	for i, one := range s.Searches {
		if s.AdoptAt[i] != 0 {
			continue
		}
		if r := one.Refit(); r != nil {
			s.AdoptAt[i] = s.Seq + min(s.job.HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs, refitSteps)
			s.refits[i] = startRefit(r)
		}
	}
}

// adopt takes over what the refits have found whose step has come.
func (s *search) adopt(seq int) {
	s.spread()
	for i, at := range s.AdoptAt {
		if at == 0 || seq < at {
			continue
		}
		if running := s.refits[i]; running != nil {
			<-running.done
			s.Searches[i].Adopt(running.Refit)
		} else if r := s.Searches[i].Refit(); r != nil { // the search was read from the store meanwhile
			s.Searches[i].Adopt(r)
		}
		s.AdoptAt[i], s.refits[i] = 0, nil
	}
}

// spread makes room for a refit of each definition's search.
func (s *search) spread() {
	if s.AdoptAt == nil {
		s.AdoptAt = make([]int, len(s.Searches))
	}
	if s.refits == nil {
		s.refits = make([]*refit, len(s.Searches))
	}
}
