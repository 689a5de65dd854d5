package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix/io/blob"
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
	if i := slices.Index([]string{"jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"}, ext); i >= 0 {
		return rank + i
	}
	if imageName("x." + ext) {
		return rank + 50
	}
	return -1
}

// peekMembers and peekBytes bound how much of the first shard is looked at.
const (
	peekMembers = 64
	peekBytes   = 64 << 20
)

// labelsInFolders looks at the beginning of a WebDataset shard: its labels are the folders of
// its keys if there are folders, and neither cls nor json members. A shard whose json members
// have no label, and which has no other labels, is a mistake of the user's.
func labelsInFolders(ctx context.Context, c Container, o Options) (bool, error) {
	w, f, err := c.open(ctx, 0, c.Size)
	if err != nil {
		return false, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	scan := newTarScanner(w, 0)
	var folders, cls, labelled bool
	keys := map[string]bool{}
	for range peekMembers {
		m, err := scan.member(ctx)
		var damage *tarDamage
		if err == io.EOF || errors.As(err, &damage) || err == nil && m.data > peekBytes {
			break
		}
		if err != nil {
			return false, fmt.Errorf("source: %s: %w", c.Name, err)
		}
		key, ext, ok := splitKey(member(m.name))
		if !m.regular || m.sparse || !ok {
			continue
		}
		if ext == "tar" {
			return false, usagef("--in %s: %s is a tar of tars: --in-format ilsvrc reads it, if each of these is a class", c.URI, blob.Base(c.URI))
		}
		switch {
		case ext == "cls":
			cls = true
		case (ext == "json" || ext == "jsn") && m.size <= maxLabelBytes:
			data, err := scan.read(nil, m)
			if err != nil {
				continue
			}
			if _, err := jsonLabel(data, o.LabelKey); err != errNoKey {
				labelled = true
			}
			object, _ := jsonObject(data)
			for k := range object {
				keys[escape(k)] = true
			}
		case imageRank(ext) >= 0:
			folders = folders || strings.Contains(key, "/")
		}
	}
	switch {
	case labelled || cls && o.LabelKey == "":
		return false, nil
	case len(keys) > 0 && !folders:
		names := slices.Sorted(maps.Keys(keys))
		return false, usagef("--in %s: no label in the json members of %s under %s: --label-key can be one of %s",
			c.URI, blob.Base(c.URI), keyText(o.LabelKey), strings.Join(names[:min(len(names), 12)], ", "))
	}
	return folders && !cls, nil
}
