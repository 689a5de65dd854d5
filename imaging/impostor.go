package imaging

import (
	"bytes"
	"strings"
)

// An Impostor is what lies in the place of data: what a tool left that did not fetch the file, or an
// archive that somebody has renamed.
type Impostor struct {
	What string // "an HTML page"
	Todo string // what to do about it
	// Placeholder says that the bytes stand for others, which are elsewhere, and not for what is in them.
	Placeholder bool
}

// ImpostorOf recognizes what lies in the place of data by its first bytes; nil if it does not.
func ImpostorOf(head []byte) *Impostor {
	for i := range impostors {
		if strings.HasPrefix(string(head[:min(len(head), 64)]), impostors[i].magic) {
			return &impostors[i].Impostor
		}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head[:min(len(head), 512)], []byte("\xef\xbb\xbf")), " \t\r\n")
	for i := range pages {
		p := &pages[i]
		if len(text) >= len(p.magic) && strings.EqualFold(string(text[:len(p.magic)]), p.magic) {
			return &p.Impostor
		}
	}
	return nil
}

type magicOf struct {
	magic string
	Impostor
}

var impostors = []magicOf{
	{"version https://git-lfs.github.com/spec/", Impostor{"a Git LFS pointer", "git lfs pull gets the file", true}},
	{"PK\x03\x04", Impostor{"a zip archive", "unpack it", false}},
	{"PK\x05\x06", Impostor{"an empty zip archive", "get the file again", false}},
	{"7z\xbc\xaf\x27\x1c", Impostor{"a 7z archive", "unpack it", false}},
	{"Rar!\x1a\x07", Impostor{"a rar archive", "unpack it", false}},
	{"\xfd7zXZ\x00", Impostor{"xz data", "unpack it with xz -d", false}},
	{"BZh", Impostor{"bzip2 data", "unpack it with bunzip2", false}},
	{"\x1f\x8b\x08", Impostor{"gzip data", "unpack it with gunzip", false}},
	{"\x28\xb5\x2f\xfd", Impostor{"zstd data", "unpack it with zstd -d", false}},
}

var pages = []magicOf{
	{"<!doctype html", Impostor{"an HTML page", "get the file again: a server sent this page in its place", true}},
	{"<html", Impostor{"an HTML page", "get the file again: a server sent this page in its place", true}},
	{"<?xml", Impostor{"an XML text", "get the file again: a store sent this text in its place", true}},
	{"<error>", Impostor{"an XML text", "get the file again: a store sent this text in its place", true}},
}
