package prism

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
)

// A service that somebody else runs is not started, not checked, and not this package's to close.
func TestForeignService(t *testing.T) {
	defer func(e string) { *jobopts.Endpoint = e }(*jobopts.Endpoint)
	*jobopts.Endpoint = "elsewhere:1"
	if err := errors.Join(Check(), start(context.Background(), false)); err != nil {
		t.Error(err)
	}
	if *jobopts.Endpoint != "elsewhere:1" || server.endpoint != "" {
		t.Errorf("endpoint %s, server %s", *jobopts.Endpoint, server.endpoint)
	}
}

// The refusal says what to do.
func TestRefusedError(t *testing.T) {
	err := refuse(errors.New("why"))
	for _, want := range []string{"(why)", "--runner direct", "--prism-open-port"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: no %q", err, want)
		}
	}
}
