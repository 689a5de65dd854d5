package tree

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxNumber bounds class numbers, so that a folder named 20241231235959 does not make as many classes.
const maxNumber = 1_000_000

// number is the value of a name of digits only.
func number(name string) (int, bool) {
	if name == "" || strings.Trim(name, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(name)
	return n, err == nil
}

// textOrder warns where all classes are numbers, and their order as text is another one.
func (r *reader) textOrder() {
	before := -1
	swapped := ""
	for label, c := range r.Classes {
		n, ok := number(c.Name)
		if !ok {
			return
		}
		if n < before && swapped == "" {
			swapped = fmt.Sprintf("folder %s is label %d", c.Name, label)
		}
		before = n
	}
	if swapped != "" {
		r.warn("the class folders are numbers, sorted as text (%s), as in torchvision; add --class-order number to use the numbers as labels", swapped)
	}
}

// byNumber gives each class the number of its folder, and adds the numbers that no folder has.
func (r *reader) byNumber() {
	folders := map[int]Class{}
	lowest, highest, width := maxNumber, 0, -1
	for _, c := range r.Classes {
		n, ok := number(c.Name)
		switch {
		case !ok:
			r.doubt(Doubt{Text: fmt.Sprintf("--class-order number: the name of the class folder %s is not a number", c.Name), Flags: []string{"--class-order text"}})
			return
		case n >= maxNumber:
			r.doubt(Doubt{Text: fmt.Sprintf("--class-order number: class number %d is above the limit of %d", n, maxNumber-1), Flags: []string{"--class-order text"}})
			return
		}
		if other, twice := folders[n]; twice {
			r.doubt(Doubt{Text: fmt.Sprintf("--class-order number: the class folders %s and %s have one number", other.Name, c.Name), Flags: []string{"--class-order text", "rename one of them"}})
			return
		}
		folders[n] = c
		lowest, highest = min(lowest, n), max(highest, n)
		if width < 0 {
			width = len(c.Name)
		} else if width != len(c.Name) {
			width = 0
		}
	}
	offset := 0
	if r.o.Offset != nil {
		offset = *r.o.Offset
	}
	switch {
	case lowest < offset:
		r.doubt(Doubt{Text: fmt.Sprintf("--label-offset %d: the class folder %s has a lower number", offset, folders[lowest].Name), Flags: []string{fmt.Sprintf("--label-offset %d", lowest)}})
	case r.o.Offset == nil && !r.o.Listed && lowest == 1 && highest == len(folders):
		r.doubt(Doubt{
			Text:  fmt.Sprintf("the class folders are the numbers 1 to %d, and labels count from 0: class 0 would be empty", highest),
			Flags: []string{"--label-offset 1 to make folder 1 label 0", "--label-offset 0 to keep the numbers"},
		})
	}
	r.Classes = slices.Grow([]Class(nil), max(highest-offset+1, 0))
	for n := offset; n <= highest; n++ {
		c, ok := folders[n]
		if !ok {
			c = Class{Name: fmt.Sprintf("%0*d", max(width, 0), n)}
		}
		r.Classes = append(r.Classes, c)
	}
}
