package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tarfile"
)

// A key ends at the first dot of a name, for every reader of WebDataset. So img.0001.jpg and img.0002.jpg are
// two members of the sample img, as x.jpg and x.mask.png are of x, and photo.1.jpg is one of photo. This file
// tells images that somebody has named so from those that belong to a sample: each of them is lost to readers,
// and gets a row.

// A dottedImage is an image whose extension has dots.
type dottedImage struct{ name, ext, place string }

// mostDotted bounds how many of them a sample keeps until its end.
const mostDotted = 1 << 12

// cutDots splits an extension with dots at the last one.
func cutDots(ext string) (before, last string) {
	i := strings.LastIndexByte(ext, '.')
	if i < 0 {
		return "", ext
	}
	return ext[:i], ext[i+1:]
}

// dottedLabel takes note of a label whose extension has dots.
func (c *sample) dottedLabel(ext string) {
	before, last := cutDots(ext)
	if before == "" || !slices.Contains([]string{"cls", "json", "jsn", "txt"}, last) || len(c.labels) == mostDotted {
		return
	}
	if c.labels == nil {
		c.labels = map[string]bool{}
	}
	c.labels[before] = true
}

// dottedImage takes note of an image whose extension has dots. Where a sample has more of them than any real
// one, it yields a row at once, and full is true.
func (r *sampleReader) dottedImage(m tarfile.Member, name, ext string, rank int) (full bool, err error) {
	before, last := cutDots(ext)
	if before == "" || imageRank(last) < 0 {
		return false, nil
	}
	im := dottedImage{name, ext, m.Place()}
	if len(r.cur.images) == mostDotted && r.cur.name != "" {
		r.losses.there++
		return true, r.yield(r.dottedRow(im))
	}
	r.cur.images = append(r.cur.images, im)
	return false, nil
}

// cutAtDot reports whether the image of a sample is one of several that somebody took for samples of their own,
// and has no better claim to the key than the others.
func (c *sample) cutAtDot(labels webdatasetLabels) bool {
	before, _ := cutDots(c.ext)
	if before == "" || c.tie == "" {
		return false
	}
	return c.labels[before] || labels.Folders
}

// dotted are the rows of the images that are lost, since their names are cut at a dot: those with a label of
// their own name, numbers behind the name of the sample's image, and, where the folder is the label, all that are
// as good as that image.
func (r *sampleReader) dotted() (rows []Entry) {
	c := &r.cur
	mine, kind := cutDots(c.ext)
	for _, im := range c.images {
		before, last := cutDots(im.ext)
		switch {
		case im.name == c.name:
		case c.labels[before], mine == "" && last == kind && digits(before), mine != "" && c.tie != "" && last == kind && r.labels.Folders:
			rows = append(rows, r.dottedRow(im))
		}
	}
	return rows
}

// digits reports whether a text begins with a digit.
func digits(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }

func (r *sampleReader) dottedRow(im dottedImage) Entry {
	s := premix.Sample{Key: stem(im.name), Name: r.c.below(im.name), Label: -1}
	return failf(s, premix.StageScan, premix.Unsupported, "%s%s", im.place, r.cur.dotReason(im.ext))
}

// dotReason says why an image with dots in its name is no sample of its own.
func (c *sample) dotReason(ext string) string {
	return fmt.Sprintf("a key ends at the first dot of the name, so this is the member %s of the sample %s and no sample of its own: write the archive with no dots in its keys", ext, shorten(c.key))
}
