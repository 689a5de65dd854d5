package mds

import (
	"bufio"
	"fmt"
	"io"
	"path"

	"github.com/premix/premix/io/shard"
)

// SideFiles returns the index.json of each split and replica.
func (Format) SideFiles(sets []shard.Set) ([]shard.File, error) {
	sets, err := shard.Merge(sets)
	if err != nil {
		return nil, err
	}
	var files []shard.File
	for _, set := range sets {
		files = append(files, shard.File{
			Path: set.Spec.SplitName("-") + "/index.json", Write: func(w io.Writer) error { return writeIndex(w, &set) },
		})
	}
	return files, nil
}

// writeIndex writes an index.json, a shard a line. Its keys are all that MDSReader.from_json wants.
func writeIndex(w io.Writer, set *shard.Set) error {
	s := &set.Spec
	text := configOf(columnsOf(s.ImageFormat, s.LabelForm, len(s.Classes))).text()
	b := bufio.NewWriterSize(w, 1<<16)
	b.WriteString("{\"shards\": [")
	for i, sh := range set.Shards {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n%s, \"raw_data\": {\"basename\": \"%s\", \"bytes\": %d, \"hashes\": {\"sha256\": \"%s\"}}, \"samples\": %d, \"zip_data\": null}",
			text[:len(text)-1], path.Base(sh.Name), sh.Bytes, sh.SHA256, sh.Samples)
	}
	b.WriteString("\n], \"version\": 2}\n")
	return b.Flush()
}
