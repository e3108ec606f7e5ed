package jobs

import (
	"maps"
	"slices"
)

// sortedKeys lists a map's keys in order, so that messages and workflow code do not depend on the map's.
//
//workflowcheck:ignore
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
