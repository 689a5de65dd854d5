package webdataset

import (
	"encoding/json"
	"fmt"
	"path"

	"github.com/premix/premix/io/shard"
)

// timmSplit is an entry of timm's _info.json (timm/data/readers/reader_wds.py), all of whose
// fields are required.
type timmSplit struct {
	Name         string   `json:"name"`
	NumSamples   int64    `json:"num_samples"`
	Filenames    []string `json:"filenames"`
	ShardLengths []int64  `json:"shard_lengths"`
}

// widsList is a list of shards of the package wids (wids_index.py).
type widsList struct {
	Kind    string      `json:"__kind__"`
	Version int         `json:"wids_version"`
	Name    string      `json:"name"`
	Shards  []widsShard `json:"shardlist"`
}

type widsShard struct {
	URL      string `json:"url"`
	Samples  int64  `json:"nsamples"`
	FileSize int64  `json:"filesize"`
}

// SideFiles returns timm's _info.json and, for each set, __index__/wids-SPLIT[-rNNN].json, whose URLs are
// relative to it. In _info.json the split SPLIT has all shards, and SPLIT_rNNN those of a replica. Where
// names of replica 0 have no number, SPLIT is that replica, whatever is added to it, and beside others it
// is there as SPLIT_r000, too.
func (Format) SideFiles(sets []shard.Set) ([]shard.File, error) {
	sets, err := shard.Merge(sets)
	if err != nil {
		return nil, err
	}
	info := map[string]*timmSplit{}
	var files []shard.File
	for _, set := range sets {
		for _, name := range timmNames(sets, &set.Spec) {
			if info[name] == nil {
				info[name] = &timmSplit{Name: name, Filenames: []string{}, ShardLengths: []int64{}}
			}
			for _, s := range set.Shards {
				info[name].NumSamples += s.Samples
				info[name].Filenames = append(info[name].Filenames, s.Path)
				info[name].ShardLengths = append(info[name].ShardLengths, s.Samples)
			}
		}
		wids := widsList{Kind: "wids-shard-index-v1", Version: 1, Name: set.Spec.Name + "-" + set.Spec.SplitName("-")}
		for _, s := range set.Shards {
			wids.Shards = append(wids.Shards, widsShard{URL: path.Join("..", s.Path), Samples: s.Samples, FileSize: s.Bytes})
		}
		file, err := marshal("__index__/wids-"+set.Spec.SplitName("-")+".json", wids)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	file, err := marshal("_info.json", map[string]any{"splits": info})
	if err != nil {
		return nil, err
	}
	return append(files, file), nil
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

func marshal(name string, v any) (shard.File, error) {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return shard.File{}, fmt.Errorf("webdataset: %s: %w", name, err)
	}
	return shard.File{Path: name, Data: append(data, '\n')}, nil
}
