package source

import (
	"context"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tarfile"
)

// An unreadKind is a way to compress tars that is not read.
type unreadKind struct {
	name    string
	command string   // writes what was compressed to its output
	endings []string // of files, in small letters
	magic   string   // at the beginning; empty if there is none
}

var unreadKinds = []unreadKind{
	{"xz", "xz -dc", []string{".tar.xz", ".txz"}, "\xfd7zXZ\x00"},
	{"LZMA", "xz -dc --format=lzma", []string{".tar.lzma", ".tlz"}, "\x5d\x00\x00"},
	{"lzip", "lzip -dc", []string{".tar.lz"}, "LZIP"},
	{"lz4", "lz4 -dc", []string{".tar.lz4"}, "\x04\x22\x4d\x18"},
	{"Brotli", "brotli -dc", []string{".tar.br"}, ""},
	{"compress", "gzip -dc", []string{".tar.z"}, "\x1f\x9d"},
	{"lzop", "lzop -dc", []string{".tar.lzo"}, "\x89LZO\x00"},
}

// unreadTar returns how a tar of this name is compressed that is not read; nil for any other file.
func unreadTar(base string) *unreadKind {
	base = strings.ToLower(base)
	for i := range unreadKinds {
		for _, ending := range unreadKinds[i].endings {
			if strings.HasSuffix(base, ending) && len(base) > len(ending) {
				return &unreadKinds[i]
			}
		}
	}
	return nil
}

// unreadIn is unreadTar by the first bytes of a file.
func unreadIn(head []byte) *unreadKind {
	for i := range unreadKinds {
		if magic := unreadKinds[i].magic; magic != "" && strings.HasPrefix(string(head), magic) {
			return &unreadKinds[i]
		}
	}
	return nil
}

// anyTarName reports whether a name is that of a tar, compressed in any way.
func anyTarName(base string) bool { return tarName(base) || unreadTar(base) != nil }

// tarCompressions returns how each of some tars of an input is compressed. One that is in a way that is not read is
// a mistake of the user's, since a part of the data would be missing.
func (r root) tarCompressions(ctx context.Context, tars []blob.Object) ([]string, error) {
	unread := make([]*unreadKind, len(tars))
	for i, f := range tars {
		unread[i] = unreadTar(blob.Base(f.URI))
	}
	kinds, err := compressionsOf(ctx, tars, func(i int, head []byte) bool {
		plain := len(head) == tarBlock && tarfile.HasSum(head)
		switch in := unreadIn(head); {
		case plain, compressionIn(head) != "":
			unread[i] = nil
		case in != nil:
			unread[i] = in
		}
		return plain
	})
	if err != nil {
		return nil, err
	}
	for i, u := range unread {
		if u == nil {
			continue
		}
		path := r.rel(tars[i])
		to := shardStem(path) + ".tar"
		if to == path {
			to = shardStem(path) + ".plain.tar"
		}
		return nil, usagef("--in %s: %s is a tar compressed with %s, which premix does not read: unpack it with “%s %s > %s”, or leave it out by naming the others with a pattern",
			r.in.URI, path, u.name, u.command, path, to)
	}
	return kinds, nil
}
