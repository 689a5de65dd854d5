// Package webdataset writes and reads shards as webdataset's tars; use it through [Format]. Libraries
// that read the layout are webdataset, wids, timm, Hugging Face datasets and DALI:
//
//	shard   = { member } zero-block zero-block
//	member  = header contents padding           each a multiple of 512 bytes
//	record  = KEY.cls KEY.jpg|KEY.png KEY.json [ KEY.soft.npy ]
//
//	cls      = the label in ASCII digits, without a newline
//	json     = one object without white space, keys in the order of the constant below
//	soft.npy = with dense labels: NumPy 1.0, float32, or float16 in the form dense16
//
// The header is strict POSIX.1-1988 ustar: mode 0444, owner and group 0 without names,
// modification time 0, type '0', no prefix, no PAX and no GNU extension; its fields are octal,
// zero-padded and end in NUL. webdataset's own writer adds a PAX header to each member,
// which several readers cannot handle.
//
// The members of a sample follow each other; its key ends at the first dot of the base name. Beside
// the shards are DALI's index of each (see the writer's Index), timm's _info.json and wids' lists.
package webdataset

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/premix/premix/io/shard"
)

// Format is the shard format named webdataset.
type Format struct{}

var _ shard.Format = Format{}

// Name returns "webdataset".
func (Format) Name() string { return "webdataset" }

// Traits says that λ keeps its 53 bits and that float16 labels exist; neither the size of the
// image nor the class name is stored, and tars protect their headers only.
func (Format) Traits() shard.Traits { return shard.Traits{Dense16: true} }

// Check accepts every valid Spec.
func (Format) Check(s shard.Spec) error { return s.Check() }

// ShardPath is NAME-SPLIT[-rNNN]-000000.tar.
func (Format) ShardPath(s shard.Spec, n int64) string {
	return fmt.Sprintf("%s-%s-%06d.tar", s.Name, s.SplitName("-"), n)
}

// IndexPath is __index__/NAME-SPLIT[-rNNN]-000000.idx.
func (f Format) IndexPath(s shard.Spec, n int64) string {
	return path.Join("__index__", strings.TrimSuffix(f.ShardPath(s, n), ".tar")+".idx")
}

// NewWriter writes a shard to w.
func (Format) NewWriter(w io.Writer, s shard.Spec) shard.Writer { return newWriter(w, s) }

// NewReader reads a shard front to back. Foreign tars are read as far as they follow the rules
// above; what they do not state is −1, 0 or empty.
func (Format) NewReader(r io.Reader, o shard.ReadOptions) shard.Reader { return newReader(r, o) }

// SplitName cuts the name of a tar member into the key and the extension of the sample, at the
// first dot of the base name, as webdataset, Hugging Face and DALI do. It reports false for
// names that belong to no sample: without extension, or with a base name that starts with a dot.
func SplitName(name string) (key, ext string, ok bool) {
	base := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[base:], '.')
	if dot <= 0 {
		return "", "", false
	}
	return name[:base+dot], name[base+dot+1:], true
}
