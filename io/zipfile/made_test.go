package zipfile

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/madetest"
	"github.com/premix/premix/io/window"
)

// members are those of an archive.
func members(data []byte) (list []Member, err error) {
	d, err := Find(bytes.NewReader(data), int64(len(data)))
	if err == nil {
		err = d.Check(bytes.NewReader(data[d.At:d.End]), func(*Member) {})
	}
	if err == nil {
		err = d.Walk(bytes.NewReader(data[d.At:d.End]), d.At, d.End, func(m *Member) error {
			list = append(list, *m)
			return nil
		})
	}
	return list, err
}

// contents are those of a member, or its fault.
func contents(u *Reader, data []byte, m *Member) ([]byte, error) {
	if f := m.Fault(1 << 28); f != nil && f.Kind != premix.Empty {
		return nil, f
	}
	size := int64(len(data))
	return u.Read(window.At(bytes.NewReader(data), 0, size, size), nil, m)
}

// exceptions are what zipfile does and Reader does not, or the other way round, by what either says. In all other cases
// there are the same names and contents, or an error on both sides.
var exceptions = []struct{ zipfile, ours, why string }{
	{"", "the directory of the zip archive is broken", "zipfile takes what it can of a broken directory"},
	{"", "in several files", "zipfile ignores the numbers of disks"},
	{"", "where it cannot be", "zipfile reads members that reach into the directory"},
	{"UnicodeDecodeError", "", "zipfile refuses names that are not UTF-8"},
	{"", "the member ends after", "zipfile returns less than the directory says"},
	{"", "the member has more than its", "zipfile returns less than there is"},
	{"", "the file ends within the member", "zipfile returns less than the directory says"},
	{"", "a symbolic link", "zipfile takes the target of a link for contents"},
	{"", "though it is not compressed", "zipfile returns less than the directory says"},
	{"", "the member is encrypted", "zipfile ignores the flag for an encrypted directory"},
	{"", "another name or method", "zipfile compares names only, and ignores how that of ASCII is written"},
	{"zip file version", "", "zipfile asks for the version, whatever the method"},
}

func upToNul(name string) string {
	name, _, _ = strings.Cut(name, "\x00")
	return name
}

func excepted(data []byte, theirs, ours string) string {
	if strings.Contains(theirs, "File is not a zip file") && bytes.Count(data, []byte("PK\x05\x06")) > 1 {
		return "zipfile takes a mark in the comment for the end"
	}
	for _, e := range exceptions {
		if e.zipfile != "" && strings.Contains(theirs, e.zipfile) || e.ours != "" && strings.Contains(ours, e.ours) {
			return e.why
		}
	}
	return ""
}

// TestMade compares with Python's zipfile.
func TestMade(t *testing.T) {
	files := madetest.Files(t, "testdata/made.zip")
	names := madetest.Names(files, ".zip")
	count := map[string]int{}
	differ := func(name, theirs string, err error) {
		t.Helper()
		why := excepted(files[name+".zip"], theirs, fmt.Sprint(err))
		if count[why]++; why == "" {
			t.Errorf("%s: %v; zipfile says %.150s", name, err, theirs)
		}
	}
	var u Reader
	for _, name := range names {
		data, want := files[name+".zip"], string(files[name+".txt"])
		list, err := members(data)
		if refused := strings.HasPrefix(want, "error: "); err != nil || refused {
			switch {
			case err != nil && premix.AsFault(err) == nil:
				t.Errorf("%s: %v is an error of the medium", name, err)
			case err != nil && refused:
				count["archives refused by both"]++
			default:
				differ(name, want, err)
			}
			continue
		}
		lines := strings.Split(strings.TrimSuffix(want, "\n"), "\n")
		if want == "" {
			lines = nil
		}
		if len(lines) != len(list) {
			t.Errorf("%s: %d members, zipfile has %d", name, len(list), len(lines))
			continue
		}
		for i, line := range lines {
			raw, result, _ := strings.Cut(line, " ")
			got, err := contents(&u, data, &list[i])
			switch bad := strings.HasPrefix(result, "!"); {
			case fmt.Sprintf("%x", upToNul(list[i].raw)) != raw:
				differ(name, "name "+raw+" of "+line, fmt.Errorf("name %x", list[i].raw))
			case err != nil && premix.AsFault(err) == nil:
				t.Errorf("%s: %v is an error of the medium", name, err)
			case err != nil && bad:
				count["members refused by both"]++
			case err != nil || bad:
				differ(name, line, err)
			case fmt.Sprintf("%x", sha1.Sum(got)) != result:
				t.Errorf("%s, %s: other contents", name, list[i].Name)
			default:
				count["members read by both"]++
			}
		}
	}
	t.Logf("%d archives: %v", len(names), count)
}
