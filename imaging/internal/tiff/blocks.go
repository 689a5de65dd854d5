package tiff

// readBlocks reads how the picture is cut into strips or tiles, and what they cost.
func (h *Header) readBlocks() error {
	if h.tiled = h.field(tagTileWidth).n > 0; h.tiled {
		h.blockW, h.blockH = int(h.number(tagTileWidth, 0)), int(h.number(tagTileLength, 0))
		h.offsets, h.counts = h.field(tagTileOffsets), h.field(tagTileCounts)
	} else {
		h.blockW, h.blockH = h.W, int(min(h.number(tagRowsPerStrip, int64(h.H)), int64(h.H)))
		h.offsets, h.counts = h.field(tagStripOffsets), h.field(tagStripCounts)
	}
	if h.blockW <= 0 || h.blockH <= 0 || h.blockW > maxSide || h.blockH > maxSide {
		return corrupt("strips or tiles of %d×%d pixels", h.blockW, h.blockH)
	}
	h.across, h.down = ceil(h.W, h.blockW), ceil(h.H, h.blockH)
	n := h.across * h.down * h.planes
	if h.offsets.n < n {
		return corrupt("%d strips or tiles, there must be %d", h.offsets.n, n)
	}
	all := int64(h.planes) * h.blockBytes(h.blockH)
	h.Work = int64(h.across*h.down)*all + int64(n)*h.blockCost()
	h.Memory = 3*int64(h.W)*int64(h.H) + all + scratch
	if h.reversed {
		h.Memory += int64(len(h.data))
	}
	if h.compression == jpegStrips {
		h.Memory += h.jpegMemory() + int64(len(h.data))
	}
	return nil
}

// scratch bounds the tables of the decompressors.
const scratch = 256 << 10

// blockCost is what a strip or tile costs beside its samples, in bytes of samples: tables are built
// for each.
func (h *Header) blockCost() int64 {
	switch h.compression {
	case jpegStrips:
		return 16 << 10
	case fax3, fax4:
		return int64(h.blockW)
	case none:
		return 16
	}
	return 1 << 10
}

// rowBytes is the length of a row of a strip or tile, or of one of its planes. Where pixels share Cb
// and Cr it is that of subY rows.
func (h *Header) rowBytes() int {
	if h.shared() {
		return ceil(h.blockW, h.subX) * (h.subX*h.subY + 2)
	}
	return ceil(h.blockW*h.samples/h.planes*h.bits, 8)
}

// shared reports whether several pixels share Cb and Cr.
func (h *Header) shared() bool { return h.subX*h.subY > 1 }

// blockBytes is the length of the given rows of a strip or tile, or of one of its planes.
func (h *Header) blockBytes(rows int) int64 {
	return int64(h.rowBytes()) * int64(ceil(rows, h.subY))
}

// rows returns the rows that the strips or tiles from row y on have in the file: those of the last
// strip are fewer, those of tiles never.
func (h *Header) rows(y int) int {
	if h.tiled {
		return h.blockH
	}
	return min(h.blockH, h.H-y)
}

func ceil(n, by int) int { return (n + by - 1) / by }

// source returns the bytes of the i-th strip or tile, of which want bytes are to be made. Pillow does
// not look at the lengths of those that are not compressed.
func (h *Header) source(i, want int) ([]byte, error) {
	at := h.offsets.at(i)
	if at >= int64(len(h.data)) {
		return nil, truncated("samples")
	}
	rest := h.data[at:]
	switch {
	case h.compression == none && len(rest) < want:
		return nil, truncated("samples")
	case h.compression == none:
		return rest[:want:want], nil
	}
	if n := h.counts.at(i); i < h.counts.n && n < int64(len(rest)) {
		rest = rest[:n:n]
	}
	return rest, nil
}
