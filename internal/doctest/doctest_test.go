package doctest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScript(t *testing.T) {
	page := "a\n```sh\nDIR=/data   # where it is\nOUT=$DIR/out\nrun $DIR\n```\n\n    not this\n\n```text\ndone\n```\n```sh\nPATH=$DIR:$PATH\n```\n"
	blocks, err := Blocks(page)
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{2, "sh", "DIR=/data   # where it is\nOUT=$DIR/out\nrun $DIR\n"}, {10, "text", "done\n"}, {13, "sh", "PATH=$DIR:$PATH\n"},
	}
	if d := cmp.Diff(want, blocks); d != "" {
		t.Error(d)
	}
	got, err := Script(append(blocks[:1:1], blocks[2]), map[string]string{"DIR": "/it's"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("DIR='/it'\\''s'\nOUT=$DIR/out\nrun $DIR\nPATH=$DIR:$PATH\n", got); d != "" {
		t.Error(d)
	}
	if _, err := Script(blocks, map[string]string{"SIZE": "64"}); err == nil || !strings.Contains(err.Error(), "SIZE") {
		t.Errorf("a setting that the page does not have: %v", err)
	}
	if _, err := Blocks("```sh\nrun\n"); err == nil {
		t.Error("a block without an end is no error")
	}
}
