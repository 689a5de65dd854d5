package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// inputs.json, run.json and report.html are not in the manifest, since they depend on places and times.
// So each ends with a hash of its own content. Earlier versions wrote none.

// A sealForm says how a file holds its hash. The content is what comes before the place of the hash,
// and tail.
type sealForm struct{ open, close, tail string }

var (
	jsonSeal = sealForm{",\n  \"sha256\": \"", "\"\n}\n", "\n}\n"}
	htmlSeal = sealForm{"<!-- sha256 ", " -->\n", ""}
)

// sealedMark is in a report that has a hash.
const sealedMark = `<meta name="sealed" content="sha256">`

// errSeal means that a file does not have the content that its hash is of.
var errSeal = errors.New("was edited or damaged: its own sha256 does not fit")

// seal adds the hash to a file.
func (f sealForm) seal(content []byte) []byte {
	body, ok := bytes.CutSuffix(content, []byte(f.tail))
	if !ok {
		return content // an empty object
	}
	sum := sha256.Sum256(content)
	return slices.Concat(body, []byte(f.open+hex.EncodeToString(sum[:])+f.close))
}

// unseal returns the content of a file without its hash, and whether it had one. The error is errSeal if
// the hash does not fit.
func (f sealForm) unseal(data []byte) (content []byte, sealed bool, err error) {
	const digits = 2 * sha256.Size
	at := len(data) - len(f.open) - digits - len(f.close)
	if at < 0 {
		return data, false, nil
	}
	last := string(data[at:])
	if !strings.HasPrefix(last, f.open) || !strings.HasSuffix(last, f.close) {
		return data, false, nil
	}
	content = slices.Concat(data[:at], []byte(f.tail))
	if !bytes.Equal(f.seal(content), data) {
		return content, true, errSeal
	}
	return content, true, nil
}

// DecodeInputs decodes inputs.json. The result is never nil and has what could be read. The error says
// why the file is not one that [SaveInputs] wrote.
func DecodeInputs(data []byte) (*Inputs, error) {
	in := new(Inputs)
	content, _, err := jsonSeal.unseal(data)
	if bad := json.Unmarshal(content, in); bad != nil {
		return in, bad
	}
	if err != nil {
		return in, err
	}
	return in, Canonical(content, in, in.Roots)
}

// Differs says in what the inputs are not those of a manifest; empty if in nothing.
func (in *Inputs) Differs(m *Manifest) string {
	switch s := m.Inputs; {
	case slices.Contains(m.Lost, LostInputs):
	case in.Digest != s.Digest || in.GoodDigest != s.GoodDigest || in.ClassList != s.ClassList:
		return "the digests are not those of the manifest"
	case !slices.Equal(in.Containers, s.Containers):
		return "the containers are not those of the manifest"
	}
	return ""
}

// CheckRun says why data is not a run.json as premix writes it.
func CheckRun(data []byte) error {
	content, sealed, err := jsonSeal.unseal(data)
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(content, &fields); err != nil {
		return err
	}
	if !sealed {
		// of an earlier version, which wrote these
		for _, key := range []string{"command", "cpus", "execution", "host", "started", "version"} {
			if _, ok := fields[key]; !ok {
				return fmt.Errorf("has no %q: it is not of premix, or damaged", key)
			}
			delete(fields, key)
		}
		if len(fields) > 0 {
			return fmt.Errorf("has %q, which premix does not write, or is damaged", slices.Min(slices.Collect(maps.Keys(fields))))
		}
	}
	return Canonical(content, json.RawMessage(content), content)
}

// CheckReport says why data is not a report.html as premix writes it.
func CheckReport(data []byte) error {
	content, sealed, err := htmlSeal.unseal(data)
	if err == nil && !sealed && bytes.Contains(data, []byte(sealedMark)) {
		err = errSeal // not of an earlier version
	}
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(content, []byte("<!DOCTYPE html>\n")) || !bytes.HasSuffix(content, []byte("</html>\n")) {
		return errors.New("is not a complete page")
	}
	return nil
}

// Canonical says why data is not the JSON that [Encode] makes of a value that was decoded from it. raw
// are parts of data that the value holds undecoded: in them no key may come twice.
func Canonical(data []byte, value any, raw ...json.RawMessage) error {
	want, err := Encode(value)
	if err != nil {
		return err
	}
	if !bytes.Equal(data, want) {
		same := 0
		for same < min(len(data), len(want)) && data[same] == want[same] {
			same++
		}
		return fmt.Errorf("line %d is not as premix writes it: was it edited?", 1+bytes.Count(data[:same], []byte{'\n'}))
	}
	for _, r := range raw {
		if key, ok := doubledKey(r); ok {
			return fmt.Errorf("the key %q is there twice: was it edited?", key)
		}
	}
	return nil
}

// doubledKey finds a key that an object of valid JSON has twice.
func doubledKey(data []byte) (string, bool) {
	type level struct {
		keys  map[string]bool // nil: a list
		value bool            // what comes next is the value of a key
	}
	levels := []level{{}}
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err == io.EOF || err != nil {
			return "", false
		}
		l := &levels[len(levels)-1]
		if key, ok := token.(string); ok && l.keys != nil && !l.value {
			if l.keys[key] {
				return key, true
			}
			l.keys[key], l.value = true, true
			continue
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			l.value = false
			next := level{}
			if token == json.Delim('{') {
				next.keys = map[string]bool{}
			}
			levels = append(levels, next)
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
		default:
			l.value = false
		}
	}
}
