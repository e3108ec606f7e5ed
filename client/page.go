package client

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
)

// ErrNextToken says that a NextToken was not given by PageOf for a list like this one.
var ErrNextToken = errors.New("client: the token is none that a list has given")

// PageOf is the page of a list that begins where a token says, at the start if it is empty, with at most so many elements, and
// the token of the next page, empty after the last.
func PageOf[T any](all []T, most int, token string) (page []T, next string, err error) {
	from := 0
	if token != "" {
		if from, err = pageStart(token); err != nil {
			return nil, "", err
		}
	}
	from = min(from, len(all)) // the list may have become shorter
	to := min(from+max(most, 1), len(all))
	if to < len(all) {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return all[from:to], next, nil
}

func pageStart(token string) (int, error) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNextToken, err)
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return 0, ErrNextToken
	}
	return n, nil
}
