package stage

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/io/source/tree"
)

// countOutside counts an entry that is an image beside the folders that are used, by its folder in the
// container.
func countOutside(counts map[string]int64, container string, e *source.Entry) map[string]int64 {
	if !e.Outside {
		return counts
	}
	if counts == nil {
		counts = map[string]int64{}
	}
	counts[folderOf(container, e.Sample.Name)]++
	return counts
}

// folderOf is the folder of an entry in its container; empty for the container itself.
func folderOf(container, name string) string {
	dir := path.Dir(strings.TrimPrefix(name, container+"/"))
	if dir == "." {
		return ""
	}
	return dir
}

// countFolders counts the images of each folder of a tar whose folders the launcher did not know.
func (s *Summary) countFolders(c source.Container, r *rows) {
	if c.WebDataset.Peeked == "" {
		return
	}
	s.Peeked, s.Base, s.Folders = c.WebDataset.Peeked, c.WebDataset.Base, map[string]int64{}
	maps.Copy(s.Folders, r.meta.Outside)
	for e := range byEntry(r.chunk.Rows) {
		if name := e[0].Name; name != c.Name { // a row of the tar itself tells of its damage
			s.Folders[folderOf(c.Name, name)]++
		}
	}
}

// A folderInput is an input of tars of which the launcher knew only the beginning, and what it took as the folder
// of the classes.
type folderInput struct{ uri, base string }

// folderCounts counts the images of such inputs by folder.
type folderCounts map[folderInput]map[string]int64

func (all folderCounts) add(s *Summary) {
	if s.Peeked == "" {
		return
	}
	in := folderInput{s.Peeked, s.Base}
	if all[in] == nil {
		all[in] = map[string]int64{}
	}
	for dir, n := range s.Folders {
		all[in][dir] += n
	}
}

// check understands the folders.
func (all folderCounts) check(job *Job) (doubts []tree.Doubt, warnings []string) {
	order := func(a, b folderInput) int { return cmp.Or(cmp.Compare(a.uri, b.uri), cmp.Compare(a.base, b.base)) }
	for _, in := range slices.SortedFunc(maps.Keys(all), order) {
		d, w := source.Reread(job.Source, in.base, all[in], job.StopsEarly())
		doubts, warnings = append(doubts, d...), append(warnings, w...)
	}
	return doubts, warnings
}
