package zipfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/premix/premix"
)

// archive is one of a stored and a deflated member, and of nothing in two ways.
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

// TestRead: members are read, those of no use have a fault, and the stored one is where it says.
func TestRead(t *testing.T) {
	data := archive(t)
	r, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(r.Members) != 4 {
		t.Fatalf("%v, %v", r, err)
	}
	a, b, folder, empty := &r.Members[0], &r.Members[1], &r.Members[2], &r.Members[3]
	if got, err := r.Read(nil, a); string(got) != "stored" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if at, ok, err := r.Offset(a); !ok || err != nil || string(data[at:][:6]) != "stored" {
		t.Errorf("offset %d, %v, %v", at, ok, err)
	}
	if got, err := r.Read(nil, b); string(got) != strings.Repeat("deflated ", 20) || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, ok, _ := r.Offset(b); ok || !folder.Folder || b.Fault(180) != nil {
		t.Error("the deflated member, or the folder, is another")
	}
	if f := empty.Fault(9); f == nil || f.Kind != premix.Empty {
		t.Errorf("empty: %v", f)
	}
	if f := b.Fault(179); f == nil || f.Kind != premix.TooLarge {
		t.Errorf("too large: %v", f)
	}
	for at, want := range map[string]premix.FaultKind{"stored": premix.Corrupt} { // a flipped bit is found
		bad := bytes.Clone(data)
		bad[bytes.Index(bad, []byte(at))] ^= 1
		r, err := Open(bytes.NewReader(bad), int64(len(bad)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(nil, &r.Members[0]); premix.AsFault(err) == nil || premix.AsFault(err).Kind != want {
			t.Errorf("%s flipped: %v", at, err)
		}
	}
	if _, err := Open(bytes.NewReader(data[:len(data)-30]), int64(len(data)-30)); premix.AsFault(err) == nil {
		t.Errorf("cut: %v", err)
	}
}

// failing is a file that cannot be read.
type failing struct{}

var errDisk = errors.New("the disk is broken")

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

// TestMedium: an error of the file is none of the archive.
func TestMedium(t *testing.T) {
	if _, err := Open(failing{}, 1000); !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

// FuzzZip reads arbitrary bytes as an archive: no panic, faults or contents of the size that was announced.
func FuzzZip(f *testing.F) {
	data := archive(f)
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if premix.AsFault(err) == nil {
				t.Fatalf("an error of the environment: %v", err)
			}
			return
		}
		for i := range r.Members {
			m := &r.Members[i]
			if m.Fault(1<<16) != nil {
				continue
			}
			got, err := r.Read(nil, m)
			if err == nil && int64(len(got)) != m.Size || err != nil && premix.AsFault(err) == nil {
				t.Fatalf("%q: %d bytes, want %d; %v", m.Name, len(got), m.Size, err)
			}
		}
	})
}
