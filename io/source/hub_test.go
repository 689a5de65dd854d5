package source

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// TestHubCache looks for a data set where the Hub's client would, by the variables that it knows.
func TestHubCache(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name string
		env  map[string]string
		at   string // of the cache, below dir
	}{
		{"home", nil, ".cache/huggingface/hub"},
		{"XDG_CACHE_HOME", map[string]string{"XDG_CACHE_HOME": "xdg"}, "xdg/huggingface/hub"},
		{"HF_HOME", map[string]string{"XDG_CACHE_HOME": "xdg", "HF_HOME": "hf"}, "hf/hub"},
		{"the old name", map[string]string{"HF_HOME": "hf", "HUGGINGFACE_HUB_CACHE": "old"}, "old"},
		{"HF_HUB_CACHE", map[string]string{"HF_HOME": "hf", "HUGGINGFACE_HUB_CACHE": "old", "HF_HUB_CACHE": "new"}, "new"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("HOME", dir)
			for _, name := range []string{"XDG_CACHE_HOME", "HF_HOME", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"} {
				value := test.env[name]
				if value != "" {
					value = filepath.Join(dir, value)
				}
				t.Setenv(name, value)
			}
			snapshot := filepath.Join(dir, test.at, "datasets--me--set", "snapshots", "abc")
			put(t, filepath.Join(snapshot, "a", "1.jpg"), picture(1))
			if got, err := HubFolder(t.Context(), "hf:me/set"); err != nil || got != snapshot {
				t.Errorf("%s, %v, want %s", got, err, snapshot)
			}
		})
	}
	t.Setenv("HOME", dir)
	t.Setenv("HF_HUB_CACHE", "~/new")
	if got, err := HubFolder(t.Context(), "hf:me/set"); err != nil || got != filepath.Join(dir, "new/datasets--me--set/snapshots/abc") {
		t.Errorf("%s, %v", got, err)
	}
}

// TestHubRevisions: refs/main names the revision that is meant; without it there must be one only.
func TestHubRevisions(t *testing.T) {
	repo := filepath.Join(t.TempDir(), "datasets--me--set")
	add := func(revision string, classes ...string) {
		for i, class := range classes {
			put(t, filepath.Join(repo, "snapshots", revision, class, fmt.Sprintf("%d.jpg", i)), picture(i))
		}
	}
	want := func(classes ...string) {
		t.Helper()
		if found, _ := scan(t, Options{}, Input{"", repo}); !slices.Equal(found.Classes, classes) {
			t.Errorf("classes %q, want %q", found.Classes, classes)
		}
	}
	add("aaa", "cat", "dog")
	want("cat", "dog")
	add("bbb", "bird", "cow", "elk")
	wantUsage(t, Options{}, []Input{{"", repo}}, "holds 2 revisions", "snapshots/aaa")
	put(t, filepath.Join(repo, "refs", "main"), []byte("bbb\n"))
	want("bird", "cow", "elk")
}
