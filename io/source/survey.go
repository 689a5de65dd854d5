package source

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/tree"
)

// A survey is what the folders of an input hold, by the names in them.
type survey struct {
	images, shards *tree.Folder
	// odd are the paths below the root of folders whose names are not UTF-8, as bytes and as text.
	odd map[string]string
}

// surveyWorkers is how many folders are listed at once: at a store each costs a round trip.
const surveyWorkers = 16

// look lists all folders of a root, once; isShard, if it is not nil, tells shards by their names. It opens a file only in folders
// whose files have no image's name, a few there, to see whether they are images all the same.
func (r *root) look(ctx context.Context, isShard func(base string) bool) (*survey, error) {
	if r.seen != nil {
		return r.seen, nil
	}
	s := &surveyor{isShard: isShard}
	s.g, s.ctx = errgroup.WithContext(ctx)
	s.g.SetLimit(surveyWorkers)
	s.odd = map[string]string{}
	top := &surveyed{images: &tree.Folder{}, shards: &tree.Folder{}, uri: r.uri}
	var names []blob.Name
	for _, o := range r.objects {
		n := blob.Name{Base: blob.Base(o.URI), Dir: o.Dir, Special: o.Special}
		if o.Dir {
			n.URI = o.URI
		}
		names = append(names, n)
	}
	if !r.picked && blob.IsLocal(r.uri) { // for the identities of folders
		own, err := blob.Identity(r.uri)
		if err == nil {
			names, err = blob.Names(ctx, r.uri)
		}
		if err != nil {
			return nil, fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		if own != "" {
			top.above = []string{own}
		}
	}
	err := s.fill(top, names)
	if werr := s.g.Wait(); err == nil {
		err = werr
	}
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", r.in.URI, err)
	}
	r.seen = &survey{top.images, top.shards, s.odd}
	return r.seen, nil
}

// surveyed is one folder.
type surveyed struct {
	images, shards *tree.Folder
	uri, path      string   // path is below the root, as text
	above          []string // the identities of the folders that contain it
}

type surveyor struct {
	isShard func(base string) bool // or nil
	ctx     context.Context
	g       *errgroup.Group

	mu  sync.Mutex
	odd map[string]string
}

// folder lists a folder and those below it.
func (s *surveyor) folder(f *surveyed) error {
	names, err := blob.Names(s.ctx, f.uri)
	if err != nil {
		return err
	}
	return s.fill(f, names)
}

func (s *surveyor) fill(f *surveyed, names []blob.Name) error {
	var unnamed []string
	for _, n := range names {
		switch {
		case junkName(n.Base):
		case n.Dir:
			if err := s.below(f, n); err != nil {
				return err
			}
		default:
			image := imageName(n.Base)
			if n.Special == "" && !image {
				unnamed = append(unnamed, n.Base)
			}
			f.images.Add(baseName(n.Base), image)
			if !image && n.Special == "" && s.isShard != nil && s.isShard(n.Base) {
				f.shards.Add(baseName(n.Base), true)
			} else {
				f.shards.Files++
			}
		}
	}
	if f.images.Images > 0 || len(unnamed) == 0 {
		return nil
	}
	return s.sniff(f, unnamed)
}

// below adds a folder to f and lists it, beside others where there is room for it.
func (s *surveyor) below(f *surveyed, n blob.Name) error {
	k := &surveyed{
		images: &tree.Folder{Name: baseName(n.Base), Identity: n.Identity},
		shards: &tree.Folder{Name: baseName(n.Base), Identity: n.Identity},
		uri:    blob.Below(f.uri, n.Base),
		path:   below(f.path, baseName(n.Base)),
	}
	if n.URI != "" {
		k.uri = n.URI
	}
	if !utf8.ValidString(n.Base) {
		s.mu.Lock()
		s.odd[k.path] = n.Base
		s.mu.Unlock()
	}
	f.images.Folders = append(f.images.Folders, k.images)
	f.shards.Folders = append(f.shards.Folders, k.shards)
	if n.Identity != "" {
		if slices.Contains(f.above, n.Identity) {
			k.images.Up, k.shards.Up = true, true
			return nil
		}
		k.above = append(slices.Clone(f.above), n.Identity)
	}
	if s.g.TryGo(func() error { return s.folder(k) }) {
		return nil
	}
	return s.folder(k)
}

// sniffed is how many files of a folder without images' names are looked at.
const sniffed = 8

// textEndings are those of files that lie beside images; other files are looked at before them.
var textEndings = []string{".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".md", ".html", ".yaml", ".yml", ".py", ".log", ".mat"}

func textName(name string) bool {
	return slices.Contains(textEndings, strings.ToLower(path.Ext(name)))
}

// likely are the files of a folder that are looked at: some from all of it, those first whose names are not
// those of texts.
func likely(names []string) []string {
	chosen := slices.DeleteFunc(slices.Clone(names), textName)
	if len(chosen) == 0 {
		chosen = slices.Clone(names)
	}
	if step := len(chosen) / sniffed; step > 1 {
		for i := range sniffed {
			chosen[i] = chosen[i*step]
		}
	}
	return chosen[:min(len(chosen), sniffed)]
}

// sniff looks for images among files that have other names. All files of the folder count as images if one of
// those that are looked at is.
func (s *surveyor) sniff(f *surveyed, names []string) error {
	for _, base := range likely(names) {
		uri := blob.Below(f.uri, base)
		o, err := blob.Stat(s.ctx, uri)
		if err != nil {
			return err
		}
		image, err := sniffObject(s.ctx, o)
		if err != nil {
			return err
		}
		if image {
			f.images.Images, f.images.Files, f.images.First = len(names), f.images.Files-len(names), baseName(base)
			return nil
		}
	}
	return nil
}

// baseName is a name as text: bytes that are not UTF-8 are escaped.
func baseName(base string) string {
	if utf8.ValidString(base) {
		return base
	}
	return escape(base)
}
