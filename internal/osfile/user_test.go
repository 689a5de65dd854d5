package osfile

import (
	"os"
	"os/user"
	"slices"
	"testing"
)

// TestLendUser wants what is not set to be there for a while, and what is set to stay.
func TestLendUser(t *testing.T) {
	if _, err := user.Current(); err != nil {
		t.Errorf("the user is not known, as it must be while packages are initialized: %v", err)
	}
	t.Setenv("USER", "")
	t.Setenv("HOME", "/home/of/mine")
	if names := lendUser(); !slices.Equal(names, []string{"USER"}) || os.Getenv("USER") == "" || os.Getenv("HOME") != "/home/of/mine" {
		t.Errorf("%v were set; USER is %q, HOME %q", names, os.Getenv("USER"), os.Getenv("HOME"))
	}
}
