package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const meta = "*?[{"

// HasMeta reports whether a URI holds characters that [Glob] takes for a pattern.
func HasMeta(uri string) bool { return metaAt(uri) >= 0 }

// metaAt is where the first of them is, −1 without one. URL parameters are not part of a pattern.
func metaAt(uri string) int {
	key := uri
	if s, rest := scheme(uri); s != "" && s != "file" {
		_, key, _ = strings.Cut(rest, "/")
	}
	i := strings.IndexAny(key, meta)
	if i < 0 {
		return -1
	}
	return len(uri) - len(key) + i
}

// GlobDir returns the directory above the first part of an address that is a pattern, or above the
// address if none is: everything that [Glob] finds lies below it.
func GlobDir(pattern string) string {
	if i := metaAt(pattern); i >= 0 {
		pattern = pattern[:i+1]
	}
	return Dir(pattern)
}

// Glob returns what matches a pattern, sorted by the bytes of the addresses, each once.
//
// {a,b} means each of the words, {000..146} each number, with leading zeros if they are written; both
// may contain any text and be nested. In each element of the path, * matches any characters, ? one
// character, [a-z] one of a set and [!a-z] one outside of it; a backslash makes the next character an
// ordinary one. As in a shell, a name with a leading dot needs one in the pattern. If there is an
// entry of exactly this name, it is the result, whatever its characters. A word or number without
// further pattern that names nothing is an error, fs.ErrNotExist, as is a pattern that matches
// nothing: a data set without one of its shards is not the data set.
func Glob(ctx context.Context, pattern string) ([]Object, error) {
	if o, err := Stat(ctx, pattern); err == nil {
		return []Object{o}, nil
	} else if !errors.Is(err, fs.ErrNotExist) || !HasMeta(pattern) {
		return nil, err
	}
	root, key := "", pattern
	if IsLocal(pattern) {
		p, err := localPath(pattern)
		if err != nil {
			return nil, wrap("match", pattern, err)
		}
		key = p
	} else {
		a, err := parse(pattern)
		if err != nil {
			return nil, wrap("match", pattern, err)
		}
		root, key = a.root(), a.key
	}
	words, err := expandBraces(key)
	if err != nil {
		return nil, wrap("match", pattern, err)
	}
	g := globber{ctx: ctx, listed: map[string][]Object{}}
	var all []Object
	for _, w := range words {
		found, err := g.match(root, w)
		if err != nil {
			return nil, wrap("match", pattern, err)
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b Object) int { return strings.Compare(a.URI, b.URI) })
	all = slices.CompactFunc(all, func(a, b Object) bool { return a.URI == b.URI })
	return all, nil
}

// A globber matches the words of one pattern; a directory is listed once for all of them.
type globber struct {
	ctx    context.Context
	listed map[string][]Object
}

func (g *globber) list(dir string) ([]Object, error) {
	if l, ok := g.listed[dir]; ok {
		return l, nil
	}
	l, err := List(g.ctx, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	g.listed[dir] = l
	return l, nil
}

// match returns what a pattern without braces matches below root.
func (g *globber) match(root, pattern string) ([]Object, error) {
	elems := strings.Split(strings.TrimSuffix(pattern, "/"), "/")
	dirs := []string{root}
	if root == "" {
		dirs[0] = "."
		if elems[0] == "" && len(elems) > 1 {
			dirs[0], elems = "/", elems[1:]
		}
	}
	// Elements before the first pattern are names: their directories need not be listed.
	for len(elems) > 1 && !strings.ContainsAny(elems[0], `*?[\`) {
		dirs[0] = Join(dirs[0], elems[0])
		elems = elems[1:]
	}
	if len(elems) == 1 && !strings.ContainsAny(elems[0], `*?[\`) {
		return g.name(dirs[0], elems[0])
	}
	var found []Object
	for i, e := range elems {
		found = found[:0]
		for _, dir := range dirs {
			l, err := g.list(dir)
			if err != nil {
				return nil, err
			}
			for _, o := range l {
				ok, err := matchName(e, Base(o.URI))
				if err != nil {
					return nil, fmt.Errorf("%q: %w", e, err)
				}
				if ok && (o.Dir || i == len(elems)-1) {
					found = append(found, o)
				}
			}
		}
		if i < len(elems)-1 {
			dirs = dirs[:0]
			for _, o := range found {
				dirs = append(dirs, o.URI)
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("nothing matches %s: %w", pattern, fs.ErrNotExist)
	}
	return found, nil
}

// name returns the entry of a directory that is called exactly so. Many names of one directory,
// as braces give them, cost one listing.
func (g *globber) name(dir, name string) ([]Object, error) {
	l, err := g.list(dir)
	if err != nil {
		return nil, err
	}
	i, ok := slices.BinarySearchFunc(l, name, func(o Object, name string) int { return strings.Compare(Base(o.URI), name) })
	if !ok {
		return nil, fmt.Errorf("%s: %w", Join(dir, name), fs.ErrNotExist)
	}
	return l[i : i+1], nil
}

// matchName is path.Match with the shell's rules for leading dots and [!…].
func matchName(pattern, name string) (bool, error) {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false, nil
	}
	return path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
}
