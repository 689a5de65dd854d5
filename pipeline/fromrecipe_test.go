package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/premix/premix/internal/buildid"
)

// Samples of a codec that knew no damage are made again as it made them.
func TestDeriveParamsOfVersions(t *testing.T) {
	c := Default()
	recipe := string(c.RecipeJSON("webdataset"))
	now := fmt.Sprintf(`"codec-version":%d`, buildid.Codec)
	if strings.Count(recipe, now) != 1 {
		t.Fatalf("no %s in %s", now, recipe)
	}
	for version, want := range map[string]bool{now: false, `"codec-version":2`: true, `"codec-version":1`: true, `"other":1`: false} {
		p, _, err := DeriveParams(json.RawMessage(strings.Replace(recipe, now, version, 1)))
		if err != nil || p.Decode.ForgiveDamage != want || p.Decode.AcceptTruncated {
			t.Errorf("%s: %+v, %v; want that damage is forgiven: %t", version, p.Decode, err, want)
		}
	}
}
