package printable

import (
	"fmt"
	"io"
	"strings"
)

// Sprintf is fmt.Sprintf with names as arguments: strings, slices of strings, and what has a method String
// are shown by [Name] for the verbs s and v, but up to 2,000 bytes of them, since a string may be a list of
// names. Errors and [Made] are shown by [Text].
func Sprintf(format string, args ...any) string {
	if false {
		_ = fmt.Sprintf(format, args...) // tells vet that this is a printf
	}
	return fmt.Sprintf(format, shown(args, false)...)
}

// Errorf is fmt.Errorf with names as arguments, as [Sprintf] takes them. Errors stay as they are: the
// message of each is made where it arises.
func Errorf(format string, args ...any) error {
	if false {
		return fmt.Errorf(format, args...) // tells vet that this is a printf
	}
	return fmt.Errorf(format, shown(args, true)...)
}

// Made is a text that was made for people before, with lines of its own.
type Made string

func shown(args []any, keepErrors bool) []any {
	show := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case string:
			show[i] = name(a)
		case []string:
			names := make([]name, len(a))
			for k, s := range a {
				names[k] = name(s)
			}
			show[i] = names
		case Made:
			show[i] = Text(string(a))
		case error:
			if show[i] = a; !keepErrors {
				show[i] = Text(a.Error())
			}
		case fmt.Formatter:
			show[i] = a
		case fmt.Stringer:
			show[i] = name(a.String())
		default:
			show[i] = a
		}
	}
	return show
}

// A name is a string that is shown by Name. Other verbs than s and v, such as q, escape it themselves.
type name string

func (n name) Format(f fmt.State, verb rune) {
	s := string(n)
	switch {
	case verb == 's' || verb == 'v':
		s = shorten(s, maxArg)
	case len(s) > maxArg:
		head, tail := cut(s, maxArg)
		s = head + "…" + tail
	}
	fmt.Fprintf(f, strings.Replace(fmt.FormatString(f, verb), "v", "s", 1), s)
}

// Fprintf writes what Sprintf returns.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	if false {
		return fmt.Fprintf(w, format, args...) // tells vet that this is a printf
	}
	return io.WriteString(w, Sprintf(format, args...))
}
