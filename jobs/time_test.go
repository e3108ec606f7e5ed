package jobs

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Unix(1754000000, 123_999_999), "1754000000.123"}, // the contract's example
		{time.Unix(1754000000, 0), "1754000000.000"},
		{time.Unix(1754000000, 5_000_000), "1754000000.005"},
		{time.Unix(0, 0), "0.000"},
		{time.Unix(-1, 500_000_000), "-0.500"},
		{time.Time{}, "null"},
	} {
		text, err := json.Marshal(At(c.at))
		require.NoError(t, err)
		assert.Equal(t, c.want, string(text))
		var back Time
		require.NoError(t, json.Unmarshal(text, &back))
		assert.True(t, c.at.Truncate(time.Millisecond).Equal(back.Time), "%s: %s", text, back)
	}
}

// What clients may send (contract 1.1, 1.2), and what must not pass for a time.
func TestTimeFromClients(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1754000000", "1754000000.0", "1.754E9"} {
		var at Time
		require.NoError(t, json.Unmarshal([]byte(text), &at), text)
		assert.Equal(t, "2025-07-31T22:13:20Z", at.Format(time.RFC3339), text)
	}
	for _, text := range []string{`"1754000000"`, `"2025-07-31T22:13:20Z"`, "1754000000123", "true", "{}"} {
		var at Time
		assert.Error(t, json.Unmarshal([]byte(text), &at), text)
	}
}
