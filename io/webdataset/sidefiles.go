package webdataset

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"

	"github.com/premix/premix/io/shard"
)

// SideFiles returns timm's _info.json and, for each set, __index__/wids-SPLIT[-rNNN].json, whose URLs are
// relative to it. In _info.json the split SPLIT has all shards, and SPLIT_rNNN those of a replica. Where
// names of replica 0 have no number, SPLIT is that replica, whatever is added to it, and beside others it
// is there as SPLIT_r000, too.
func (Format) SideFiles(sets []shard.Set) ([]shard.File, error) {
	sets, err := shard.Merge(sets)
	if err != nil {
		return nil, err
	}
	info := map[string][]shard.Set{}
	var files []shard.File
	for _, set := range sets {
		for _, name := range timmNames(sets, &set.Spec) {
			info[name] = append(info[name], set)
		}
		files = append(files, shard.File{
			Path: "__index__/wids-" + set.Spec.SplitName("-") + ".json", Write: func(w io.Writer) error { return writeWIDS(w, &set) },
		})
	}
	return append(files, shard.File{Path: "_info.json", Write: func(w io.Writer) error { return writeInfo(w, info) }}), nil
}

// The files below are written piece by piece, as json.MarshalIndent lays them out.

// writeInfo writes timm's _info.json (timm/data/readers/reader_wds.py), all of whose fields are required.
func writeInfo(w io.Writer, info map[string][]shard.Set) error {
	b := bufio.NewWriterSize(w, 1<<16)
	b.WriteString("{\n \"splits\": {")
	for i, name := range slices.Sorted(maps.Keys(info)) {
		var samples int64
		for _, set := range info[name] {
			for _, s := range set.Shards {
				samples += s.Samples
			}
		}
		fmt.Fprintf(b, "%s\n  %s: {\n   \"name\": %s,\n   \"num_samples\": %d,\n   \"filenames\": ", comma(i), quote(name), quote(name), samples)
		writeList(b, info[name], func(line []byte, s *shard.ShardInfo) []byte { return append(line, quote(s.Name)...) })
		b.WriteString(",\n   \"shard_lengths\": ")
		writeList(b, info[name], func(line []byte, s *shard.ShardInfo) []byte { return strconv.AppendInt(line, s.Samples, 10) })
		b.WriteString("\n  }")
	}
	b.WriteString("\n }\n}\n")
	return b.Flush()
}

// writeList writes a list of one value for each shard.
func writeList(b *bufio.Writer, sets []shard.Set, value func(line []byte, s *shard.ShardInfo) []byte) {
	n := 0
	var line []byte
	b.WriteByte('[')
	for _, set := range sets {
		for i := range set.Shards {
			line = append(append(line[:0], comma(n)...), "\n    "...)
			b.Write(value(line, &set.Shards[i]))
			n++
		}
	}
	if n > 0 {
		b.WriteString("\n   ")
	}
	b.WriteByte(']')
}

// writeWIDS writes a list of shards of the package wids (wids_index.py).
func writeWIDS(w io.Writer, set *shard.Set) error {
	b := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(b, "{\n \"__kind__\": \"wids-shard-index-v1\",\n \"wids_version\": 1,\n \"name\": %s,\n \"shardlist\": ", quote(set.Spec.Name+"-"+set.Spec.SplitName("-")))
	if len(set.Shards) == 0 {
		b.WriteString("null\n}\n")
		return b.Flush()
	}
	for i, s := range set.Shards {
		open := ","
		if i == 0 {
			open = "["
		}
		fmt.Fprintf(b, "%s\n  {\n   \"url\": %s,\n   \"nsamples\": %d,\n   \"filesize\": %d\n  }", open, quote(path.Join("..", s.Name)), s.Samples, s.Bytes)
	}
	b.WriteString("\n ]\n}\n")
	return b.Flush()
}

// comma separates the value of this number from the one before it.
func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// quote returns a text as JSON.
func quote(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(data)
}

// timmNames are the splits of _info.json that the shards of a set belong to.
func timmNames(sets []shard.Set, s *shard.Spec) []string {
	count, unnumbered := 0, false
	for i := range sets {
		if o := &sets[i].Spec; o.Split == s.Split {
			count, unnumbered = count+1, unnumbered || o.Replica < 0
		}
	}
	numbered := *s
	numbered.Replica = max(s.Replica, 0)
	switch {
	case !unnumbered:
		return []string{s.Split, numbered.SplitName("_")}
	case s.Replica > 0:
		return []string{numbered.SplitName("_")}
	case count > 1:
		return []string{s.Split, numbered.SplitName("_")}
	}
	return []string{s.Split}
}
