package tartest

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Files are the tars of the table, but for those of Odd.
func Files(t testing.TB) []File {
	t.Helper()
	all := append(cuts(t), headers(t)...)
	all = append(all, defects(t)...)
	all = append(all, several(t)...)
	all = append(all, holes(t)...)
	all = append(all, impostors(t)...)
	all = append(all, streams(t)...)
	return fill(t, append(all, checksums(t)...))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

var garbage = bytes.Repeat([]byte("garbage "), 64)

// cuts are tars that end too early.
func cuts(t testing.TB) []File {
	whole := Tar(t, samples(3, 3000)...)
	return []File{
		{Name: "whole", File: "x.tar", Data: whole},
		{Name: "nothing", File: "x.tar"},
		{Name: "cut in a header", File: "x.tar", Data: whole[:100]},
		{Name: "cut in a later header", File: "x.tar", Data: whole[:bytes.Index(whole, []byte("s0001.jpg"))+100]},
		{Name: "cut before a label", File: "x.tar", Data: whole[:512]},
		{Name: "cut in padding", File: "x.tar", Data: whole[:700]},
		{Name: "cut in an image", File: "x.tar", Data: whole[:1600]},
		{Name: "cut in a later image", File: "x.tar", Data: whole[:bytes.Index(whole, []byte("s0001.jpg"))+600]},
		{Name: "cut between members", File: "x.tar", Data: whole[:bytes.Index(whole, []byte("s0001.jpg"))]},
		{Name: "without its end", File: "x.tar", Data: whole[:len(whole)-1024]},
		{Name: "half an end", File: "x.tar", Data: whole[:len(whole)-512]},
		{Name: "padded", File: "x.tar", Data: append(bytes.Clone(whole), make([]byte, 10240)...)},
	}
}

// resign corrects the checksum of a header.
func resign(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h[:512] {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
}

// claim makes a tar say that a member has 2^40 bytes.
func claim(data []byte, name string) []byte {
	data = bytes.Clone(data)
	h := data[bytes.Index(data, []byte(name)):]
	copy(h[124:136], "\x80\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00")
	resign(h)
	return data
}

// headers are tars whose headers are wrong.
func headers(t testing.TB) []File {
	whole := Tar(t, samples(3, 3000)...)
	flipped := bytes.Clone(whole)
	flipped[bytes.Index(flipped, []byte("s0001.cls"))+20] ^= 1
	class := Tar(t, Member{"a.JPEG", picture(0, 3000)}, Member{"b.JPEG", picture(1, 3000)}, Member{"c.JPEG", picture(2, 3000)})
	return []File{
		{Name: "header checksum", File: "x.tar", Data: flipped},
		{Name: "image of 2^40 bytes", File: "x.tar", Data: claim(whole, "s0001.jpg")},
		{Name: "label of 2^40 bytes", File: "x.tar", Data: claim(whole, "s0001.cls")},
		{Name: "image of 2^40 bytes", File: "x.tar.gz", Data: Gzip(t, claim(whole, "s0001.jpg"))},
		{Name: "image of 2^40 bytes", File: "n01440764.tar", Data: claim(class, "b.JPEG")},
		{Name: "garbage in front", File: "x.tar", Data: join(garbage, whole)},
		{Name: "garbage alone", File: "x.tar", Data: bytes.Repeat(garbage, 10)},
	}
}

// defects are tars in which a sample is of no use.
func defects(t testing.TB) (files []File) {
	p := picture(5, 3000)
	for _, d := range []struct {
		name    string
		members []Member
	}{
		{"key twice", pair("first", "0", p)},
		{"members apart", append(append([]Member{{"a.jpg", p}}, pair("b", "1", p)...), Member{"a.cls", []byte("1")})},
		{"label negative", pair("a", "-4", p)},
		{"label a word", pair("a", "cat", p)},
		{"image empty", pair("a", "1", nil)},
	} {
		list := append(append(pair("first", "0", picture(0, 3000)), d.members...), pair("last", "1", picture(1, 3000))...)
		files = append(files, File{Name: d.name, File: "x.tar", Data: Tar(t, list...)})
	}
	return append(files, File{Name: "a name twice, an image empty", File: "n01440764.tar",
		Data: Tar(t, Member{"a.JPEG", p}, Member{"a.JPEG", p}, Member{"b.JPEG", nil}, Member{"c.JPEG", picture(1, 3000)})})
}

// several are tars with something behind their end.
func several(t testing.TB) []File {
	a, b := Tar(t, pair("a", "0", picture(0, 3000))...), Tar(t, pair("b", "1", picture(1, 3000))...)
	return []File{
		{Name: "two tars", File: "x.tar", Data: join(a, b)},
		{Name: "the same twice", File: "x.tar", Data: join(a, a)},
		{Name: "two tars with garbage between", File: "x.tar", Data: join(a, garbage, b)},
		{Name: "garbage behind the end", File: "x.tar", Data: join(a, garbage, garbage[:288])},
	}
}

// holes are tars with zeros in them.
func holes(t testing.TB) []File {
	whole := Tar(t, samples(8, 3000)...)
	at := func(name string) int { return bytes.Index(whole, []byte(name)) }
	zeroed := func(from, until int) []byte {
		data := bytes.Clone(whole)
		clear(data[from:until])
		return data
	}
	return []File{
		{Name: "zeros from a member on", File: "x.tar", Data: zeroed(at("s0004.jpg"), len(whole))},
		{Name: "zeros alone", File: "x.tar", Data: make([]byte, 40960)},
		{Name: "a hole that ends at a header", File: "x.tar", Data: zeroed(at("s0002.jpg"), at("s0005.jpg"))},
		{Name: "the end mark alone", File: "x.tar", Data: make([]byte, 1024)},
		{Name: "a record of zeros", File: "x.tar", Data: make([]byte, 10240)},
	}
}

// impostors are other files by the name of a tar.
func impostors(t testing.TB) []File {
	whole := Tar(t, samples(3, 3000)...)
	lfs := []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 130000\n")
	page := []byte("<!DOCTYPE html>\n<html>404</html>")
	return []File{
		{Name: "a pointer", File: "x.tar", Data: lfs}, {Name: "a pointer", File: "x.tar.gz", Data: lfs},
		{Name: "a page", File: "x.tar", Data: page}, {Name: "a page", File: "x.tar.gz", Data: page}, {Name: "a page", File: "x.tar.zst", Data: page},
		{Name: "a message of a store", File: "x.tar", Data: []byte("<?xml version=\"1.0\"?>\n<Error/>")},
		{Name: "a zip archive", File: "x.tar", Data: append([]byte("PK\x03\x04"), make([]byte, 996)...)},
		{Name: "a compressed tar by another name", File: "x.tar", Data: Gzip(t, whole)},
		{Name: "a tar by another name", File: "x.tar.gz", Data: whole},
	}
}

// streams are compressed tars that are cut, or have something behind them.
func streams(t testing.TB) []File {
	whole := Tar(t, samples(8, 3000)...)
	gz, half := Gzip(t, whole), Gzip(t, whole[:len(whole)/2])
	large := Zstd(t, Tar(t, samples(9, 60_000)...))
	return []File{
		{Name: "two gzip members", File: "x.tar.gz", Data: join(half, Gzip(t, whole[len(whole)/2:]))},
		{Name: "gzip with garbage", File: "x.tar.gz", Data: join(gz, []byte("garbage"))},
		{Name: "gzip cut at its end", File: "x.tar.gz", Data: gz[:len(gz)-9]},
		{Name: "gzip cut", File: "x.tar.gz", Data: gz[:500]},
		{Name: "gzip with zeros in place of its end", File: "x.tar.gz", Data: join(half, make([]byte, 20_000))},
		{Name: "gzip in a record of tape", File: "x.tar.gz", Data: append(gz, make([]byte, 10240-len(gz)%10240)...)},
		{Name: "zstd with garbage", File: "x.tar.zst", Data: join(Zstd(t, whole), []byte("garbage"))},
		{Name: "zstd cut", File: "x.tar.zst", Data: large[:len(large)-5]},
	}
}

// Bzip2 is a tar of four samples that bzip2 has compressed.
//
//go:embed four.tar.bz2
var Bzip2 []byte

// checksums are compressed tars that prove to be broken.
func checksums(t testing.TB) []File {
	whole, large := Tar(t, samples(9, 3000)...), Tar(t, samples(9, 60_000)...)
	cut := bytes.Index(whole, []byte("s0003.cls")) // the first three samples are before it
	gz := Gzip(t, whole)
	var plain bytes.Buffer
	level, err := gzip.NewWriterLevel(&plain, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	stored := pack(t, &plain, level, whole) // with another label
	stored[bytes.Index(stored, []byte("s0004.cls"))+512]++
	flip := func(data []byte, fromEnd int) []byte {
		data = bytes.Clone(data)
		data[len(data)-fromEnd] ^= 1
		return data
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false))
	if err != nil {
		t.Fatal(err)
	}
	unchecked := w.EncodeAll(large, nil)
	class := Tar(t, Member{"a.JPEG", picture(0, 3000)}, Member{"b.JPEG", picture(1, 3000)})
	return []File{
		{Name: "gzip, whole", File: "x.tar.gz", Data: gz},
		{Name: "gzip, a label of a stored block", File: "x.tar.gz", Data: stored},
		{Name: "gzip, the checksum", File: "x.tar.gz", Data: flip(gz, 6)},
		{Name: "gzip, the length", File: "x.tar.gz", Data: flip(gz, 2)},
		{Name: "gzip, the checksum of the last member", File: "x.tar.gz", Data: join(Gzip(t, whole[:cut]), flip(Gzip(t, whole[cut:]), 6))},
		{Name: "gzip, the checksum of the first member", File: "x.tar.gz", Data: join(flip(Gzip(t, whole[:cut]), 6), Gzip(t, whole[cut:]))},
		{Name: "gzip, the header of the second member", File: "x.tar.gz", Data: join(Gzip(t, whole[:cut]), []byte("\x1f\x8b\x07"), Gzip(t, whole[cut:]))},
		{Name: "zlib, the checksum", File: "x.tar", Data: flip(Zlib(t, whole), 1)},
		{Name: "zstd, the checksum", File: "x.tar.zst", Data: flip(Zstd(t, large), 1)},
		{Name: "zstd of one block, the checksum", File: "x.tar.zst", Data: flip(Zstd(t, whole), 1)},
		{Name: "zstd in frames, the last checksum", File: "x.tar.zst", Data: join(Zstd(t, whole[:cut]), flip(Zstd(t, whole[cut:]), 1))},
		{Name: "zstd without a checksum", File: "x.tar.zst", Data: join(unchecked[:len(unchecked)-3], []byte("garbage"))},
		{Name: "bzip2, a block", File: "x.tar.bz2", Data: flip(Bzip2, len(Bzip2)-10)}, // its checksum is behind its magic
		{Name: "bzip2, the checksum of the file", File: "x.tar.bz2", Data: flip(Bzip2, 3)},
		{Name: "bzip2, cut", File: "x.tar.bz2", Data: Bzip2[:len(Bzip2)-5]},
		{Name: "the checksum of a class", File: "n01440764.tar", Data: flip(Gzip(t, class), 6)},
	}
}

// Gzip is data in one member of gzip.
func Gzip(t testing.TB, data []byte) []byte {
	var buf bytes.Buffer
	return pack(t, &buf, gzip.NewWriter(&buf), data)
}

// Zlib is data in one stream of zlib.
func Zlib(t testing.TB, data []byte) []byte {
	var buf bytes.Buffer
	return pack(t, &buf, zlib.NewWriter(&buf), data)
}

func pack(t testing.TB, buf *bytes.Buffer, w io.WriteCloser, data []byte) []byte {
	t.Helper()
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Zstd is data in one frame of zstd.
func Zstd(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}
