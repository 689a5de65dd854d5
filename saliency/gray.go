package saliency

import "fmt"

// Gray is how a colour image becomes luma. The zero value is Stored.
type Gray int

const (
	// Stored feeds RGB data to a conversion that expects BGR, as the published SaliencyMix code
	// does: channel 0, red, gets weight 0.114 and blue 0.299.
	Stored Gray = iota
	// BT601 weighs red with 0.299, green with 0.587 and blue with 0.114. It moves nearly half of
	// the peaks of photographs.
	BT601
)

var grayNames = [...]string{Stored: "stored", BT601: "bt601"}

// ParseGray returns the Gray that s names: "stored" or "bt601".
func ParseGray(s string) (Gray, error) {
	for g, name := range grayNames {
		if name == s {
			return Gray(g), nil
		}
	}
	return 0, fmt.Errorf("saliency: no gray weights %q, know %q", s, grayNames)
}

func (g Gray) String() string {
	if g < 0 || int(g) >= len(grayNames) {
		return fmt.Sprintf("Gray(%d)", int(g))
	}
	return grayNames[g]
}

// MarshalText implements encoding.TextMarshaler.
func (g Gray) MarshalText() ([]byte, error) {
	if g < 0 || int(g) >= len(grayNames) {
		return nil, fmt.Errorf("saliency: no gray weights number %d", int(g))
	}
	return []byte(grayNames[g]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *Gray) UnmarshalText(text []byte) (err error) {
	*g, err = ParseGray(string(text))
	return err
}

// A lumaWeights holds the weights of the three stored channels in units of 2^-15; they sum to 1.
type lumaWeights [3]int32

// weights are OpenCV's constants (color.hpp: BY15, GY15, RY15).
func (g Gray) weights() lumaWeights {
	if g == BT601 {
		return lumaWeights{9798, 19235, 3735}
	}
	return lumaWeights{3735, 19235, 9798}
}

// luma returns the luma of the pixel of three channels that p starts with, rounded to nearest as
// OpenCV's cvtColor does.
func (w *lumaWeights) luma(p []uint8) int32 {
	p = p[:3]
	return (int32(p[0])*w[0] + int32(p[1])*w[1] + int32(p[2])*w[2] + 1<<14) >> 15
}

// lumaGo sets dst[i] to the luma of pixel i of packed 3-channel pix.
func lumaGo(dst, pix []uint8, w *lumaWeights) {
	for i := range dst {
		dst[i] = uint8(w.luma(pix[3*i : 3*i+3 : 3*i+3]))
	}
}
