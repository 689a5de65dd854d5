package saliency

import (
	"strings"
	"testing"
)

// TestAgreement: the promise for fine-grained maps ends where its proof does.
func TestAgreement(t *testing.T) {
	for _, tt := range []struct {
		name string
		w, h int
		want string
	}{
		{"finegrained", 224, 224, "the same map"},
		{"finegrained", 65793, 1, "the same map"},
		{"finegrained", 65794, 1, "the same peaks"},
		{"finegrained", 384, 384, "the same peaks"},
		{"spectral", 224, 224, "3e-6"},
		{"center", 224, 224, "nothing: "},
	} {
		if got := Agreement(tt.name, tt.w, tt.h); !strings.Contains(got, tt.want) {
			t.Errorf("%s, %d×%d: %q, want %q", tt.name, tt.w, tt.h, got, tt.want)
		}
	}
	for _, name := range Names() {
		if name != "center" && Agreement(name, 224, 224) == Agreement("center", 224, 224) {
			t.Errorf("nothing is said of %s", name)
		}
	}
}
