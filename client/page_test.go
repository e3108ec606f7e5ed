package client_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/client"
)

func TestPageOf(t *testing.T) {
	t.Parallel()
	all := []int{1, 2, 3, 4, 5, 6, 7}
	for most, pages := range map[int]int{1: 7, 2: 4, 3: 3, 7: 1, 100: 1} {
		var got []int
		token, n := "", 0
		for n == 0 || token != "" {
			page, next, err := client.PageOf(all, most, token)
			require.NoError(t, err)
			got, token = append(got, page...), next
			n++
		}
		require.Equal(t, all, got, most)
		require.Equal(t, pages, n, most)
	}
	_, token, err := client.PageOf(all, 5, "")
	require.NoError(t, err)
	page, next, err := client.PageOf(all[:3], 5, token)
	require.NoError(t, err)
	require.Empty(t, page, "the list has become shorter")
	require.Empty(t, next)
	for _, token := range []string{"?", "5", "LTE", "MA"} { // not base64, no number, -1, 0
		_, _, err := client.PageOf(all, 5, token)
		require.ErrorIs(t, err, client.ErrNextToken, token)
	}
}
