package inspect

import (
	"bytes"
	"strings"
	"testing"
)

func TestWriteHTML(t *testing.T) {
	r := &Report{Path: "a<b>.jpg", Kind: KindUnknown, Notes: []string{"it's <nothing>"}}
	var b bytes.Buffer
	if err := WriteHTML(&b, r.Path, r, newCanvas(4, 4)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h1>a&lt;b&gt;.jpg</h1>", "it&#39;s &lt;nothing&gt;", `src="data:image/png;base64,`, "unknown"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := WriteHTML(&b, "x", r, nil); err != nil || strings.Contains(b.String(), "<img") {
		t.Errorf("without a sheet: %v\n%s", err, b.String())
	}
}
