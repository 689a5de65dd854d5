package source

import (
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/source/tree"
)

// imageName reports whether an entry claims to be an image by its name. Formats that premix
// does not read count too: such a file is a failure and not a side file.
func imageName(name string) bool {
	if imaging.HasImageName(name) {
		return true
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".jpe", ".jfif", ".pjpeg", ".avif", ".heic", ".heif", ".jp2", ".j2k", ".jxl":
		return true
	}
	return false
}

// junkName reports whether a file or folder is one that systems and tools leave. It is
// ignored whatever it holds.
func junkName(base string) bool {
	switch base {
	case "Thumbs.db", "desktop.ini", "__MACOSX", "@eaDir", "__pycache__", "__index__", "__premix__", "lost+found":
		return true
	}
	return strings.HasPrefix(base, ".")
}

// junkPath reports whether any part of a slash-separated path is junk.
func junkPath(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if junkName(part) {
			return true
		}
	}
	return false
}

// canonicalSplit maps the spellings of split names; other names are returned as they are.
func canonicalSplit(s string) string {
	if split := tree.Split(s); split != "" {
		return split
	}
	return s
}

// splitOf chooses the wanted split among the names that an input has for its splits; empty if it has none.
func (o Options) splitOf(names []string) string {
	if slices.Contains(names, o.split()) {
		return o.split()
	}
	i := slices.IndexFunc(names, func(name string) bool { return canonicalSplit(name) == o.split() })
	if i < 0 {
		return ""
	}
	return names[i]
}

// splitOf finds the split that a shard's file name contains, as Hugging Face's readers do; empty if none.
func splitOf(base string) string { return tree.SplitPart(base) }

// member brings a name from inside of an archive into the form of a path below it. Names are
// only labels here, nothing is ever written under them: a leading slash, "." and ".." are
// dropped. It is empty if nothing is left.
func member(name string) string {
	p := escape(path.Clean("/" + name)[1:])
	if len(p) > maxName {
		sum := DigestOf([]byte(p))
		p = strings.ToValidUTF8(p[:maxName], "") + "…" + hex.EncodeToString(sum[:]) + path.Ext(p[len(p)-16:])
	}
	return p
}

// maxName bounds the names of members, which an archive may make a megabyte long at next to no
// cost. What is longer is cut and carries a hash.
const maxName = 4096

// escape writes the bytes of a name that are not UTF-8 as \xNN.
func escape(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, name[0])
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// below is the name of an entry of the container. The name of a flat set may be empty.
func (c Container) below(name string) string { return below(c.Name, name) }

func below(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

// stem is a path without the extension of its last element.
func stem(p string) string { return strings.TrimSuffix(p, path.Ext(p)) }

// fail makes s a failed sample.
func fail(s premix.Sample, stage premix.Stage, err error) Entry {
	s.Fault = premix.AsFault(err)
	s.FaultStage = stage
	return Entry{Sample: s}
}

func failf(s premix.Sample, stage premix.Stage, kind premix.FaultKind, format string, args ...any) Entry {
	return fail(s, stage, premix.Faultf(kind, format, args...))
}

// at puts the place of an entry in its container before the reason of its fault, unless one
// is there already.
func (e *Entry) at(place string) {
	e.place = place
	word, _, _ := strings.Cut(place, " ")
	if f := e.Sample.Fault; f != nil && !strings.HasPrefix(f.Reason, word+" ") {
		e.Sample.Fault = &premix.Fault{Kind: f.Kind, Reason: place + f.Reason}
	}
}
