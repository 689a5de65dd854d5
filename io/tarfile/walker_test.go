package tarfile

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/io/window"
)

// header is that of a member, made by archive/tar.
func header(t *testing.T, name string, size int64, edit func(*tar.Header)) []byte {
	t.Helper()
	var buf bytes.Buffer
	h := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o444, Size: size, Format: tar.FormatUSTAR}
	if edit != nil {
		edit(h)
	}
	if err := tar.NewWriter(&buf).WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// member is a whole one of 5 bytes.
func member(t *testing.T, name string) []byte {
	t.Helper()
	return append(header(t, name, 5, nil), append([]byte("12345"), make([]byte, Block-5)...)...)
}

// sparseMember is one of GNU's old form, with one piece of 5 bytes.
func sparseMember(t *testing.T) []byte {
	t.Helper()
	h := header(t, "holes", 5, func(h *tar.Header) { h.Format = tar.FormatGNU })
	h[156] = tar.TypeGNUSparse
	copy(h[386:], "00000000000\x0000000000005\x00")
	copy(h[483:], "00000000005\x00")
	sign(h)
	return append(h, append([]byte("12345"), make([]byte, Block-5)...)...)
}

// sign gives a header its checksum.
func sign(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h[:Block] {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
}

// walk goes through a tar, and tells each result in a line: a member, damage with its kind, place and loss, or how
// it ended.
func walk(t *testing.T, w *window.Window, o Options) (lines []string) {
	t.Helper()
	k := New(w, 0, o)
	for {
		m, err := k.Next(t.Context())
		var damage *Damage
		switch {
		case err == io.EOF:
			if _, err := k.Next(t.Context()); err != io.EOF {
				t.Errorf("after io.EOF: %v", err)
			}
			return append(lines, "end")
		case errors.As(err, &damage):
			inside := ""
			if damage.Inside {
				inside = " inside"
			}
			lines = append(lines, fmt.Sprintf("%s%s, %d lost: %s", damage.Fault.Kind, inside, damage.Lost, damage.Fault.Reason))
		case err != nil:
			return append(lines, err.Error())
		default:
			lines = append(lines, m.Name)
		}
	}
}

// broken fails after n bytes.
type broken struct {
	r   io.Reader
	err error
}

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

// TestTransitions has a case for each line of the table of Walker, in its order.
func TestTransitions(t *testing.T) {
	a, b, end := member(t, "a"), member(t, "b"), make([]byte, 2*Block)
	junk := bytes.Repeat([]byte("garbage "), Block/8)
	hole := make([]byte, 41*Block)
	holes := sparseMember(t)
	wide := sparseMember(t) // larger than the archive
	copy(wide[483:], "00000100000\x00")
	sign(wide)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name   string
		data   []byte
		o      Options
		end    int64 // of the chunk, if not 0
		want   []string
		strict []string // all of it ends in one error
	}{
		{"members: header", join(a, b, end), Options{}, 0, []string{"a", "b", "end"}, []string{"a", "b", "end"}},
		{"members: sparse", join(holes, b, end), Options{}, 0, []string{"holes", "b", "end"}, []string{"holes", "b", "end"}},
		{"members: zeros", join(a, end), Options{}, 0, []string{"a", "end"}, []string{"a", "end"}},
		{"members: anything else", join(a, junk, junk, b, end), Options{}, 0,
			[]string{"a", "corrupt, 1024 lost: byte 1024: a broken header; what it stands for is lost", "b", "end"},
			[]string{"a", "corrupt, 3072 lost: byte 1024: a broken header; what it stands for is lost", "end"}},
		{"members: anything else, to the end", join(a, junk, junk), Options{}, 0,
			[]string{"a", "corrupt, 1024 lost: byte 1024: a broken header; what it stands for is lost", "end"},
			[]string{"a", "corrupt, 1024 lost: byte 1024: a broken header; what it stands for is lost", "end"}},
		{"members: anything else, first", join(junk, b, end), Options{}, 0,
			[]string{"corrupt, 512 lost: byte 0: no tar header", "b", "end"},
			[]string{"corrupt, 2560 lost: byte 0: no tar header", "end"}},
		{"members: inside, rescue", join(header(t, "big", 1<<20, nil), junk, b, end), Options{Rescue: true}, 0,
			[]string{"big", "truncated inside, 512 lost: byte 512: the archive ends inside of a member, after 2560 of its 1048576 bytes", "b", "end"}, nil},
		{"members: inside", a[:Block+2], Options{}, 0,
			[]string{"a", "truncated inside, -1 lost: byte 514: the archive ends inside of a member, after 2 of its 5 bytes", "end"},
			[]string{"a", "truncated inside, -1 lost: byte 514: the archive ends inside of a member, after 2 of its 5 bytes", "end"}},
		{"members: inside of padding", a[:Block+9], Options{}, 0,
			[]string{"a", "truncated inside, -1 lost: byte 521: the archive ends in the padding of a member", "end"},
			[]string{"a", "truncated inside, -1 lost: byte 521: the archive ends in the padding of a member", "end"}},
		{"members: the end", a, Options{}, 0,
			[]string{"a", "truncated, -1 lost: byte 1024: the archive ends without its end mark: members may be missing", "end"},
			[]string{"a", "truncated, -1 lost: byte 1024: the archive ends without its end mark: members may be missing", "end"}},
		{"members: the end, of nothing", nil, Options{}, 0,
			[]string{"empty, -1 lost: byte 0: no tar archive: nothing in it", "end"},
			[]string{"truncated, -1 lost: byte 0: the archive ends without its end mark: members may be missing", "end"}},
		{"members: a part of a block", join(a, junk[:100]), Options{}, 0,
			[]string{"a", "truncated, -1 lost: byte 1024: 100 bytes where a header should be", "end"},
			[]string{"a", "truncated, -1 lost: byte 1024: 100 bytes where a header should be", "end"}},
		{"members: the end of the chunk", join(a, b, end), Options{}, 1024, []string{"a", "end"}, []string{"a", "end"}},
		{"mark: zeros", join(a, end, end), Options{}, 0, []string{"a", "end"}, []string{"a", "end"}},
		{"mark: header", join(a, end, b, end), Options{}, 0, []string{"a", "b", "end"},
			[]string{"a", "corrupt, -1 lost: byte 2048: more follows the end mark of the archive", "end"}},
		{"mark: header, behind a hole", join(a, hole, b, end), Options{}, 0,
			[]string{"a", "corrupt, 20992 lost: byte 1024: 20992 bytes of zeros: what they stand for is lost", "b", "end"},
			[]string{"a", "corrupt, -1 lost: byte 22016: more follows the end mark of the archive", "end"}},
		{"mark: anything else", join(a, end, junk, b, end), Options{}, 0,
			[]string{"a", "corrupt, 512 lost: byte 2048: what follows the end mark is no archive", "b", "end"},
			[]string{"a", "corrupt, -1 lost: byte 2048: more follows the end mark of the archive", "end"}},
		{"mark: the end, behind a hole", join(a, hole), Options{}, 0,
			[]string{"a", "truncated, 20992 lost: byte 1024: the rest of the file, 20992 bytes, is zeros, as of a download that did not finish", "end"},
			[]string{"a", "end"}},
		{"sparse: sparse", join(holes, holes, end), Options{}, 0, []string{"holes", "holes", "end"}, []string{"holes", "holes", "end"}},
		{"sparse: zeros", join(holes, end), Options{}, 0, []string{"holes", "end"}, []string{"holes", "end"}},
		{"sparse: zeros, behind a large one", join(wide, end), Options{}, 0, []string{"holes", "end"}, []string{"holes", "end"}},
		{"sparse: zeros and an archive", join(holes, end, b, end), Options{}, 0, []string{"holes", "b", "end"},
			[]string{"holes", "corrupt, -1 lost: byte 2048: more follows the end mark of the archive", "end"}},
		{"sparse: anything else", join(holes, junk, b, end), Options{}, 0,
			[]string{"holes", "corrupt, 1024 lost: byte 512: a broken header; what it stands for is lost", "b", "end"},
			[]string{"holes", "corrupt, 3072 lost: byte 512: a broken header; what it stands for is lost", "end"}},
		{"sparse: the end", holes, Options{}, 0,
			[]string{"holes", "truncated, -1 lost: byte 1024: the archive ends without its end mark: members may be missing", "end"},
			[]string{"holes", "truncated, -1 lost: byte 1024: the archive ends without its end mark: members may be missing", "end"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			open := func() *window.Window {
				end := int64(-1)
				if test.end > 0 {
					end = test.end
				}
				return window.At(bytes.NewReader(test.data), 0, end, int64(len(test.data)))
			}
			if d := cmp.Diff(test.want, walk(t, open(), test.o)); d != "" {
				t.Error(d)
			}
			if test.strict == nil {
				return
			}
			if d := cmp.Diff(test.strict, walk(t, open(), Options{Strict: true})); d != "" {
				t.Errorf("strict: %s", d)
			}
		})
	}
}

// TestBrokenStream: an error of the stream ends the walk in each state: a fault as damage, one of the medium as it is.
func TestBrokenStream(t *testing.T) {
	a := member(t, "a")
	for name, data := range map[string][]byte{
		"members": a, "inside": a[:Block+2], "header": a[:100], "mark": append(bytes.Clone(a), make([]byte, Block)...),
		"search": append(bytes.Clone(a), bytes.Repeat([]byte("x"), 2*Block)...), "sparse": sparseMember(t)[:Block+2],
	} {
		for _, fault := range []bool{true, false} {
			err := errors.New("the disk is broken")
			if fault {
				err = premix.Faultf(premix.Corrupt, "a broken stream")
			}
			lines := walk(t, window.Stream(broken{bytes.NewReader(data), err}, 0, -1, -1), Options{})
			last := lines[len(lines)-1]
			if fault && (last != "end" || !strings.Contains(lines[len(lines)-2], "a broken stream")) || !fault && last != err.Error() {
				t.Errorf("%s, a fault %v: %q", name, fault, lines)
			}
		}
	}
}

// TestBetween: a strict walk keeps what is between members.
func TestBetween(t *testing.T) {
	data := append(append(member(t, "a"), header(t, "b", 0, nil)...), append(member(t, "c"), make([]byte, 2*Block)...)...)
	k := New(window.Stream(bytes.NewReader(data), 0, -1, -1), 0, Options{Strict: true})
	for i, want := range []struct{ pad, from int }{{0, 0}, {Block - 5, 2 * Block}, {0, 3 * Block}} {
		m, err := k.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		padding, h := k.Between()
		if len(padding) != want.pad || !bytes.Equal(h, data[want.from:][:Block]) {
			t.Errorf("member %d: %d bytes of padding, header %q", i, len(padding), h[:20])
		}
		if i == 0 {
			if got, err := k.Read(nil, m); string(got) != "12345" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		}
	}
	if _, err := k.Next(t.Context()); err != io.EOF || k.Tail() != 2*Block {
		t.Errorf("%v, %d zeros", err, k.Tail())
	}
}
