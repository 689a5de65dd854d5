package imaging

import "github.com/premix/premix"

// Limits bound what one input image may cost. A zero field stands for its default.
type Limits struct {
	// MaxPixels bounds the width times the height that a header declares; default 128·2²⁰. No
	// side is longer than 65,535 pixels, whatever the limit.
	MaxPixels int64
	// MaxBytes bounds the encoded size; default 128 MiB.
	MaxBytes int64
}

const (
	defaultMaxPixels = 128 << 20
	defaultMaxBytes  = 128 << 20
	maxSide          = 65535
)

func (l Limits) checkBytes(n int) error {
	limit := l.MaxBytes
	if limit == 0 {
		limit = defaultMaxBytes
	}
	if int64(n) > limit {
		return premix.Faultf(premix.TooLarge, "imaging: %d bytes, the limit is %d", n, limit)
	}
	return nil
}

func (l Limits) checkPixels(f Format, w, h int) error {
	limit := l.MaxPixels
	if limit == 0 {
		limit = defaultMaxPixels
	}
	if w < 0 || h < 0 {
		return premix.Faultf(premix.Corrupt, "%s: negative size %d×%d", f, w, h)
	}
	if w == 0 || h == 0 {
		return premix.Faultf(premix.Empty, "%s: no pixels, the header says %d×%d", f, w, h)
	}
	if w > maxSide || h > maxSide {
		return premix.Faultf(premix.TooLarge, "%s: %d×%d pixels, the limit is %d a side", f, w, h, maxSide)
	}
	if int64(w)*int64(h) > limit {
		return premix.Faultf(premix.TooLarge, "%s: %d×%d pixels, the limit is %d", f, w, h, limit)
	}
	return nil
}
