package main

import (
	"context"
	"encoding/json"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

// trialsFlags ask for the training jobs of a tuning job.
type trialsFlags struct {
	tuning string
	sort   string // one of jobs.TrialOrders, or empty for the best first
	token  string // where to go on, from an earlier answer's NextToken
}

// listTrials lists a tuning job's training jobs; as JSON in the shape of ListTrainingJobsForHyperParameterTuningJob.
func (a *app) listTrials(ctx context.Context, kindArg string, of trialsFlags, opt client.ListOptions, o outputFlag) error {
	if kind, err := parseKind(kindArg); err != nil || kind != jobs.TrainingKind {
		return usagef("--tuning goes with list train")
	}
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	all, err := listedTrials(ctx, c, of, opt)
	if err != nil {
		return err
	}
	found, next, err := client.PageOf(all, opt.Max, of.token)
	if err != nil {
		return usagef("--next-token: %v", err)
	}
	if o.json {
		answer := map[string]any{"TrainingJobSummaries": found}
		if next != "" {
			answer["NextToken"] = next
		}
		return printJSON(a.out, answer)
	}
	var rows [][]string
	for _, s := range found {
		value := ""
		if v, ok := s.Value(); ok {
			value = number(v)
		}
		d := s.TrainingEndTime.Sub(s.CreationTime.Time)
		rows = append(rows, []string{s.TrainingJobName, string(s.TrainingJobStatus), value, took(d), configuration(s.TunedHyperParameters)})
	}
	printTable(a.out, []string{"NAME", "STATUS", "VALUE", "TOOK", "HYPERPARAMETERS"}, rows)
	if next != "" {
		printf(a.errOut, "there are more: --next-token %s\n", next)
	}
	return nil
}

// listedTrials sorts the training jobs: by default those with a value first, the best at the top.
func listedTrials(ctx context.Context, c *client.Client, of trialsFlags, opt client.ListOptions) ([]jobs.HyperParameterTrainingJobSummary, error) {
	all, err := c.ListTrials(ctx, of.tuning, client.TrialOptions{SortBy: of.sort, Status: opt.Status})
	if err != nil || of.sort != "" {
		return all, err
	}
	description, err := c.Job(jobs.TuningKind, of.tuning).Describe(ctx)
	if err != nil {
		return nil, err
	}
	var v tuningView
	if err := json.Unmarshal(description, &v.d); err != nil {
		return nil, err
	}
	sorted, err := jobs.SortTrials(all, "FinalObjectiveMetricValue", v.objective().Type == jobs.Maximize)
	for _, s := range all {
		if _, ok := s.Value(); !ok {
			sorted = append(sorted, s)
		}
	}
	return sorted, err
}
