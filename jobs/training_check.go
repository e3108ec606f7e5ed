package jobs

import (
	"encoding/json"
	"fmt"
)

func (j *TrainingJob) crossCheck(r *report) {
	if j.ServerlessJobConfig == nil {
		j.AlgorithmSpecification.crossCheck(r)
	}
	checkChannels(r, j.InputDataConfig, j.AlgorithmSpecification.TrainingInputMode, j.ResourceConfig.InstanceGroups)
	j.ResourceConfig.crossCheck(r)
	j.checkSpot(r)
	checkSettings(r, TrainingKind, j.Environment)
}

func (a AlgorithmSpecification) crossCheck(r *report) {
	switch {
	case a.TrainingImage == "" && a.AlgorithmName == "" && a.TrainingInputMode == "" && len(a.MetricDefinitions) == 0:
		if !r.has("algorithmSpecification") {
			r.add("algorithmSpecification", nil, "Member must not be null")
		}
	case (a.TrainingImage == "") == (a.AlgorithmName == ""):
		if !r.has("algorithmSpecification.trainingImage") && !r.has("algorithmSpecification.algorithmName") {
			r.add("algorithmSpecification", showValue(a), "Member must have exactly one of TrainingImage and AlgorithmName")
		}
	}
}

// checkChannels checks what the service checks between the members of channels. mode is the job's input mode, which a
// channel may override.
func checkChannels(r *report, channels []Channel, mode string, groups []InstanceGroup) {
	seen := map[string]bool{}
	for i, ch := range channels {
		path := fmt.Sprintf("inputDataConfig.%d.member", i+1)
		if seen[ch.ChannelName] && ch.ChannelName != "" {
			r.add(path+".channelName", ch.ChannelName, "Member must be unique")
		}
		seen[ch.ChannelName] = true
		if ch.InputMode != "" {
			mode := ch.InputMode
			ch.checkSource(r, path+".dataSource", mode, groups)
			continue
		}
		ch.checkSource(r, path+".dataSource", mode, groups)
	}
}

func (ch Channel) checkSource(r *report, path, mode string, groups []InstanceGroup) {
	s3 := ch.DataSource.S3DataSource
	set := 0
	for _, given := range []bool{s3 != nil, ch.DataSource.FileSystemDataSource != nil, ch.DataSource.DatasetSource != nil} {
		if given {
			set++
		}
	}
	if set != 1 && !r.has(path) {
		r.add(path, showValue(ch.DataSource),
			"Member must have exactly one of S3DataSource, FileSystemDataSource and DatasetSource")
	}
	if ch.DataSource.FileSystemDataSource != nil && mode == "Pipe" {
		r.add(path+".fileSystemDataSource", showValue(ch.DataSource.FileSystemDataSource), "Member must be absent in input mode Pipe")
	}
	if s3 != nil {
		s3.crossCheck(r, path+".s3DataSource", mode, groups)
	}
}

func (s *S3DataSource) crossCheck(r *report, path, mode string, groups []InstanceGroup) {
	augmented := s.S3DataType == "AugmentedManifestFile"
	if augmented && mode != "Pipe" && mode != "" {
		r.add(path+".s3DataType", s.S3DataType, "Member must be used with input mode Pipe, not %s", mode)
	}
	if mode == "FastFile" && s.S3DataType != "S3Prefix" && s.S3DataType != "" && !augmented {
		r.add(path+".s3DataType", s.S3DataType, "Member must be S3Prefix in input mode FastFile")
	}
	if len(s.AttributeNames) > 0 && !augmented {
		r.add(path+".attributeNames", showValue(s.AttributeNames), "Member must be absent unless S3DataType is AugmentedManifestFile")
	}
	for i, name := range s.InstanceGroupNames {
		if !hasGroup(groups, name) {
			r.add(fmt.Sprintf("%s.instanceGroupNames.%d.member", path, i+1), name, "Member must name one of the instance groups")
		}
	}
}

func hasGroup(groups []InstanceGroup, name string) bool {
	for _, g := range groups {
		if g.InstanceGroupName == name {
			return true
		}
	}
	return false
}

func (c ResourceConfig) crossCheck(r *report) {
	if len(c.InstanceGroups) == 0 {
		return
	}
	if c.InstanceType != "" {
		r.add("resourceConfig.instanceType", c.InstanceType, "Member must be absent when InstanceGroups are given")
	}
	if c.InstanceCount != 0 {
		r.add("resourceConfig.instanceCount", c.InstanceCount, "Member must be 0 or absent when InstanceGroups are given")
	}
}

// checkSpot checks the waiting time, which managed spot training needs and nothing else has.
func (j *TrainingJob) checkSpot(r *report) {
	const path = "stoppingCondition.maxWaitTimeInSeconds"
	if r.has(path) {
		return
	}
	wait, run := j.StoppingCondition.MaxWaitTimeInSeconds, j.StoppingCondition.MaxRuntimeInSeconds
	if run == 0 {
		run = DefaultMaxRuntimeInSeconds
	}
	spot := j.EnableManagedSpotTraining != nil && *j.EnableManagedSpotTraining
	switch {
	case spot && wait == 0:
		r.add(path, nil, "Member must not be null when EnableManagedSpotTraining is true")
	case spot && wait < run:
		r.add(path, wait, "Member must have value greater than or equal to MaxRuntimeInSeconds, which is %d", run)
	case !spot && wait != 0:
		r.add(path, wait, "Member must be absent unless EnableManagedSpotTraining is true")
	}
}

// showValue is a part of a document as messages repeat it.
func showValue(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return cut(string(text))
}
