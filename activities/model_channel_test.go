package activities

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A training that goes on from another's artifact in the model channel ends with the model that one training of all the
// rounds makes.
func TestTrainingGoesOnFromAModel(t *testing.T) {
	t.Parallel()
	whole := newShop(t, boston(t))
	_, _, err := whole.learn(trainDoc("medv", 12))
	require.NoError(t, err)
	want := whole.read("s3://b/models/")[artifactKey]

	first := newShop(t, boston(t))
	_, _, err = first.learn(trainDoc("medv", 7))
	require.NoError(t, err)

	second := newShop(t, boston(t))
	second.put("s3://b/earlier/model.tar.gz", []byte(first.read("s3://b/models/")[artifactKey]))
	doc := trainDoc("medv", 5)
	channels, _ := doc["InputDataConfig"].([]any)
	doc["InputDataConfig"] = append(channels, object{
		"ChannelName": "model",
		"DataSource":  object{"S3DataSource": object{"S3DataType": "S3Prefix", "S3Uri": "s3://b/earlier/model.tar.gz"}},
	})
	trained, _, err := second.learn(doc)
	require.NoError(t, err)
	require.Equal(t, 12, trained.Rounds)
	require.Equal(t, []byte(want), []byte(second.read("s3://b/models/")[artifactKey]))
}

// What is no model is refused by name.
func TestModelChannelHoldsNoModel(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	s.put("s3://b/earlier/notes.txt", []byte("there is no model here"))
	doc := trainDoc("medv", 5)
	channels, _ := doc["InputDataConfig"].([]any)
	doc["InputDataConfig"] = append(channels, object{
		"ChannelName": "model",
		"DataSource":  object{"S3DataSource": object{"S3DataType": "S3Prefix", "S3Uri": "s3://b/earlier/"}},
	})
	_, _, err := s.learn(doc)
	require.ErrorContains(t, err, "model")
	require.EqualValues(t, "ClientError", classify(err))
}
