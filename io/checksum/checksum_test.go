package checksum

import (
	"errors"
	"testing"
)

func TestVerify(t *testing.T) {
	const mark = Mark(`"sum":"`)
	data := []byte(`{"sum":"not this one"} … {"sum":"` + None + `"}`)
	mark.Set(data)
	sealed := string(data)
	if err := mark.Verify(data); err != nil || string(data) != sealed {
		t.Errorf("%v, %s", err, data)
	}
	mark.Set(data)
	if string(data) != sealed {
		t.Errorf("set again: %s", data)
	}
	for i := range data {
		data[i] ^= 1
		if mark.Verify(data) == nil {
			t.Errorf("byte %d is wrong, and nothing is said", i)
		}
		data[i] ^= 1
	}
	var mismatch *MismatchError
	data[0] = '['
	if err := mark.Verify(data); !errors.As(err, &mismatch) || mismatch.Stored == mismatch.Computed {
		t.Errorf("%v", err)
	}
	for _, none := range []string{"", "text", `"sum":"0000`} {
		data := []byte(none)
		mark.Set(data)
		if err := mark.Verify(data); !errors.Is(err, ErrMissing) || string(data) != none {
			t.Errorf("%q: %v", none, err)
		}
	}
}
