package pipeline

import (
	"errors"
	"regexp"
)

// flagNames turns the beginning of an error of package mix into the name of a flag. The first that fits counts.
var flagNames = []struct {
	form *regexp.Regexp
	flag string
}{
	{regexp.MustCompile(`^mix: lambda: alpha (\S+)`), "--alpha $1"},
	{regexp.MustCompile(`^mix: lambda: fixed value (\S+)`), "--lambda $1"},
	{regexp.MustCompile(`^mix: lambda: (unknown rule)`), "--lambda-outside: $1"},
	{regexp.MustCompile(`^mix: lambda: `), "--min-lambda and --max-lambda: "},
	{regexp.MustCompile(`^mix: probability of mixing (\S+)`), "--prob $1"},
	{regexp.MustCompile(`^mix: (scheme|border|smoothing) `), "--$1 "},
	{regexp.MustCompile(`^mix: pairing `), "--pair "},
	{regexp.MustCompile(`^mix: `), "--method: "},
}

// withFlags returns the errors of an error of package mix, each with the flag that it is about.
func withFlags(err error) (errs []error) {
	if err == nil {
		return nil
	}
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, e := range list {
		for _, n := range flagNames {
			if text := e.Error(); n.form.MatchString(text) {
				e = errors.New(n.form.ReplaceAllString(text, n.flag))
				break
			}
		}
		errs = append(errs, e)
	}
	return errs
}
