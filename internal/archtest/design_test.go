package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxWay is how many files a reader opens to follow one sample, or one image, through the program.
const maxWay = 7

// A step is a line `file.go: Func` or `file.go: Type.Method` of a way in docs/design.md. An inner step
// is indented further: the last outer step before it leads to it, as to the inner steps beside it.
type step struct {
	inner            bool
	file, recv, name string
}

var (
	wayTitle = regexp.MustCompile(`(?m)^The way of (an? [a-z]+):$`)
	wayStep  = regexp.MustCompile(`^    (  )?([\w./]+\.go): (?:(\w+)\.)?(\w+)$`)
	floor    = regexp.MustCompile(`(?m)^ +(\d+)  (\S+(?: · \S+)*)$`)
)

// TestWays follows each way that docs/design.md §1 lists: every file has its function, and the function,
// or code of the same file that it starts, names the next one.
func TestWays(t *testing.T) {
	root := moduleRoot(t)
	text := design(t, root)
	titles := wayTitle.FindAllStringSubmatchIndex(text, -1)
	if len(titles) != 2 {
		t.Fatalf("docs/design.md lists %d ways, want that of a sample and that of an image", len(titles))
	}
	for _, at := range titles {
		t.Run(text[at[2]:at[3]], func(t *testing.T) {
			way := steps(text[at[1]:])
			if len(way) < 3 || len(way) > maxWay {
				t.Errorf("%d steps, want 3 to %d", len(way), maxWay)
			}
			var names map[string]bool
			from := "the title"
			for i, s := range way {
				if i > 0 && !names[s.name] {
					t.Errorf("%s does not lead to %s of %s", from, s.name, s.file)
				}
				reached, found := namesFrom(t, filepath.Join(root, s.file), s)
				if !found {
					t.Errorf("%s has no function %s %s", s.file, s.recv, s.name)
				}
				if !s.inner {
					names, from = reached, s.file
				}
			}
		})
	}
}

func design(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "design.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// steps reads the first indented block of a text.
func steps(text string) (way []step) {
	for line := range strings.Lines(text) {
		m := wayStep.FindStringSubmatch(strings.TrimRight(line, "\n"))
		switch {
		case m != nil:
			way = append(way, step{m[1] != "", m[2], m[3], m[4]})
		case len(way) > 0:
			return way
		}
	}
	return way
}

// namesFrom returns every name in the body of a step's function and in what it starts in the same file:
// functions and methods that it names, and all methods of types that it names.
func namesFrom(t *testing.T, path string, s step) (names map[string]bool, found bool) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return nil, false
	}
	names = map[string]bool{}
	var rest []*ast.FuncDecl
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		switch {
		case !ok || fn.Body == nil:
		case fn.Name.Name == s.name && receiver(fn) == s.recv:
			found = true
			collect(names, fn.Body)
		default:
			rest = append(rest, fn)
		}
	}
	for more := found; more; {
		more = false
		rest = slices.DeleteFunc(rest, func(fn *ast.FuncDecl) bool {
			started := names[fn.Name.Name] || names[receiver(fn)]
			if started {
				collect(names, fn.Body)
				more = true
			}
			return started
		})
	}
	return names, found
}

// receiver is the name of the type that a method belongs to, empty for a function.
func receiver(fn *ast.FuncDecl) (name string) {
	if fn.Recv == nil {
		return ""
	}
	ast.Inspect(fn.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return name
}

func collect(names map[string]bool, body ast.Node) {
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names[id.Name] = true
		}
		return true
	})
}

// TestFloors holds the picture of docs/design.md §1 to the code: every package of the program is on a
// floor, and imports packages of lower floors only, besides those of its own room.
func TestFloors(t *testing.T) {
	root := moduleRoot(t)
	floors := map[string]int{}
	for _, m := range floor.FindAllStringSubmatch(design(t, root), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, room := range strings.Split(m[2], " · ") {
			floors[room] = n
		}
	}
	if len(floors) < 10 {
		t.Fatalf("docs/design.md has %d rooms on floors", len(floors))
	}
	used := map[string]bool{}
	eachImport(t, func(file, target string) {
		target, ours := strings.CutPrefix(target, module)
		target = strings.TrimPrefix(target, "/")
		to := floorRoom(floors, target)
		if !ours || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(target, "internal/") && to == "" {
			return // the rest of internal is for tests
		}
		from := floorRoom(floors, folderOf(file))
		used[from], used[to] = true, true
		if from == "" || from == to {
			return
		}
		if to == "" || floors[to] >= floors[from] {
			t.Errorf("%s, on floor %d, imports %s, on floor %d", file, floors[from], target, floors[to])
		}
	})
	for room := range floors {
		if !used[room] {
			t.Errorf("no import leads from or to the room %s of the picture", room)
		}
	}
}

// floorRoom is the room of a folder: the longest of the names on floors that it begins with.
func floorRoom(floors map[string]int, folder string) string {
	if folder == "" {
		return "premix"
	}
	for ; folder != "."; folder = filepath.ToSlash(filepath.Dir(folder)) {
		if _, ok := floors[folder]; ok {
			return folder
		}
	}
	return ""
}
