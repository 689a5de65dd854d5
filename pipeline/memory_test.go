package pipeline

import (
	"fmt"
	"strings"
	"testing"
)

// The bound on the memory of one picture is part of the recipe where it decides which pictures are
// failures, and only there.
func TestPictureMemory(t *testing.T) {
	for _, tt := range []struct {
		pixels, memory int64
		want           int64 // 0: not in the recipe
		limit          int64
	}{
		{128 << 20, 0, 0, 1 << 30},
		{128 << 20, 1 << 30, 0, 1 << 30},
		{128 << 20, 64 << 30, 0, 1 << 30},
		{128 << 20, 512 << 20, 512 << 20, 512 << 20},
		{128 << 20, 1, 128 << 20, 128 << 20},
		{1 << 30, 0, 1 << 30, 1 << 30},
		{1 << 30, 16 << 30, 0, 8 << 30},
		{1 << 20, 256 << 20, 0, 128 << 20},
	} {
		c := Default()
		c.MaxPixels, c.MaxMemory = tt.pixels, tt.memory
		recipe := c.RecipeJSON("webdataset")
		want := ""
		if tt.want > 0 {
			want = fmt.Sprintf(`"picture-memory":%d`, tt.want)
		}
		for what, text := range map[string]string{"recipe": string(recipe), "peaks": string(c.PeaksSettings())} {
			if strings.Contains(text, "picture-memory") != (want != "") || !strings.Contains(text, want) {
				t.Errorf("%d pixels, %d bytes: the %s are %s, want %s in them", tt.pixels, tt.memory, what, text, want)
			}
		}
		p, err := fromRecipe(recipe)
		if err != nil {
			t.Fatal(err)
		}
		p.MaxMemory = 1 // what replays a plan says so for its own process
		if again := p.RecipeJSON("webdataset"); string(again) != string(recipe) {
			t.Errorf("the recipe %s is %s when it is read back", recipe, again)
		}
		if a, b := c.DecodeParams().Memory(), p.DecodeParams().Memory(); a != tt.limit || b != tt.limit {
			t.Errorf("%d pixels, %d bytes: limits of %d and %d, want %d", tt.pixels, tt.memory, a, b, tt.limit)
		}
	}
}
