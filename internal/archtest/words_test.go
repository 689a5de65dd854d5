package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A phrase is one that a native reader stumbles over, in messages, help and documents.
type phrase struct {
	form   *regexp.Regexp
	except *regexp.Regexp // of what form found; or nil
	write  string
}

var phrases = []phrase{
	{regexp.MustCompile(`(?:^|\w+ )(?:is|are|was|were) no \w+`), regexp.MustCompile(`(?i)^there |no (?:longer|more)$`), "is not a …"},
	{regexp.MustCompile(`\bbehind\b`), nil, "after, or below"},
	{regexp.MustCompile(`\bstands? (?:in|beside|on|at|apart|before|where|with|together|near|there|below|above)\b`), nil, "is in, is next to"},
	{regexp.MustCompile(`\b(?:out|in)side of\b`), nil, "outside, inside"},
	{regexp.MustCompile(`\b(?:is|are|was|were) told by\b`), nil, "the active voice: X gives …"},
	{regexp.MustCompile(`\bby custom\b`), nil, "usually"},
	{regexp.MustCompile(`\bmade (?:again|anew)\b`), nil, "built again, rewritten"},
	{regexp.MustCompile(`\bone λ an? `), nil, "one λ per …"},
	{regexp.MustCompile(`(?:^|\S+ )1 (?:containers|classes|images|samples|shards|entries|files|rows|chunks)\b`), regexp.MustCompile(`^[−-] `), "printable.Count"},
	{regexp.MustCompile(`nothing is cached for these settings`), nil, "this is the first run with these settings"},
}

// find returns what a text has of the phrases.
func (p phrase) find(text string) []string {
	return slices.DeleteFunc(p.form.FindAllString(text, -1), func(s string) bool { return p.except != nil && p.except.MatchString(s) })
}

// reasons are texts of failures.jsonl and of the IDs of chunks, which are bytes of outputs or caches and stay. Those that
// are given to Faultf or failf need not be here.
var reasons = []string{
	"the shard is no file but a ", // io/source/beside.go
	" behind it",                  // io/source/lost.go
	" by custom",                  // io/source/record_split.go
	"outside of the folders that are used",
	"an image outside of any class folder has no label",
	"an image outside of any class tar has no label",
	"marker 0x%02x stands where restart marker %d is due",
	"what follows the end mark is no archive",
	"the archive ends inside of a member, after %d of its %d bytes",
	"the archive ends inside of a header",
	"the file ends inside of the record before",
	"it is no object", // io/webdataset/fields.go: of a json member
}

// makesReason reports whether a call makes a fault of its text.
func makesReason(c *ast.CallExpr) bool {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"failf", "Faultf", "corrupt", "refused"}, f.Name)
	case *ast.SelectorExpr:
		return slices.Contains([]string{"Faultf", "corrupt"}, f.Sel.Name)
	}
	return false
}

// TestWords wants none of the phrases in string literals, messages and help among them, and in documents.
func TestWords(t *testing.T) {
	root := filepath.Join("..", "..")
	used := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if strings.HasPrefix(name, ".") && path != root || slices.Contains([]string{"testdata", "templates", "tartest", "shared"}, name) {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case strings.HasSuffix(name, ".md"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, p := range phrases { // a phrase may be broken over two lines
				for _, s := range p.find(strings.Join(strings.Fields(string(text)), " ")) {
					t.Errorf("%s: %q: write %s", path, s, p.write)
				}
			}
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			return checkLiterals(t, path, used)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reasons {
		if !used[r] {
			t.Errorf("no literal is %q any more: remove it from the list", r)
		}
	}
}

// checkLiterals looks at the literals of a file that are not reasons. It notes those of the list.
func checkLiterals(t *testing.T, path string, used map[string]bool) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			return !makesReason(n)
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind != token.STRING || err != nil {
				return true
			}
			if slices.Contains(reasons, text) {
				used[text] = true
				return true
			}
			for _, p := range phrases {
				for _, s := range p.find(text) {
					t.Errorf("%s: %q: write %s", files.Position(n.Pos()), s, p.write)
				}
			}
		}
		return true
	})
	return nil
}

// TestPhrases wants each phrase to be found in a text, and its exceptions not to be.
func TestPhrases(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
	}{
		{"x is no number", 1}, {"is no whole page", 1}, {"there is no number", 0}, {"There are no images", 0}, {"it is no longer used", 0}, {"it has no name", 0},
		{"the bytes behind it", 1}, {"the list stands beside it", 1}, {"N stands for a number", 0}, {"outside of it", 1}, {"outside it", 0},
		{"the layout is told by names", 1}, {"by custom", 1}, {"it is made again", 1}, {"one λ a sample", 1}, {"one λ per sample", 0},
		{"each of its 1 containers", 1}, {"1 container", 0}, {"batch − 1 samples", 0}, {"11 containers", 0}, {"; nothing is cached for these settings", 1},
	} {
		got := 0
		for _, p := range phrases {
			got += len(p.find(tt.text))
		}
		if got != tt.n {
			t.Errorf("%q: %d phrases, want %d", tt.text, got, tt.n)
		}
	}
}
