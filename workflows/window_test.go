package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
)

// TestWindowOrder: ranges go out in the order that the plan says, what is handed back first, and the counts are right all along.
func TestWindowOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		order []int
		want  []Rest
	}{
		{nil, []Rest{{0, 2}, {1, 2}, {2, 4}, {4, 5}}},
		{[]int{1, 0, 2}, []Rest{{2, 4}, {1, 2}, {0, 2}, {4, 5}}},
	} {
		w := &window{planned: protocol.Planned{Shards: 5, PerTask: 2, Order: c.order}}
		got := []Rest{w.take()}
		w.left = []Rest{{1, 2}}
		require.Equal(t, 1, w.counts().Done)
		for w.more() {
			got = append(got, w.take())
		}
		require.Equal(t, c.want, got)
		require.Equal(t, 5, w.counts().Done)
	}
}
