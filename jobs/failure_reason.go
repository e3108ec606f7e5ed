package jobs

import "unicode/utf8"

// maxFailureReason bounds a FailureReason, in characters.
const maxFailureReason = 1024

// internalErrorText is the service's text for what no user can mend (contract 3.4). Ours follows in brackets.
const internalErrorText = "We encountered an internal error. Please try again."

// FailureReason is a failed job's reason, "<Class>: <text>", in at most 1024 characters. It is empty for no error.
func FailureReason(err error) string {
	if err == nil {
		return ""
	}
	class, text := ClassOf(err), err.Error()
	if class == InternalServerError {
		text = internalErrorText + " (" + text + ")"
	}
	reason := string(class) + ": " + text
	if utf8.RuneCountInString(reason) > maxFailureReason {
		reason = string([]rune(reason)[:maxFailureReason-1]) + "…"
	}
	return reason
}
