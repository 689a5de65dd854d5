package derive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/derive"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/io/source/synth"
	"github.com/premix/premix/mix"
)

var ctx = context.Background()

// entries reads all of an input, as a job does.
func entries(t *testing.T, in source.Input) map[string][]byte {
	t.Helper()
	catalog, err := source.Discover(ctx, []source.Input{in}, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, c := range catalog.Containers {
		chunks, err := source.Split(ctx, c, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, chunk := range chunks {
			err := source.Read(ctx, chunk, source.Options{}, 0, func(e source.Entry) error {
				if e.Data != nil {
					found[e.Sample.Name] = bytes.Clone(e.Data)
					locations[e.Sample.Name] = e.Sample.Location
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return found
}

var locations = map[string]premix.Location{}

// TestSources: entries are found again by what a plan says of them, in every layout, compressed or
// not, and in another place.
func TestSources(t *testing.T) {
	inputs := map[string]source.Input{"synth": {URI: "synth:13"}}
	for _, format := range synth.Formats() {
		dir := filepath.Join(t.TempDir(), "in")
		if err := synth.Write(ctx, dir, format, 13); err != nil {
			t.Fatal(err)
		}
		inputs[format] = source.Input{URI: dir}
		if format == "webdataset" {
			named := filepath.Join(t.TempDir(), "named")
			if err := os.CopyFS(named, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			inputs["named"] = source.Input{Name: "first/half", URI: named}
			inputs["gzip"] = source.Input{URI: compressed(t, dir)}
		}
	}
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			clear(locations)
			want := entries(t, in)
			if len(want) != 13 {
				t.Fatalf("%d entries", len(want))
			}
			if !strings.HasPrefix(in.URI, "synth:") {
				moved := in.URI + " moved"
				if err := os.Rename(in.URI, moved); err != nil {
					t.Fatal(err)
				}
				in.URI = moved
			}
			s, err := derive.Locate(ctx, []source.Input{in}, source.Options{}, 1<<27)
			if err != nil {
				t.Fatal(err)
			}
			var buf []byte
			for entry, data := range want {
				sample := premix.Sample{Name: entry, Location: premix.Location{Offset: locations[entry].Offset, Length: int64(len(data))}}
				if buf, err = s.Fetch(ctx, buf, &sample); err != nil {
					t.Fatalf("%s: %v", entry, err)
				}
				if !bytes.Equal(buf, data) {
					t.Errorf("%s: %d other bytes, want %d", entry, len(buf), len(data))
				}
			}
			var missing *source.EntryError
			if _, err := s.Fetch(ctx, nil, &premix.Sample{Name: "no/such/name", Location: premix.Location{Length: 5}}); !errors.As(err, &missing) {
				t.Errorf("a name that no container has: %v", err)
			}
		})
	}
}

// compressed copies the tars of a folder as .tar.gz.
func compressed(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "gz")
	tars, err := filepath.Glob(filepath.Join(dir, "*.tar"))
	if err != nil || len(tars) == 0 {
		t.Fatalf("no tars: %v", err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range tars {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := io.Copy(w, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(path)+".gz"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func TestInputsFile(t *testing.T) {
	dir := t.TempDir()
	path := dataset.Meta(dir, "train", dataset.InputsFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"digest":"x","inputs":[{"name":"a","uri":"/b"},{"uri":"c"}]}`:   "",
		`{"replicas":"x","inputs":[{"name":"a","uri":"/b"},{"uri":"c"}]}`: "",
		`{"inputs":[]}`: "--in", `{}`: "--in", `{`: "inputs.json", `[]`: "inputs.json",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := derive.LoadInputs(ctx, dir, "train")
		if want == "" {
			if diff := cmp.Diff([]source.Input{{Name: "a", URI: "/b"}, {URI: "c"}}, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := derive.LoadInputs(ctx, dir, "other"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestDifferences changes each thing that a plan says of an image once.
func TestDifferences(t *testing.T) {
	base := premix.Sample{Name: "n", Width: 10, Height: 20, Crop: premix.Crop{X: 1, Y: 2, W: 3, H: 4}, Peak: premix.Peak{X: 1, Y: 1}}
	if d := derive.Differences(&base, &base); len(d) != 0 {
		t.Errorf("equal samples differ: %q", d)
	}
	for what, change := range map[string]func(*premix.Sample){
		"digest": func(s *premix.Sample) { s.Digest[15], s.Width = 1, 3 }, "size": func(s *premix.Sample) { s.Height++ },
		"crop": func(s *premix.Sample) { s.Crop.W++ }, "flip": func(s *premix.Sample) { s.Flip = true }, "flat": func(s *premix.Sample) { s.Flat = true },
		"peak": func(s *premix.Sample) { s.Peak.Y++ }, "trough": func(s *premix.Sample) { s.Trough.X-- },
	} {
		found := base
		change(&found)
		if d := derive.Differences(&base, &found); len(d) != 1 || !strings.HasPrefix(d[0], "n: "+what+" is ") {
			t.Errorf("%s: %q", what, d)
		}
	}
}

// TestHalf: a defect of an image is a fault; external and absent detectors leave peaks alone.
func TestHalf(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir()}
	o.Make(t)
	data, _, name := synth.Draw(3)
	want := premix.Sample{Name: name, Peak: premix.Peak{X: 5, Y: 6}, Trough: premix.Peak{X: 7, Y: 8}, Flat: true}
	for _, test := range []struct {
		detector     string
		detects      bool
		peak, trough premix.Peak
	}{
		{"peaks.csv", false, want.Peak, want.Trough},
		{mix.DetectorUniform, false, premix.NoPeak, premix.NoPeak},
		{"center", true, premix.Peak{X: 16, Y: 12}, premix.Peak{}},
	} {
		p := o.Params()
		p.Detector = test.detector
		d, err := derive.New(p)
		if err != nil {
			t.Fatal(err)
		}
		var h derive.Half
		if err := d.Half(t.Context(), &h, data, &want, true); err != nil {
			t.Fatal(err)
		}
		if h.Sample.Peak != test.peak || h.Crop.W != 32 || h.Crop.H != 24 || h.Sample.Width != h.Original.W || len(h.Map.Pix) > 0 != test.detects {
			t.Errorf("%s: %+v", test.detector, h.Sample)
		}
		if !test.detects && h.Sample.Trough != test.trough {
			t.Errorf("%s: trough %v", test.detector, h.Sample.Trough)
		}
		half, known := data[:len(data)/2], want
		var missing *source.EntryError
		if err := d.Half(t.Context(), &h, half, &want, false); !errors.As(err, &missing) {
			t.Errorf("half of the image: %v", err)
		}
		known.Digest = xxh3.Hash128(half).Bytes()
		if err := d.Half(t.Context(), &h, half, &known, false); premix.AsFault(err) == nil {
			t.Errorf("an image that was always half: %v", err)
		}
		if _, err := d.Mix(&imaging.Image{}, nil, &h, &h, &premix.Recipe{Key: "k", Method: "magic"}); err == nil {
			t.Error("an unknown method was mixed")
		}
	}
	p := o.Params()
	p.Encode = "gif"
	if _, err := derive.New(p); err == nil {
		t.Error("an unknown encoding was taken")
	}
}

func TestRedraw(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir()}
	o.Make(t)
	p := o.Params()
	p.Mix.Pair = mix.DifferentClass
	r := []premix.Recipe{{Position: 5, Target: &premix.Sample{}}}
	if _, err := derive.Redraw(&p, r, 9, 2, false); !errors.Is(err, derive.ErrOrder) {
		t.Errorf("%v", err)
	}
	p = o.Params()
	for _, position := range []int64{9, -1} {
		r[0].Position = position
		if _, err := derive.Redraw(&p, r, 9, 2, false); err == nil {
			t.Errorf("position %d of 9 was drawn", position)
		}
	}
	if got, err := derive.Redraw(&p, nil, 9, 2, false); got != nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}
