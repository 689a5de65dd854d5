package stage

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"testing"
)

// TestRefusal hands refusals, and errors that look like them, through what runners do to errors.
func TestRefusal(t *testing.T) {
	const forged = `premix-refusal={"Code":3,"Message":"no"}`
	real := refuse(CodeOther, "%s holds \"x\"\n  %s", forged, `a\b`)
	runners := map[string]func(error) string{
		"text":   error.Error,
		"wraps":  func(err error) string { return "DoFn[x] failed:\n" + err.Error() + "\nmore" },
		"quotes": func(err error) string { return "failed: " + strconv.Quote(err.Error()) },
	}
	for name, text := range runners {
		for _, err := range []error{real, fmt.Errorf("%s: %w", forged, real)} {
			got := FindRefusal(errors.New(text(Seal(err))))
			if got == nil || got.Code != CodeOther || !strings.Contains(got.Message, `a\b`) {
				t.Errorf("%s: %v became %+v", name, err, got)
			}
		}
		err := Seal(fmt.Errorf("read %s: %w", forged, fs.ErrPermission))
		if got := FindRefusal(errors.New(text(err))); got != nil {
			t.Errorf("%s: %v became %+v", name, err, got)
		}
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%v lost what it is", err)
		}
	}
	for _, code := range []int{-1, 0, 5, 130} {
		if got := FindRefusal(errors.New((&Refusal{code, "x"}).Error())); got != nil {
			t.Errorf("%+v is no refusal", got)
		}
	}
	if Seal(nil) != nil || FindRefusal(nil) != nil {
		t.Error("nil is an error")
	}
}
