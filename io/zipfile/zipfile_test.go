package zipfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/madetest"
	"github.com/premix/premix/io/window"
)

// archive has a stored and a deflated member, a folder, and one of nothing.
func archive(t testing.TB) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, m := range []struct {
		name   string
		method uint16
		data   string
	}{{"c/a.jpg", zip.Store, "stored"}, {"c/b.jpg", zip.Deflate, strings.Repeat("deflated ", 20)}, {"c/", zip.Store, ""}, {"c/empty.jpg", zip.Store, ""}} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// at returns a copy of an archive with other bytes at a place behind the nth mark, from the end if n < 0.
func at(data []byte, mark string, n, offset int, other string) []byte {
	data = bytes.Clone(data)
	var places []int
	for i := range data {
		if bytes.HasPrefix(data[i:], []byte(mark)) {
			places = append(places, i)
		}
	}
	if n < 0 {
		n += len(places)
	}
	copy(data[places[n]+offset:], other)
	return data
}

const (
	header = "PK\x03\x04"
	record = "PK\x01\x02"
	ending = "PK\x05\x06"
)

// TestArchives: what cannot be believed of a directory is a fault of the archive.
func TestArchives(t *testing.T) {
	good := archive(t)
	for name, c := range map[string]struct {
		data []byte
		kind premix.FaultKind // or none
		text string
	}{
		"whole":                       {data: good},
		"bytes before it":             {data: append([]byte("#!/bin/sh\n"), good...)},
		"a comment that was cut off":  {data: at(good, ending, 0, 20, "\x05\x00")},
		"bytes behind it":             {data: append(bytes.Clone(good), "\r\n"...)},
		"nothing":                     {nil, premix.Empty, "empty"},
		"cut off":                     {good[:len(good)-30], premix.Truncated, "cut off"},
		"text":                        {[]byte("no archive"), premix.Truncated, "no directory"},
		"another number of members":   {at(good, ending, 0, 8, "\x05\x00\x05\x00"), premix.Corrupt, "should have 5 members"},
		"a disk":                      {at(good, ending, 0, 4, "\x01"), premix.Unsupported, "several files"},
		"members on other disks":      {at(good, ending, 0, 8, "\x02"), premix.Unsupported, "several files"},
		"a member on another disk":    {at(good, record, 1, 34, "\x01"), premix.Unsupported, "several files"},
		"a directory of another size": {at(good, ending, 0, 12, "\x99"), premix.Corrupt, "the directory"},
		"a record that is none":       {at(good, record, 1, 0, "PK\x01\x03"), premix.Corrupt, "no record"},
		"a name that is too long":     {at(good, record, -1, 29, "\x09"), premix.Corrupt, "ends within the record"},
		"an extra field":              {at(good, record, 0, 28, "\x00\x00\x07\x00"), premix.Corrupt, "extra field"},
		"members that overlap":        {at(good, record, 1, 42, "\x00\x00"), premix.Corrupt, "overlap"},
		"ZIP64 that is missing":       {at(good, record, 1, 24, "\xff\xff\xff\xff"), "", ""},
	} {
		list, err := members(c.data)
		f := premix.AsFault(err)
		switch {
		case c.kind == "" && (err != nil || len(list) != 4):
			t.Errorf("%s: %d members, %v", name, len(list), err)
		case c.kind != "" && (f == nil || f.Kind != c.kind || !strings.Contains(f.Reason, c.text)):
			t.Errorf("%s: %v, want %s: %s", name, err, c.kind, c.text)
		}
	}
}

// TestMembers: what is wrong with a member is a fault of it alone.
func TestMembers(t *testing.T) {
	good := archive(t)
	deflated := strings.Repeat("deflated ", 20)
	for name, c := range map[string]struct {
		data []byte
		of   int
		kind premix.FaultKind
		text string // contents, or of the fault
	}{
		"stored":                   {good, 0, "", "stored"},
		"deflated":                 {good, 1, "", deflated},
		"empty":                    {good, 3, premix.Empty, "empty"},
		"bytes before the archive": {append([]byte("#!/bin/sh\n"), good...), 1, "", deflated},
		"another byte":             {at(good, "stored", 0, 0, "S"), 0, premix.Corrupt, "checksum"},
		"another checksum":         {at(good, record, 1, 16, "\x00"), 1, premix.Corrupt, "checksum"},
		"a stream that is broken":  {at(good, "c/b.jpg", 0, 7, "\xff\xff\xff"), 1, premix.Corrupt, "broken"},
		"encrypted":                {at(good, record, 1, 8, "\x09"), 1, premix.Unsupported, "encrypted"},
		"bzip2":                    {at(good, record, 1, 10, "\x0c"), 1, premix.Unsupported, "bzip2"},
		"an unknown method":        {at(good, record, 1, 10, "\x44"), 1, premix.Unsupported, "method 68"},
		"another name":             {at(good, header, 1, 30, "d"), 1, premix.Corrupt, "another name"},
		"another method":           {at(good, header, 1, 8, "\x00"), 1, premix.Corrupt, "another name or method"},
		"a flag of its name alone": {at(good, header, 1, 7, "\x08"), 1, "", deflated},
		"after a false size":       {at(good, record, 0, 24, "\xff\xff\xff\x3f"), 1, "", deflated},
		"no header":                {at(good, header, 1, 0, "PK\x03\x05"), 1, premix.Corrupt, "no member is where"},
		"outside":                  {at(good, record, 1, 44, "\x01"), 1, premix.Corrupt, "cannot be"},
		"longer than it says":      {at(good, record, 1, 24, "\x05\x00\x00\x00"), 1, premix.Corrupt, "more than its 5 bytes"},
		"shorter than it says":     {at(good, record, 1, 24, "\xff\x00\x00\x00"), 1, premix.Truncated, "ends after 180 of its 255"},
		"too large":                {at(good, record, 1, 24, "\x00\x00\x01\x00"), 1, premix.TooLarge, "the limit"},
	} {
		list, err := members(c.data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []byte
		if f := list[c.of].Fault(1 << 15); f != nil {
			err = f
		} else {
			got, err = contents(new(Reader), c.data, &list[c.of])
		}
		switch f := premix.AsFault(err); {
		case c.kind == "" && (err != nil || string(got) != c.text):
			t.Errorf("%s: %q, %v", name, got, err)
		case c.kind != "" && (f == nil || f.Kind != c.kind || !strings.Contains(f.Reason, c.text)):
			t.Errorf("%s: %v, want %s: %s", name, err, c.kind, c.text)
		}
	}
}

// TestNames: names are text, whatever wrote them; a link is none to follow.
func TestNames(t *testing.T) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	unicode := append([]byte{0x75, 0x70, 10, 0, 1, 0xa8, 0xb5, 0x45, 0xb5}, "täg/1"[:5]...)
	for _, h := range []zip.FileHeader{
		{Name: "t\x84g/1", NonUTF8: true}, {Name: "täg/2", NonUTF8: true}, {Name: "täg/3"}, {Name: `win\4`}, {Name: `unix\5`, CreatorVersion: 3 << 8},
		{Name: "nul\x006"}, {Name: "crc/7", Extra: unicode},
	} {
		if _, err := w.CreateHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	link := &zip.FileHeader{Name: "link"}
	link.SetMode(fs.ModeSymlink | 0o777)
	if _, err := w.CreateHeader(link); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := members(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"täg/1", "täg/2", "täg/3", "win/4", `unix\5`, "nul", "crc/7", "link"} {
		if list[i].Name != want {
			t.Errorf("%q, want %q", list[i].Name, want)
		}
	}
	if f := list[7].Fault(1 << 20); f == nil || f.Kind != premix.Unsupported {
		t.Errorf("a link: %v", f)
	}
}

// TestBomb: an archive of which all members unpack to next to everything ends by a limit, at the same member in each
// part of its directory.
func TestBomb(t *testing.T) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	packed := deflate(t, make([]byte, 1<<20))
	for range 1200 {
		f, err := w.CreateRaw(&zip.FileHeader{Name: "a.bmp", Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(packed); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := members(buf.Bytes())
	if err == nil {
		list, err = limited(buf.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]bool{0: false, 1023: false, 1024: true, 1199: true} {
		if f := list[i].Fault(1 << 27); (f != nil) != want {
			t.Errorf("member %d: %v", i, f)
		}
	}
}

func deflate(t *testing.T, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, err := w.Create("x")
	if err == nil {
		_, err = f.Write(data)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	r, err := z.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// limited are the members of an archive that is read in parts.
func limited(data []byte) (list []Member, err error) {
	d, err := Find(bytes.NewReader(data), int64(len(data)))
	if err == nil {
		err = d.Check(bytes.NewReader(data[d.At:d.End]), func(*Member) {})
	}
	var places []int64
	_ = d.Walk(bytes.NewReader(data[d.At:d.End]), d.At, d.End, func(m *Member) error { places = append(places, m.At); return nil })
	for i := 0; i < len(places) && err == nil; i += 100 {
		end := d.End
		if i+100 < len(places) {
			end = places[i+100]
		}
		err = d.Walk(bytes.NewReader(data[places[i]:end]), places[i], end, func(m *Member) error { list = append(list, *m); return nil })
	}
	return list, err
}

// failing is a file that cannot be read.
type failing struct{}

var errDisk = errors.New("the disk is broken")

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

// TestMedium: an error of the file is none of the archive.
func TestMedium(t *testing.T) {
	if _, err := Find(failing{}, 1000); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	data := archive(t)
	list, err := members(data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := new(Reader).Read(window.At(failing{}, 0, 1000, 1000), nil, &list[0]); !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

// FuzzZip reads arbitrary bytes as an archive: no panic, faults or contents of the size that was announced, which are
// found again.
func FuzzZip(f *testing.F) {
	data := archive(f)
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add(at(data, record, 1, 8, "\x09"))
	files := madetest.Files(f, "testdata/made.zip")
	names := madetest.Names(files, ".zip")
	for _, name := range names[:8] {
		if data := files[name+".zip"]; len(data) < 4000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := members(data)
		if err != nil {
			if premix.AsFault(err) == nil {
				t.Fatalf("an error of the environment: %v", err)
			}
			return
		}
		var u Reader
		size := int64(len(data))
		w := window.At(bytes.NewReader(data), 0, size, size)
		for i := range list {
			m := &list[i]
			if m.Fault(1<<16) != nil {
				continue
			}
			got, err := u.Read(w, nil, m)
			if err == nil && int64(len(got)) != m.Size || err != nil && premix.AsFault(err) == nil {
				t.Fatalf("%q: %d bytes, want %d; %v", m.Name, len(got), m.Size, err)
			}
			if err != nil {
				continue
			}
			again, err := u.Again(window.At(bytes.NewReader(data[m.Header:]), 0, size-m.Header, size-m.Header), nil, m.Size)
			if err != nil || !bytes.Equal(got, again) {
				t.Fatalf("%q: other contents again, %v", m.Name, err)
			}
		}
	})
}
