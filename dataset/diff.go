package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// RecipeDiff compares two recipes, JSON objects, and returns a line for each setting that
// differs, by name:
//
//	method.alpha: 1.0 → 0.5
//	seed: (absent) → 7
//
// Numbers are compared by value, not by their text. A recipe that is not JSON gives a line of its own.
func RecipeDiff(old, new json.RawMessage) []string {
	a, errA := flatten(old)
	b, errB := flatten(new)
	if errA != nil || errB != nil {
		if bytes.Equal(old, new) {
			return nil
		}
		return []string{fmt.Sprintf("recipe: %s → %s", readable(errA), readable(errB))}
	}
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		va, okA := a[k]
		vb, okB := b[k]
		if okA == okB && sameValue(va, vb) {
			continue
		}
		if !okA {
			va = "(absent)"
		}
		if !okB {
			vb = "(absent)"
		}
		line := fmt.Sprintf("%s: %s → %s", k, va, vb)
		if k == "replica-names" {
			line += " (whether names of replica 0 have its number, r000)"
		}
		lines = append(lines, line)
	}
	return lines
}

// OnlyVersions reports whether lines of RecipeDiff are about versions and nothing else: another premix
// would have made other bytes of the same recipe.
func OnlyVersions(diff []string) bool {
	return len(diff) > 0 && !slices.ContainsFunc(diff, func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return !strings.HasSuffix(name, "-version")
	})
}

func readable(err error) string {
	if err != nil {
		return "(unreadable)"
	}
	return "(readable)"
}

// flatten maps the path of each setting to its value as text. A list of plain values is one value; in
// a list of objects each has an entry.
func flatten(raw json.RawMessage) (map[string]string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	flat := map[string]string{}
	flattenInto(flat, "", v)
	return flat, nil
}

func flattenInto(flat map[string]string, at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if at != "" {
				k = at + "." + k
			}
			flattenInto(flat, k, e)
		}
		return
	case []any:
		if slices.ContainsFunc(v, func(e any) bool { _, ok := e.(map[string]any); return ok }) {
			for i, e := range v {
				flattenInto(flat, fmt.Sprintf("%s[%d]", at, i), e)
			}
			return
		}
	}
	if at == "" {
		at = "recipe"
	}
	flat[at] = valueText(v)
}

func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case string:
		// quote what looks like another type, or like a part of the line
		if json.Valid([]byte(v)) || v == "" || strings.TrimSpace(v) != v || strings.ContainsAny(v, "\n→") {
			return strconv.Quote(v)
		}
		return v
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = valueText(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

func sameValue(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil || x != y {
		return false
	}
	// different integers above 2^53, such as seeds, can be equal as floats
	return strings.ContainsAny(a+b, ".eE")
}
