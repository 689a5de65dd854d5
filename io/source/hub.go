package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/premix/premix/io/blob"
)

// HubScheme begins an input that is a data set in the local cache of Hugging Face's Hub:
// hf:OWNER/NAME, or hf:OWNER/NAME:CONFIG for the folder of a configuration.
const HubScheme = "hf:"

var hubName = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9._-]*/)?[A-Za-z0-9_][A-Za-z0-9._-]*$`)

// HubFolder returns the folder of a data set in the local cache of the Hub. It asks no network. The cache
// is where the Hub's own client looks for it: HF_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub, or
// ~/.cache/huggingface/hub.
func HubFolder(ctx context.Context, uri string) (string, error) {
	name, config, _ := strings.Cut(strings.TrimPrefix(uri, HubScheme), ":")
	if rest, ok := strings.CutPrefix(name, "//"); ok {
		return "", usagef("--in %s: write hf:%s, which reads the local cache of the Hub", uri, strings.TrimPrefix(rest, "datasets/"))
	}
	if !hubName.MatchString(name) || strings.Contains(config, "..") {
		return "", usagef("--in %s: write hf:OWNER/NAME or hf:OWNER/NAME:CONFIG", uri)
	}
	cache, err := hubCache()
	if err != nil {
		return "", usagef("--in %s: %v", uri, err)
	}
	repo := filepath.Join(cache, "datasets--"+strings.ReplaceAll(name, "/", "--"))
	dir, err := snapshot(ctx, repo)
	if errors.Is(err, fs.ErrNotExist) {
		return "", usagef("--in %s: the data set is not in the Hub's cache %s: get it with `hf download --repo-type dataset %s`", uri, cache, name)
	}
	if usage := (*UsageError)(nil); errors.As(err, &usage) {
		return "", err
	}
	if err != nil {
		return "", fmt.Errorf("source: %s: %w", uri, err)
	}
	if config == "" {
		return dir, nil
	}
	dir = filepath.Join(dir, config)
	if _, err := blob.Stat(ctx, dir); err != nil {
		return "", usagef("--in %s: the data set does not have the folder %s; its folders are %s", uri, config, foldersOf(ctx, filepath.Dir(dir)))
	}
	return dir, nil
}

// foldersOf names the folders in a folder.
func foldersOf(ctx context.Context, dir string) string {
	names, _ := blob.Names(ctx, dir)
	var folders []string
	for _, n := range names {
		if n.Dir && !junkName(n.Base) {
			folders = append(folders, n.Base)
		}
	}
	if len(folders) == 0 {
		return "none"
	}
	return strings.Join(folders[:min(len(folders), 10)], ", ")
}

// hubCache is the folder of the cache by the variables of the environment that the Hub's client knows.
// https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
func hubCache() (string, error) {
	for _, place := range []struct{ variable, below string }{
		{"HF_HUB_CACHE", ""}, {"HUGGINGFACE_HUB_CACHE", ""}, {"HF_HOME", "hub"}, {"XDG_CACHE_HOME", "huggingface/hub"},
	} {
		dir := os.Getenv(place.variable)
		if rest, ok := strings.CutPrefix(dir, "~/"); ok {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("%s: %w", place.variable, err)
			}
			dir = filepath.Join(home, rest)
		}
		if dir != "" {
			return filepath.Join(dir, place.below), nil
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("set HF_HOME: %w", err)
	}
	return filepath.Join(home, ".cache", "huggingface", "hub"), nil
}

// snapshot is the folder of a repository's main revision in the Hub's cache, or of the only revision that it
// holds: a download of a revision by its hash writes no refs/main.
func snapshot(ctx context.Context, repo string) (string, error) {
	ref, err := blob.ReadAll(ctx, blob.Join(repo, "refs", "main"), 1<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return onlySnapshot(ctx, repo)
	}
	if err != nil {
		return "", err
	}
	hash := strings.TrimSpace(string(ref))
	if hash == "" || strings.ContainsAny(hash, "/\\") || strings.HasPrefix(hash, ".") {
		return "", fmt.Errorf("%s/refs/main does not name a snapshot", repo)
	}
	dir := blob.Join(repo, "snapshots", hash)
	_, err = blob.Stat(ctx, dir)
	return dir, err
}

// onlySnapshot is the folder of the only revision of a repository. The error is fs.ErrNotExist if there is none.
func onlySnapshot(ctx context.Context, repo string) (string, error) {
	names, err := blob.Names(ctx, blob.Join(repo, "snapshots"))
	if err != nil {
		return "", err
	}
	names = slices.DeleteFunc(names, func(n blob.Name) bool { return !n.Dir || junkName(n.Base) })
	switch len(names) {
	case 0:
		return "", fs.ErrNotExist
	case 1:
		return blob.Join(repo, "snapshots", names[0].Base), nil
	}
	return "", usagef("%s holds %d revisions, and no refs/main selects one: choose one, such as --in %s", repo, len(names), blob.Join(repo, "snapshots", names[0].Base))
}

// inSnapshot goes to the main revision where a root is a repository of the Hub's cache.
func (r root) inSnapshot(ctx context.Context) (root, error) {
	if r.picked || !strings.HasPrefix(blob.Base(r.uri), "datasets--") {
		return r, nil
	}
	dir, err := snapshot(ctx, r.uri)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if usage := (*UsageError)(nil); errors.As(err, &usage) {
		return r, err
	}
	if err != nil {
		return r, fmt.Errorf("source: %w", err)
	}
	return r.into(ctx, dir)
}
