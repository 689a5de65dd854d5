package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/io/source/synth"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/sample"
)

// TestUnknown wants every answer of the table to be a value of its option, or a reason.
func TestUnknown(t *testing.T) {
	values := map[string][]string{
		"format": formats.Names(), "in-format": source.Formats(), "method": mix.Names(), "detector": sample.Detectors(),
		"encode": {"jpeg:95", "png"}, "geometry": {"rrc", "center", "squash", "pad:N"}, "progress": {"auto", "plain", "json", "none"},
		"indexes": {"dali", "wids", "timm", "none", "dali,wids,timm"}, "layout": synth.Formats(),
	}
	c := Default()
	for _, o := range Options(&c) {
		if t := o.Value.Type(); strings.Contains(t, "|") && values[o.Name] == nil {
			values[o.Name] = strings.Split(t, "|")
		}
	}
	for option, words := range foreignValues {
		if values[option] == nil {
			t.Errorf("--%s has no list of values", option)
			continue
		}
		for word, meant := range words {
			text := Unknown(option, word, values[option])
			want := "did you mean " + meant + "? Use "
			if strings.Contains(meant, " ") {
				want = ": " + meant + "; use "
			} else if !slices.Contains(values[option], meant) {
				t.Errorf("--%s %s: %s is not a value", option, word, meant)
			}
			if !strings.Contains(text, want) || slices.Contains(values[option], word) {
				t.Errorf("--%s %s: %s", option, word, text)
			}
		}
	}
	for _, tt := range []struct{ word, want string }{
		{"tfrecrod", `"tfrecrod" is unknown: did you mean tfrecord? Use webdataset, tfrecord, tfds, array_record, parquet or mds`},
		{"TFDS", `"TFDS" is unknown: did you mean tfds? Use webdataset, tfrecord, tfds, array_record, parquet or mds`},
		{"xyzxyz", `"xyzxyz" is unknown: use webdataset, tfrecord, tfds, array_record, parquet or mds`},
	} {
		if got := Unknown("format", tt.word, formats.Names()); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

// TestAddresses wants addresses that premix cannot use to be refused before anything is looked at.
func TestAddresses(t *testing.T) {
	for _, tt := range []struct{ in, out, want string }{
		{"https://example.com/a.tar", "out", "--in https://example.com/a.tar: premix does not read from the web: download the files, and give their folder"},
		{"x=HTTP://example.com/a", "out", "--in HTTP://example.com/a: premix does not read from the web: download the files, and give their folder"},
		{"in", "https://example.com/a", "--out https://example.com/a: premix does not write to the web: give a folder, or gs://, s3:// or azblob://"},
		{"in", "hf://owner/name", "--out hf://owner/name: premix does not write to the Hub: give a folder, and upload it afterwards"},
		{"gcs://bucket/a", "out", "--in gcs://bucket/a: did you mean gs://bucket/a?"},
		{"s3a://bucket/a", "out", "--in s3a://bucket/a: did you mean s3://bucket/a?"},
		{"abfss://box@host/a", "out", "--in abfss://…@host/a: write azblob://CONTAINER/PATH"},
		{"in", "out", ""},
	} {
		c := Default()
		c.In, c.Out = []string{tt.in}, tt.out
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s to %s: %q, want %q", tt.in, tt.out, got, tt.want)
		}
	}
}
