package blob

import (
	"fmt"
	"strconv"
	"strings"
)

// mostWords bounds what braces may stand for.
const mostWords = 1 << 17

var errWords = fmt.Errorf("the braces stand for more than %d names", mostWords)

// expandBraces returns the words that a pattern with {a,b} and {000..146} stands for, in order. A
// brace that contains neither, or is never closed, is an ordinary character.
func expandBraces(s string) ([]string, error) {
	words, text := []string{""}, 0 // s[text:i] is not in the words yet
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
			continue
		}
		if s[i] != '{' {
			continue
		}
		alts, n, err := brace(s[i:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		if len(words)*len(alts) > mostWords {
			return nil, errWords
		}
		words = appendAll(appendAll(words, []string{s[text:i]}), alts)
		i += n - 1
		text = i + 1
	}
	return appendAll(words, []string{s[text:]}), nil
}

// appendAll returns each word followed by each end.
func appendAll(words, ends []string) []string {
	if len(ends) == 1 {
		for i := range words {
			words[i] += ends[0]
		}
		return words
	}
	all := make([]string, 0, len(words)*len(ends))
	for _, w := range words {
		for _, e := range ends {
			all = append(all, w+e)
		}
	}
	return all
}

// brace returns the alternatives of the brace that s starts with, and its length in s; 0 if it is
// none.
func brace(s string) (alts []string, n int, err error) {
	depth, start := 0, 1
	var parts []string
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case ',':
			if depth == 1 {
				parts = append(parts, s[start:i])
				start = i + 1
			}
		case '}':
			if depth--; depth > 0 {
				continue
			}
			parts = append(parts, s[start:i])
			n = i + 1
		}
		if n > 0 {
			break
		}
	}
	if n == 0 {
		return nil, 0, nil
	}
	if len(parts) == 1 {
		alts, err = numbers(parts[0])
		if alts == nil {
			n = 0
		}
		return alts, n, err
	}
	for _, p := range parts {
		words, err := expandBraces(p)
		if err != nil {
			return nil, 0, err
		}
		if alts = append(alts, words...); len(alts) > mostWords {
			return nil, 0, errWords
		}
	}
	return alts, n, nil
}

// numbers returns the numbers of a range a..b, nil if s is none.
func numbers(s string) ([]string, error) {
	from, to, ok := strings.Cut(s, "..")
	if !ok {
		return nil, nil
	}
	a, err1 := strconv.ParseUint(from, 10, 62)
	b, err2 := strconv.ParseUint(to, 10, 62)
	if err1 != nil || err2 != nil {
		return nil, nil
	}
	if b < a {
		return nil, fmt.Errorf("the range {%s} runs backwards", s)
	}
	if b-a >= mostWords {
		return nil, errWords
	}
	width := 0
	if padded(from) || padded(to) {
		width = max(len(from), len(to))
	}
	list := make([]string, 0, b-a+1)
	for i := a; i <= b; i++ {
		list = append(list, fmt.Sprintf("%0*d", width, i))
	}
	return list, nil
}

func padded(n string) bool { return len(n) > 1 && n[0] == '0' }
