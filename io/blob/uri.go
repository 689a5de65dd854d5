package blob

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
)

// An address is a URI of a store, taken apart: scheme://bucket[?params]/key.
type address struct{ scheme, bucket, params, key string }

// root is everything before the slash of the key.
func (a address) root() string {
	s := a.scheme + "://" + a.bucket
	if a.params != "" {
		s += "?" + a.params
	}
	return s
}

// scheme returns the scheme of a URI, and what follows ://; an empty scheme for a plain path.
func scheme(uri string) (string, string) {
	i := strings.Index(uri, "://")
	if i <= 0 {
		return "", uri
	}
	for j, c := range []byte(uri[:i]) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (j == 0 || !('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return "", uri
		}
	}
	return strings.ToLower(uri[:i]), uri[i+3:]
}

// IsLocal reports whether a URI is a local path, with or without file://.
func IsLocal(uri string) bool {
	s, _ := scheme(uri)
	return s == "" || s == "file"
}

// localPath returns the path of a local URI. It has slashes on Windows too, as all addresses of this package.
func localPath(uri string) (string, error) {
	s, rest := scheme(uri)
	if s == "" {
		if uri == "" {
			return "", fmt.Errorf("the path is empty")
		}
		if strings.IndexByte(uri, 0) >= 0 {
			return "", fmt.Errorf("the path holds a zero byte")
		}
		return filepath.ToSlash(uri), nil
	}
	rest = strings.TrimPrefix(rest, "localhost")
	if !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, ".") {
		return "", fmt.Errorf("a file address has no host: write file:///PATH, or the plain path")
	}
	if below := strings.TrimPrefix(rest, "/"); filepath.VolumeName(below) != "" { // file:///C:/data
		return below, nil
	}
	return rest, nil
}

// parse takes a URI of a store apart.
func parse(uri string) (address, error) {
	s, rest := scheme(uri)
	a := address{scheme: s}
	if err := CheckSecrets(uri); err != nil {
		return a, err
	}
	a.bucket, a.key, _ = strings.Cut(rest, "/")
	a.bucket, a.params, _ = strings.Cut(a.bucket, "?")
	if drivers[s] == nil {
		return a, fmt.Errorf("unknown scheme %q; use %s", s+"://", knownSchemes())
	}
	if a.bucket == "" {
		return a, fmt.Errorf("the bucket is missing: write %s://BUCKET/KEY", s)
	}
	return a, nil
}

func knownSchemes() string {
	var s []string
	for name := range drivers {
		if name != "mem" {
			s = append(s, name+"://")
		}
	}
	if len(s) == 0 {
		return "a local path (this build knows no stores)"
	}
	sort.Strings(s)
	return "a local path or one of " + strings.Join(s, ", ")
}

// storeOf returns the store of a URI and the key there.
func storeOf(ctx context.Context, op, uri string) (store, string, error) {
	if IsLocal(uri) {
		p, err := localPath(uri)
		return localStore{}, p, wrap(op, uri, err)
	}
	a, err := parse(uri)
	if err != nil {
		return nil, "", wrap(op, uri, err)
	}
	b, err := openBucket(ctx, a)
	if err != nil {
		return nil, "", wrap(op, uri, err)
	}
	return &cloudStore{bucket: b, root: a.root()}, a.key, nil
}

// Join returns the address of elem… below uri. Empty elements are left out. A local path is cleaned
// as by filepath.Join; a key of a store only gets slashes between its parts.
func Join(uri string, elem ...string) string {
	if IsLocal(uri) {
		if p, err := localPath(uri); err == nil {
			uri = p
		}
		if len(elem) == 1 { // without memory for a list
			return filepath.ToSlash(filepath.Join(uri, elem[0]))
		}
		return filepath.ToSlash(filepath.Join(append([]string{uri}, elem...)...))
	}
	var b strings.Builder
	b.WriteString(uri)
	last := uri
	for _, e := range elem {
		if e == "" {
			continue
		}
		if !strings.HasSuffix(last, "/") {
			b.WriteByte('/')
		}
		e = strings.TrimPrefix(e, "/")
		b.WriteString(e)
		last = e
	}
	return b.String()
}

// Base returns the last element of an address, without a trailing slash; for the root of a store
// the name of the bucket.
func Base(uri string) string {
	if IsLocal(uri) {
		if p, err := localPath(uri); err == nil {
			uri = p
		}
		return filepath.Base(uri)
	}
	s, rest := scheme(uri)
	a := address{scheme: s}
	a.bucket, a.key, _ = strings.Cut(rest, "/")
	key := strings.TrimSuffix(a.key, "/")
	if key == "" {
		bucket, _, _ := strings.Cut(a.bucket, "?")
		return bucket
	}
	return key[strings.LastIndexByte(key, '/')+1:]
}

// Dir returns the address of the directory that holds uri; the root of a store is its own.
func Dir(uri string) string {
	if IsLocal(uri) {
		if p, err := localPath(uri); err == nil {
			uri = p
		}
		return filepath.ToSlash(filepath.Dir(uri))
	}
	s, rest := scheme(uri)
	root, key, _ := strings.Cut(rest, "/")
	key = strings.TrimSuffix(key, "/")
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return s + "://" + root
	}
	return s + "://" + root + "/" + key[:i]
}

// Rel returns the slash-separated path of uri below root, and whether it is below it.
func Rel(root, uri string) (string, bool) {
	if IsLocal(root) != IsLocal(uri) {
		return "", false
	}
	if IsLocal(root) {
		r, err1 := localPath(root)
		u, err2 := localPath(uri)
		if err1 != nil || err2 != nil {
			return "", false
		}
		rel, err := filepath.Rel(r, u)
		rel = filepath.ToSlash(rel)
		if err != nil || rel == ".." || strings.HasPrefix(rel, "../") || rel == "." {
			return "", false
		}
		return rel, true
	}
	rel, ok := strings.CutPrefix(uri, strings.TrimSuffix(root, "/")+"/")
	return rel, ok && rel != ""
}

// Below returns the address of what lies at rel below root, the inverse of Rel. Unlike Join it keeps
// the keys of a store as they are, empty parts included.
func Below(root, rel string) string {
	if IsLocal(root) {
		return Join(root, rel)
	}
	return strings.TrimSuffix(root, "/") + "/" + rel
}

// Abs makes a local path absolute, strips file://, and checks the scheme and bucket of a store; a
// trailing slash is removed.
func Abs(uri string) (string, error) {
	if IsLocal(uri) {
		p, err := localPath(uri)
		if err == nil {
			p, err = filepath.Abs(p)
		}
		return filepath.ToSlash(p), wrap("resolve", uri, err)
	}
	a, err := parse(uri)
	if err != nil {
		return "", wrap("resolve", uri, err)
	}
	if key := strings.TrimSuffix(a.key, "/"); key != "" {
		return a.root() + "/" + key, nil
	}
	return a.root(), nil
}
