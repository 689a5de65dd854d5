package webdataset

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFields: what Python writes is read, and only the object itself can be at fault.
func TestFields(t *testing.T) {
	tests := []struct {
		text string
		want map[string]string
		err  string
	}{
		{`{}`, map[string]string{}, ""},
		{"\xef\xbb\xbf{\"a\": 1}\n", map[string]string{"a": "1"}, ""},
		{`{"a": NaN, "b": [Infinity, -Infinity], "c" :-Infinity}`, map[string]string{"a": "NaN", "b": "[Infinity, -Infinity]", "c": "-Infinity"}, ""},
		{`{"a": {"b": "}\"]"}, "label":"x"}`, map[string]string{"a": `{"b": "}\"]"}`, "label": `"x"`}, ""},
		{`{"a": 01, "b": nope, "label": 3}`, map[string]string{"a": "01", "b": "nope", "label": "3"}, ""},
		{`{"a":1,"a":2}`, map[string]string{"a": "2"}, ""},
		{`{"\u0061":[[],{}]}`, map[string]string{"a": "[[],{}]"}, ""},
		{``, nil, "unexpected end"},
		{`[1]`, nil, "it is no object"},
		{`null`, nil, "it is no object"},
		{`{"a":1} x`, nil, "something follows"},
		{`{"a":1`, nil, "unexpected end"},
		{`{"a":[1}`, nil, "where a value should be"},
		{`{"a":"x`, nil, "unexpected end"},
		{`{"a":,"b":1}`, nil, "where a value should be"},
		{`{"a":1,}`, nil, "the name of a field"},
		{`{"a" 1}`, nil, "a colon"},
		{`{"a":1 2}`, nil, "a comma"},
		{`{"a":"x""y"}`, nil, "a comma"},
		{`{a:1}`, nil, "the name of a field"},
		{`{"a":` + strings.Repeat("[", maxDepth+1), nil, "nested more than"},
	}
	for _, test := range tests {
		fields, err := Fields([]byte(test.text))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%.60s: %v, want %q", test.text, err, test.err)
			}
			continue
		}
		got := map[string]string{}
		for k, v := range fields {
			got[k] = string(v)
		}
		if d := cmp.Diff(test.want, got); d != "" || err != nil {
			t.Errorf("%s: %v, %s", test.text, err, d)
		}
	}
}

// FuzzFields: an object that encoding/json reads is read as encoding/json reads it.
func FuzzFields(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[1,{"c":"]"}],"c":null}`, `{"a":NaN}`, "\xef\xbb\xbf{}", `{"a":"\u00e4\\"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, err := Fields(data)
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil {
			return
		}
		if err != nil || len(fields) != len(want) {
			t.Fatalf("%q: %v, %d fields, want %d", data, err, len(fields), len(want))
		}
		for k, v := range want {
			if !bytes.Equal(v, fields[k]) {
				t.Fatalf("%q: %q is %q, want %q", data, k, fields[k], v)
			}
		}
	})
}
