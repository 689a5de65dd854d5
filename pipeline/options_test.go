package pipeline

import "testing"

// TestOptions: every option says where it takes effect, what it changes, and what it is; defaults
// read back.
func TestOptions(t *testing.T) {
	for _, c := range []Config{Default(), DefaultPack()} {
		seen := map[string]bool{}
		for _, o := range Options(&c) {
			if o.Stage == "" {
				t.Errorf("--%s has no stage", o.Name)
			}
			if o.Group == "" || o.Help == "" || o.Unit == "" && o.Value.Type() != "bool" {
				t.Errorf("--%s lacks group, help or unit", o.Name)
			}
			if seen[o.Name] {
				t.Errorf("--%s is there twice", o.Name)
			}
			seen[o.Name] = true
			if before := o.Value.String(); before != "" {
				if err := o.Value.Set(before); err != nil {
					t.Errorf("--%s: its default %q does not read back: %v", o.Name, before, err)
				} else if after := o.Value.String(); after != before {
					t.Errorf("--%s: %q reads back as %q", o.Name, before, after)
				}
			}
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"help", "hflip", "seed", "size", "saliencymix", "in"}
	tests := map[string]string{"hlep": "help", "sied": "seed", "siez": "size", "salencymix": "saliencymix", "xyz": "", "": "", "zzzzzzzz": "", "im": "in", "ni": "in", "a": "", "1": "", "<<": "", "i": ""}
	for in, want := range tests {
		if got := Nearest(in, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestShares(t *testing.T) {
	c := Default()
	o, _ := Find(Options(&c), "max-bad")
	for text, want := range map[string]string{"0": "0%", "1%": "1%", "0.01": "1%", "100%": "100%", "1.0": "100%", "2.5%": "2.5%", "7%": "7%", "29%": "29%"} {
		if err := o.Value.Set(text); err != nil || o.Value.String() != want {
			t.Errorf("%s is %s, %v; want %s", text, o.Value.String(), err, want)
		}
	}
	// A plain 1 is what someone writes who means one per cent.
	for _, text := range []string{"1", "2", "101%", "-1%", "half", "", "%", "1%%"} {
		if err := o.Value.Set(text); err == nil {
			t.Errorf("%q is taken for %s", text, o.Value.String())
		}
	}
}
