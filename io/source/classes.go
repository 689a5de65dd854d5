package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// agree returns the first input with a class list. All inputs must have the same list, but for those
// without one and, where classes are given, those that state names. It is nil if none has a list.
func agree(inputs []*discovery, given []string) (*discovery, error) {
	var first *discovery
	for _, l := range inputs {
		if l.Classes == nil || given != nil && l.byName {
			continue
		}
		if first == nil {
			first = l
			continue
		}
		for k := range max(len(first.Classes), len(l.Classes)) {
			a, b := classAt(first.Classes, k), classAt(l.Classes, k)
			if a == b {
				continue
			}
			hint := LookAlike(first.Classes, l.Classes)
			if first.byName || l.byName {
				hint += "; give --classes FILE to use the classes in it"
			}
			return nil, usagef("class %d is %s in %s and %s in %s: the class lists of all inputs must be the same%s", k, a, first.in.URI, b, l.in.URI, hint)
		}
	}
	return first, nil
}

// namedTwice refuses lists that give two classes one name, as ImageNet's list of short names does: who goes by
// names would merge them.
func namedTwice(inputs []*discovery) error {
	for _, l := range inputs {
		seen := make(map[string]int, len(l.Classes))
		for i, name := range l.Classes {
			if at, twice := seen[name]; twice {
				return usagef("--in %s: the classes %d and %d are both called %s: give them different names", l.in.URI, at, i, name)
			}
			seen[name] = i
		}
	}
	return nil
}

// absent returns the given classes that no input has. Where an input has no list, it may have any.
func absent(inputs []*discovery, given []string) []string {
	var names []string
	for _, l := range inputs {
		if l.Classes == nil {
			return nil
		}
		names = append(names, l.Classes...)
	}
	have := setOf(names)
	return slices.DeleteFunc(slices.Clone(given), func(name string) bool { return have[name] })
}

// LookAlike tells of a name and one of a list that look alike and differ in their characters: macOS writes é as
// two, Linux as one. It is empty if there are none.
func LookAlike(names, list []string) string {
	forms := make(map[string]string, len(list))
	for _, name := range list {
		forms[norm.NFC.String(name)] = name
	}
	for _, name := range names {
		if other, ok := forms[norm.NFC.String(name)]; ok && other != name {
			return fmt.Sprintf(" (%s and %s look alike: one is composed Unicode, NFC, the other decomposed, NFD; rename the folder, or correct the list)", strconv.QuoteToASCII(name), strconv.QuoteToASCII(other))
		}
	}
	return ""
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

func classAt(list []string, i int) string {
	if i >= len(list) {
		return "missing"
	}
	return "“" + list[i] + "”"
}

// maxListBytes bounds class lists and other small text files beside a data set.
const maxListBytes = 64 << 20

// ParseClasses reads a class list: one name a line, without empty lines; a byte order mark and
// spaces around a name are dropped. Where every line begins with its own number and a colon, as in
// TF-slim's labels.txt ("0:daisy"), these are dropped too. Names must be unique.
func ParseClasses(data []byte) ([]string, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, errors.New("the class list is not UTF-8")
	}
	var names []string
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 1<<20)
	var lines []int
	for line := 1; sc.Scan(); line++ {
		if name := strings.TrimSpace(sc.Text()); name != "" {
			names, lines = append(names, name), append(lines, line)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("the class list is empty")
	}
	names = unnumber(names)
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if at, twice := seen[name]; twice {
			return nil, fmt.Errorf("the class list names “%s” twice, in lines %d and %d", name, lines[at], lines[i])
		}
		seen[name] = i
	}
	return names, nil
}

// unnumber strips "0:", "1:", … if every name has its own.
func unnumber(names []string) []string {
	plain := make([]string, len(names))
	for i, n := range names {
		rest, ok := strings.CutPrefix(n, strconv.Itoa(i)+":")
		if !ok || strings.TrimSpace(rest) == "" {
			return names
		}
		plain[i] = strings.TrimSpace(rest)
	}
	return plain
}

// classesBeside reads the first of the named class lists that lies in dir; nil if none does.
func classesBeside(ctx context.Context, dir string, names ...string) ([]string, error) {
	for _, n := range names {
		uri := blob.Join(dir, n)
		data, err := blob.ReadAll(ctx, uri, maxListBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		classes, err := ParseClasses(data)
		if err != nil {
			return nil, usagef("%s: %v", uri, err)
		}
		return classes, nil
	}
	return nil, nil
}

// classesOrOwn does as classesBeside, and reads the class list of an output of premix if there is no
// other: that of the split, or else of another one, since all of them share it.
func classesOrOwn(ctx context.Context, dir, split string, names ...string) ([]string, error) {
	const meta = "__premix__"
	classes, err := classesBeside(ctx, dir, append(names, meta+"/"+split+"/classes.txt")...)
	if classes != nil || err != nil {
		return classes, err
	}
	list, err := blob.List(ctx, blob.Join(dir, meta))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var others []string
	for _, o := range list {
		if base := blob.Base(o.URI); o.Dir && !strings.HasPrefix(base, ".") {
			others = append(others, meta+"/"+base+"/classes.txt")
		}
	}
	return classesBeside(ctx, dir, others...)
}

// Labels turn what samples state, an index or a name, into indexes of one class list.
type Labels struct {
	// Own is the class list of the inputs, which their indexes refer to; nil if unknown.
	Own []string `json:"own,omitempty"`
	// Target is the class list of the output. It may be a subset of Own.
	Target []string `json:"target"`

	index map[string]int
	own   map[string]bool // the names in Own
}

// Labels returns what turns the samples of the catalog's inputs into indexes of classes: of
// c.Classes, or of the list that the scan has shown if that is nil.
func (c *Catalog) Labels(scanned []string) *Labels {
	l := &Labels{Own: c.Own, Target: c.Classes}
	if l.Target == nil {
		l.Target = scanned
	}
	return l
}

// Of returns the 0-based index of the sample's class in Target. It is −1 without an error for a
// class of Own that Target leaves out. Errors are of type [*premix.Fault].
func (l *Labels) Of(s *premix.Sample) (int, error) {
	if l.index == nil {
		l.index = make(map[string]int, len(l.Target))
		for i, name := range l.Target {
			l.index[name] = i
		}
	}
	class, isOwn := s.Class, false
	if s.Label >= 0 && l.Own != nil {
		if s.Label >= len(l.Own) {
			return -1, premix.Faultf(premix.BadLabel, "label %d, but the class list has %d", s.Label, len(l.Own))
		}
		own := l.Own[s.Label]
		if class != "" && class != own {
			return -1, premix.Faultf(premix.BadLabel, "label %d is class %q in the class list, but the entry says %q", s.Label, own, class)
		}
		class, isOwn = own, true
	}
	if class != "" {
		if i, ok := l.index[class]; ok {
			return i, nil
		}
		if isOwn || l.owns(class) {
			return -1, nil
		}
		return -1, premix.Faultf(premix.BadLabel, "class %q is not in the class list", class)
	}
	switch {
	case s.Label < 0:
		return -1, premix.Faultf(premix.NoLabel, "no label")
	case s.Label >= len(l.Target):
		return -1, premix.Faultf(premix.BadLabel, "label %d, but the class list has %d", s.Label, len(l.Target))
	}
	return s.Label, nil
}

// owns says whether a name is in Own.
func (l *Labels) owns(class string) bool {
	if l.own == nil {
		l.own = make(map[string]bool, len(l.Own))
		for _, name := range l.Own {
			l.own[name] = true
		}
	}
	return l.own[class]
}
