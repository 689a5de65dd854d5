package plan

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

// imagenet makes n rows that look like those of ImageNet: what a chunk sends to one of groups
// groups. crops says whether the crops are random (whole numbers) or centred; tar puts the
// images into a tar instead of folders.
func imagenet(n, groups int, crops, tar bool) []Row {
	const total = 1281167
	s := newStream(7, 0, uint64(n), PurposeCrop)
	rows, offset := make([]Row, 0, n), int64(0)
	file := 1000 + s.Intn(9000)
	for i := range n * groups {
		file += 1 + s.Intn(20)
		size := 60000 + int64(s.Intn(100000))
		offset += 512
		at := offset
		offset += (size + 1535) / 512 * 512
		if s.Intn(groups) != 0 || len(rows) == n {
			continue
		}
		synset := fmt.Sprintf("n%08d", 1440764+i/1300*3417)
		w, h := 500, 375
		switch s.Intn(8) {
		case 0:
			w, h = 375, 500
		case 1:
			w, h = 500, 333
		case 2:
			w, h = 200+s.Intn(800), 200+s.Intn(800)
		}
		m := &premix.Sample{
			Name:  fmt.Sprintf("%s/%s_%d.JPEG", synset, synset, file),
			Width: w, Height: h,
			Peak: premix.Peak{X: s.Intn(224), Y: s.Intn(224)}, Trough: premix.Peak{X: s.Intn(224), Y: s.Intn(224)},
			Flip: s.Intn(2) == 1, Label: i / 1300,
		}
		m.Location = premix.Location{URI: "/mnt/data/imagenet/ILSVRC/Data/CLS-LOC/train/" + m.Name, Length: -1}
		if tar {
			m.Name = fmt.Sprintf("imagenet-train-000012.tar/%s_%d.jpg", synset, file)
			m.Location = premix.Location{URI: "gs://a-bucket/imagenet/webdataset/imagenet-train-000012.tar", Offset: at, Length: size}
		}
		for k := range m.Digest {
			m.Digest[k] = byte(s.Uint64())
		}
		short := float64(min(w, h)) * 0.875
		m.Crop = premix.Crop{X: (float64(w) - short) / 2, Y: (float64(h) - short) / 2, W: short, H: short}
		if crops {
			cw, ch := 1+s.Intn(w), 1+s.Intn(h)
			m.Crop = premix.Crop{X: float64(s.Intn(w - cw + 1)), Y: float64(s.Intn(h - ch + 1)), W: float64(cw), H: float64(ch)}
		}
		rows = append(rows, Row{Ordinal: 400000 + int64(i), Position: 600000 + int64(s.Intn(total/groups)), Label: m.Label, Sample: m})
	}
	return rows
}

func TestRowsRoundTrip(t *testing.T) {
	odd := []Row{
		{Ordinal: 0, Position: 0, Sample: &premix.Sample{Peak: premix.NoPeak, Trough: premix.NoPeak}},
		{
			Ordinal: math.MaxInt64, Position: math.MaxInt64, Label: math.MaxInt32,
			Sample: &premix.Sample{
				Name: "a/b c/\xff\xfe.jpg", Location: premix.Location{URI: "mem://x/b c/\xff\xfe.jpg", Offset: math.MaxInt64 - 1, Length: 0},
				Label: math.MaxInt32, Width: math.MaxInt32, Height: 1, Replica: math.MaxInt32,
				Crop: premix.Crop{X: math.Copysign(0, -1), Y: math.Inf(1), W: 1e300, H: -5},
				Flip: true, Flat: true, Peak: premix.NoPeak, Trough: premix.Peak{X: 3, Y: math.MaxInt32}, Digest: premix.Digest{15: 1},
			},
			Spool: premix.Location{URI: "x"},
		},
		{
			Ordinal: 5, Position: 1,
			Sample: &premix.Sample{Name: "a/b c/\xff\xfe.jpg", Location: premix.Location{URI: "elsewhere", Length: -1}, Peak: premix.Peak{}, Trough: premix.NoPeak},
			Spool:  premix.Location{URI: "/spool/7", Offset: 1 << 40, Length: 150528},
		},
		{
			Ordinal: 6, Position: 2,
			Sample: &premix.Sample{Name: "", Location: premix.Location{Offset: 12, Length: math.MaxInt64 - 13}, Peak: premix.NoPeak, Trough: premix.NoPeak},
			Spool:  premix.Location{URI: "/spool/7", Offset: 1<<40 + 150528, Length: 150528},
		},
		{
			Ordinal: 7, Position: 3,
			Sample: &premix.Sample{Name: "x.parquet/000000001", Location: premix.Location{URI: "x.parquet", Offset: -1, Length: 61378}, Peak: premix.NoPeak, Trough: premix.NoPeak},
			Spool:  premix.Location{URI: "/spool/8", Length: 61378},
		},
		{
			Ordinal: 8, Position: 4,
			Sample: &premix.Sample{Name: "x.parquet/000000002", Location: premix.Location{URI: "x.parquet", Offset: -1, Length: 7}, Peak: premix.NoPeak, Trough: premix.NoPeak},
		},
	}
	tests := []struct {
		name string
		rows []Row
	}{
		{"none", nil}, {"odd", odd},
		{"folders", imagenet(20, 64, true, false)}, {"tar", imagenet(300, 2, false, true)},
	}
	for _, tt := range tests {
		data, err := AppendRows([]byte("before"), tt.rows)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		data = data[len("before"):]
		got, err := ReadRows(nil, data)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.rows, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		for cut := range min(len(data), 2000) {
			if _, err := ReadRows(nil, data[:cut]); err == nil {
				t.Fatalf("%s: no error for the first %d of %d bytes", tt.name, cut, len(data))
			}
		}
		if _, err := ReadRows(nil, append(data, 0)); err == nil {
			t.Errorf("%s: no error for a byte too many", tt.name)
		}
	}
}

// Rows are the only thing that is shuffled: at most 60 bytes each, digest included, even when a
// chunk of 1,280 images is spread over 64 groups.
func TestRowsAreSmall(t *testing.T) {
	for _, tt := range []struct {
		name       string
		n, groups  int
		crops, tar bool
	}{
		{"folders, random crops, 20 rows", 20, 64, true, false},
		{"folders, centre crops, 20 rows", 20, 64, false, false},
		{"tar, random crops, 20 rows", 20, 64, true, true},
		{"tar, centre crops, 20 rows", 20, 64, false, true},
		{"tar, random crops, 1280 rows", 1280, 1, true, true},
		{"folders, random crops, 1280 rows", 1280, 1, true, false},
	} {
		rows := imagenet(tt.n, tt.groups, tt.crops, tt.tar)
		if 2*len(rows) < tt.n {
			t.Fatalf("%s: %d rows", tt.name, len(rows))
		}
		data, err := AppendRows(nil, rows)
		if err != nil {
			t.Fatal(err)
		}
		size := float64(len(data)) / float64(len(rows))
		t.Logf("%s: %.1f bytes a row of %d", tt.name, size, len(rows))
		if size > 60 {
			t.Errorf("%s: %.1f bytes a row, more than 60", tt.name, size)
		}
	}
}

func TestRowsRefuse(t *testing.T) {
	row := func(edit func(*Row)) []Row {
		r := Row{Sample: &premix.Sample{Name: "a"}}
		edit(&r)
		return []Row{r}
	}
	tests := []struct {
		name string
		rows []Row
	}{
		{"no sample", row(func(r *Row) { r.Sample = nil })},
		{"failed", row(func(r *Row) { r.Sample.Fault = &premix.Fault{} })},
		{"long name", row(func(r *Row) { r.Sample.Name = strings.Repeat("x", maxName+1) })},
		{"negative position", row(func(r *Row) { r.Position = -1 })},
		{"negative ordinal", row(func(r *Row) { r.Ordinal = -1 })},
		{"negative label", row(func(r *Row) { r.Label = -1 })},
		{"length", row(func(r *Row) { r.Sample.Location.Length = -2 })},
		{"half a peak", row(func(r *Row) { r.Sample.Peak.X = -1 })},
		{"width", row(func(r *Row) { r.Sample.Width = math.MaxInt32 + 1 })},
	}
	for _, tt := range tests {
		if got, err := AppendRows([]byte{1, 2}, tt.rows); err == nil || len(got) != 2 {
			t.Errorf("%s: error %v, %d bytes", tt.name, err, len(got))
		}
	}
	// Names that differ in one byte cost little on the wire and much in memory.
	many := make([]Row, 2000)
	for i := range many {
		many[i].Sample = &premix.Sample{Name: strings.Repeat("x", maxName-5) + fmt.Sprintf("%05d", i)}
	}
	if _, err := AppendRows(nil, many); err == nil {
		t.Error("no error for 128 MiB of names")
	}
}

func FuzzReadRows(f *testing.F) {
	for _, rows := range [][]Row{nil, imagenet(3, 64, true, false), imagenet(4, 2, false, true), withMore(imagenet(3, 64, true, false), 3)} {
		data, err := AppendRows(nil, rows)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := ReadRows(nil, data)
		if err != nil {
			return
		}
		again, err := AppendRows(nil, rows)
		if err != nil {
			t.Fatalf("rows that were read cannot be written: %v", err)
		}
		got, err := ReadRows(nil, again)
		if err != nil {
			t.Fatalf("rows that were written cannot be read: %v", err)
		}
		bits := cmp.Transformer("bits", func(c premix.Crop) [4]uint64 {
			return [4]uint64{math.Float64bits(c.X), math.Float64bits(c.Y), math.Float64bits(c.W), math.Float64bits(c.H)}
		})
		if diff := cmp.Diff(rows, got, bits); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}

func BenchmarkRows(b *testing.B) {
	rows := imagenet(1280, 1, true, false)
	data, err := AppendRows(nil, rows)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("append", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if data, err = AppendRows(data[:0], rows); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if rows, err = ReadRows(rows[:0], data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
