package webdataset

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/shard/shardtest"
)

// What the writer makes is read without encoding/json, and as encoding/json reads it.
func TestCanonical(t *testing.T) {
	s := shardtest.Spec(shard.Pair)
	for _, r := range shardtest.Records(s, 30) {
		member := appendJSON(nil, &r)
		var got, want wire
		if !canonical(member, &got) {
			t.Fatalf("%s is not canonical", member)
		}
		if err := json.Unmarshal(member, &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for i := range member { // cut, longer, or with another character
			for _, other := range [][]byte{member[:i], append(member[:len(member):len(member)], member[i]), flip(member, i, '0'), flip(member, i, '-'), flip(member, i, '"'), flip(member, i, ' '), flip(member, i, '\\')} {
				sameAsJSON(t, other)
			}
		}
	}
}

func flip(b []byte, i int, c byte) []byte {
	b = append([]byte(nil), b...)
	b[i] = c
	return b
}

// sameAsJSON wants what canonical reads to be what encoding/json reads, without any error.
func sameAsJSON(t *testing.T, member []byte) {
	t.Helper()
	var got, want wire
	if !utf8.Valid(member) || !canonical(member, &got) {
		return
	}
	if err := json.Unmarshal(member, &want); err != nil {
		t.Fatalf("%s: %v", member, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s: %s", member, diff)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, r := range shardtest.Records(shardtest.Spec(shard.Pair), 6) {
		f.Add(appendJSON(nil, &r))
	}
	f.Add([]byte(`{"key":"a","label":-0,"label_a":00,"label_b":1}`))
	f.Fuzz(sameAsJSON)
}
