package source

import (
	"bytes"
	"strconv"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/tarfile"
)

// An impostor is what a file holds instead of the shard that its name promises.
type impostor struct {
	*imaging.Impostor
	bytes int64 // that the shard has, or unknown
}

// impostorOf recognizes what a file of size bytes is that is no shard, by its first bytes; nil if it does
// not. compression is how it is read.
func impostorOf(head []byte, size int64, compression string) *impostor {
	i := imaging.ImpostorOf(head)
	switch {
	case i == nil, compression != "" && compressionIn(head) == compression:
		return nil
	case !i.Placeholder:
		return &impostor{i, max(size, unknown)}
	}
	return &impostor{i, pointerSize(head)}
}

// maxPointed bounds the size that a Git LFS pointer is believed to state, so that no sum of weights overflows.
const maxPointed = 1 << 50

// pointerSize is the size of the file that a Git LFS pointer stands for; unknown for anything else.
func pointerSize(head []byte) int64 {
	for line := range bytes.Lines(head) {
		if text, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("size ")); ok {
			if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && n > 0 && n <= maxPointed {
				return n
			}
		}
	}
	return unknown
}

// fault is that of the file.
func (i *impostor) fault() error {
	return premix.Faultf(premix.Corrupt, "the file is %s: %s", i.What, i.Todo)
}

// damage is the same of a tar.
func (i *impostor) damage(offset int64) *tarfile.Damage {
	f := premix.AsFault(i.fault())
	return &tarfile.Damage{Offset: offset, Fault: f, Lost: i.bytes}
}
