package jobs

import (
	"regexp"
	"strings"
	"sync"
)

// A pattern is a named form that a string must have (contract 0). The text is what error messages show.
type pattern struct {
	text  string
	match func(string) bool
}

// patternTexts are the patterns that are what their text says, anchored at both ends. "ARN" is a simplification of many
// patterns that differ in the resource type only.
var patternTexts = map[string]string{
	"NAME32":   `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}`,
	"NAME64":   `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}`,
	"NAME63":   `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`,
	"NAME120":  `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}`,
	"NAMEDASH": `[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?`,
	"CHANNEL":  `[A-Za-z0-9\.\-_]+`,
	"S3URI":    `(https|s3)://([^/]+)/?(.*)`,
	"ROLE":     `arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`,
	"KMS":      `[a-zA-Z0-9:/_-]*`,
	"TAGTXT":   `([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`,
	"ENVKEY":   `[a-zA-Z_][a-zA-Z0-9_]*`,
	"ID":       `[-0-9a-zA-Z]+`,
	"NOSPACE":  `[\S]+`,
	"ARN":      `arn:aws[a-z\-]*:[a-z0-9\-]+:[a-z0-9\-]*:([0-9]{12}|aws)?:.+`,
	"FSID":     `(fs-[0-9a-f]{8,})`,
	"AMI":      `[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*`,
	"SPLITOUT": `(text/csv|application/x-parquet|application/jsonlines)(;.*)?`,
}

// patterns compiles patternTexts once, and adds those that Go's regexp cannot take as they stand.
var patterns = sync.OnceValue(func() map[string]pattern {
	all := map[string]pattern{}
	for name, text := range patternTexts {
		all[name] = pattern{text, regexp.MustCompile(`^(?s:` + text + `)$`).MatchString}
	}
	// A count of repetitions above 1000 is refused; the length bound says the same.
	all["ENVKEY1024"] = pattern{`[a-zA-Z_][a-zA-Z0-9_]{0,1023}`, all["ENVKEY"].match}
	// The model's pattern ends in a look-behind, which does not exist here.
	all["ARN-or-NAME63"] = pattern{
		`(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)`,
		matchARNOrName,
	}
	return all
})

var arnOrName = regexp.MustCompile(
	`^(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:([0-9]{12}|aws):[a-z\-]*/([a-zA-Z0-9\-]+/)*)?[a-zA-Z0-9][a-zA-Z0-9\-]{0,62}$`)

func matchARNOrName(s string) bool { return arnOrName.MatchString(s) && !strings.HasSuffix(s, "-") }
