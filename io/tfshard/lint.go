package tfshard

import (
	"bytes"
	"fmt"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
)

// lint reports where an example differs from what the record would be written as.
func (t *reader) lint(rec *shard.Record, data []byte) {
	t.enc.Reset()
	t.encode(&t.enc, rec)
	t.buf = t.enc.Append(t.buf[:0])
	if bytes.Equal(t.buf, data) {
		return
	}
	say := func(format string, args ...any) {
		t.report(shard.Deviation{Record: t.r.Record(), Offset: t.r.Offset(), Key: rec.Key, What: fmt.Sprintf(format, args...)})
	}
	var want tfexample.Example
	if err := want.Parse(t.buf); err != nil {
		say("%v", err)
		return
	}
	kinds := func(e *tfexample.Example) map[string]tfexample.Kind {
		m := map[string]tfexample.Kind{}
		for i := range e.Len() {
			name, kind := e.Feature(i)
			m[name] = kind
		}
		return m
	}
	have, found, last := kinds(&t.ex), false, ""
	for i := range want.Len() {
		name, kind := want.Feature(i)
		if k, ok := have[name]; !ok {
			say("feature %s is missing", name)
			found = true
		} else if k != kind {
			say("feature %s holds %v, want %v", name, k, kind)
			found = true
		}
		delete(have, name)
	}
	for i := range t.ex.Len() {
		name, _ := t.ex.Feature(i)
		if _, ok := have[name]; ok {
			say("feature %s is not one of premix", name)
			found = true
		}
		if name < last {
			say("features are not sorted: %s comes before %s", last, name)
			found = true
		}
		last = name
	}
	if !found {
		say("%d bytes differ from the record written anew, of %d bytes", len(data), len(t.buf))
	}
}
