package algorithms

import (
	"slices"
	"strings"
)

// CheckChannels compares the channels of a request with those the algorithm declares. The error is a *DataError that holds
// every fault.
func CheckChannels(a Algorithm, channels map[string]*Data) error {
	var faults, known []string
	for _, spec := range a.Channels() {
		known = append(known, spec.Name)
		if channels[spec.Name] == nil && spec.Required {
			faults = append(faults, "Missing required channel: "+spec.Name)
		}
	}
	var extra []string
	for name := range channels {
		if !slices.Contains(known, name) {
			extra = append(extra, "Extraneous channel found: "+name)
		}
	}
	slices.Sort(extra)
	if faults = append(faults, extra...); len(faults) > 0 {
		return &DataError{Reason: strings.Join(faults, "; ")}
	}
	return nil
}
