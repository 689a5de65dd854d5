package source

import (
	"path"
	"strings"

	"github.com/premix/premix/io/webdataset"
)

// splitKey divides the name of a member of a WebDataset tar as [webdataset.SplitName] does, and puts
// the extension into small letters. ok is false also for metadata (__x__), and for what lies in such
// a folder. Then the key is the name.
func splitKey(name string) (key, ext string, ok bool) {
	key, ext, ok = webdataset.SplitName(name)
	dir, base := path.Split(key)
	if !ok || strings.HasPrefix(base, "__") && strings.HasSuffix(base, "__") {
		return name, "", false
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		if part == "__MACOSX" || len(part) > 4 && strings.HasPrefix(part, "__") && strings.HasSuffix(part, "__") {
			return name, "", false
		}
	}
	return key, strings.ToLower(ext), true
}

// imageRank orders the extensions under which a sample keeps its image: the smaller the better,
// −1 for extensions that are not an image's. A plain extension goes before one with dots in it, of
// which only the last part counts (x.seg.png).
func imageRank(ext string) int {
	rank := 0
	if i := strings.LastIndexByte(ext, '.'); i >= 0 {
		ext, rank = ext[i+1:], 100
	}
	for i, e := range []string{"jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"} {
		if ext == e {
			return rank + i
		}
	}
	if imageName("x." + ext) {
		return rank + 50
	}
	return -1
}

// classOfKey is the class that the folder of a key names: its first folder below those that are
// called after splits; empty if there is none.
func classOfKey(key string) string {
	dir, _ := path.Split(key)
	for part := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		if part != "" && !isSplitName(part) {
			return part
		}
	}
	return ""
}
