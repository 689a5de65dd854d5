package cache

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

const (
	dataSuffix = ".parquet"
	markSuffix = ".mark"

	contentLen = 32 // hexadecimal digits of a content
	placeLen   = 16 // of a stamp, and of a URI, in the name of a mark
)

// A File is a Parquet file of the cache: what one run added to a chunk.
type File struct {
	ID string // of the chunk
	// Content identifies the entries that the rows are of. It is empty for a file of an earlier version,
	// CHUNK.parquet, until its rows are read.
	Content  string
	Replicas []int // ascending; nil where Content is empty
	Bytes    int64
	ModTime  time.Time

	name string // in the directory of the store
}

// Name is the name of the file in the directory of the store.
func (f *File) Name() string { return f.name }

// A mark says, in its name alone, that a place has a content of a chunk.
type mark struct {
	content string
	place   place
	name    string
}

// A place is where a chunk was read: hashes of its stamp and of the address of its container.
type place struct{ stamp, uri string }

func placeOf(stamp, uri string) place {
	short := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:placeLen/2])
	}
	return place{short(stamp), short(uri)}
}

// readerPlace is where a reader puts the mark of what it has made. No container has an empty address.
func readerPlace(reader int) place { return placeOf(fmt.Sprintf("reader %d", reader), "") }

// dataName names the file that holds replicas from to to of a content.
func dataName(id, content string, from, to int) string {
	return fmt.Sprintf("%s-%s.r%d-%d%s", id, content, from, to, dataSuffix)
}

func markName(id, content string, p place) string {
	return fmt.Sprintf("%s-%s.%s-%s%s", id, content, p.stamp, p.uri, markSuffix)
}

// parseData is the inverse of dataName. It also takes the name of a file of an earlier version.
func parseData(name string) (f File, ok bool) {
	base, ok := strings.CutSuffix(name, dataSuffix)
	if !ok {
		return f, false
	}
	stem, span, dotted := strings.Cut(base, ".")
	if !dotted {
		return File{ID: base, name: name}, validName(base)
	}
	id, content, ok := splitStem(stem)
	a, b, dash := strings.Cut(strings.TrimPrefix(span, "r"), "-")
	from, err1 := strconv.ParseUint(a, 10, 31)
	to, err2 := strconv.ParseUint(b, 10, 31)
	if !ok || !dash || err1 != nil || err2 != nil || from > to || to-from >= maxSpan {
		return f, false
	}
	f = File{ID: id, Content: content, name: name}
	for r := from; r <= to; r++ {
		f.Replicas = append(f.Replicas, int(r))
	}
	return f, dataName(id, content, int(from), int(to)) == name
}

// maxSpan bounds the replicas that a name may promise, before memory is taken for them.
const maxSpan = 1 << 16

// parseMark is the inverse of markName.
func parseMark(name string) (id string, m mark, ok bool) {
	base, ok := strings.CutSuffix(name, markSuffix)
	stem, at, dotted := strings.Cut(base, ".")
	if !ok || !dotted {
		return "", m, false
	}
	id, m.content, ok = splitStem(stem)
	stamp, uri, _ := strings.Cut(at, "-")
	m.place, m.name = place{stamp, uri}, name
	return id, m, ok && isHex(stamp, placeLen) && isHex(uri, placeLen)
}

// splitStem splits CHUNK-CONTENT.
func splitStem(stem string) (id, content string, ok bool) {
	i := strings.LastIndexByte(stem, '-')
	if i < 0 {
		return "", "", false
	}
	id, content = stem[:i], stem[i+1:]
	return id, content, validName(id) && isHex(content, contentLen)
}

func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}

func validName(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// check returns an error for names that would lead out of the store.
func (s *Store) check(id string) error {
	if !validName(id) || !validName(blob.Base(s.dir)) {
		return fmt.Errorf("cache: %q in %s: names of chunks and fingerprints are letters, digits, '-' and '_'", id, s.dir)
	}
	return nil
}

// spans splits ascending replicas into ranges without gaps, which one file holds each.
func spans(replicas []int) (list [][]int) {
	for i := 0; i < len(replicas); {
		j := i + 1
		for j < len(replicas) && replicas[j] == replicas[j-1]+1 {
			j++
		}
		list = append(list, replicas[i:j])
		i = j
	}
	return list
}

// ContentOf identifies the entries of a chunk as they were read: names, places in the container, bytes,
// labels, and defects that were found before anything was decoded. Neither the address of the container nor
// the replicas take part, so that copies of an input have the same content.
func ContentOf(c *Chunk) string {
	h := sha256.New()
	var b []byte
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for e := range ByEntry(c.Rows) {
		s := &e[0]
		b = b[:0]
		text(s.Name)
		b = binary.AppendVarint(b, s.Location.Offset)
		b = binary.AppendVarint(b, s.Location.Length)
		b = append(b, s.Digest[:]...)
		b = binary.AppendVarint(b, int64(s.Label))
		text(s.Class)
		if s.Fault != nil && s.FaultStage != premix.StageDecode && s.FaultStage != premix.StagePeak {
			text(string(s.FaultStage))
			text(string(s.Fault.Kind))
			text(s.Fault.Reason)
		}
		b = append(b, 0xff)
		h.Write(b)
	}
	h.Write(binary.AppendVarint(nil, c.Ignored))
	return hex.EncodeToString(h.Sum(nil)[:contentLen/2])
}

func byName(a, b File) int { return cmp.Compare(a.name, b.name) }

// Lacking returns the replicas of all that are not among those of some.
func Lacking(all, some []int) []int {
	return slices.DeleteFunc(slices.Clone(all), func(r int) bool { return slices.Contains(some, r) })
}
