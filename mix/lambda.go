package mix

import (
	"errors"
	"fmt"
)

// A Lambda is the law that λ is drawn from, the weight of the target.
type Lambda struct {
	// Law is beta, for Beta(Alpha, Alpha), or fixed, for Value each time.
	Law string `json:"law"`
	// Alpha is the parameter of both sides, in [0.05, 10000]; 1 makes λ uniform.
	Alpha float64 `json:"alpha"`
	Value float64 `json:"value,omitempty"`
	// Min and Max bound λ as it is drawn. The λ of a pasted patch is computed again from the
	// pixels: it is above Max where the border clips the patch, and never below Min, but under
	// resizemix, whose scale is drawn in place of λ.
	Min float64 `json:"min"`
	Max float64 `json:"max"`
	// Outside says what becomes of a draw outside of the bounds: clamp takes the nearer bound,
	// redraw draws again.
	Outside string `json:"outside"`
}

// The laws of λ and what can be done outside of its bounds, the defaults first.
const (
	LawBeta  = "beta"
	LawFixed = "fixed"

	Clamp  = "clamp"
	Redraw = "redraw"
)

// The bounds of α. Below MinAlpha nearly every draw is 0 or 1 to machine precision; above
// MaxAlpha every draw is one half to within a pixel.
const (
	MinAlpha = 0.05
	MaxAlpha = 10000
)

// redraws is how often λ is drawn again before it is clamped after all. Validate sees to it that
// one draw in a hundred is inside, so this does not happen.
const redraws = 100_000

// EnsureDefaults fills in the fields whose zero value means their default.
func (l *Lambda) EnsureDefaults() {
	if l.Law == "" {
		l.Law = LawBeta
	}
	if l.Alpha == 0 {
		l.Alpha = 1
	}
	if l.Max == 0 {
		l.Max = 1
	}
	if l.Outside == "" {
		l.Outside = Clamp
	}
}

// Draw draws λ, in [0,1]. Zero fields mean their defaults.
func (l Lambda) Draw(u Uniform) float64 {
	l.EnsureDefaults()
	if l.Law == LawFixed {
		return l.Value
	}
	lam := beta(u, l.Alpha)
	for n := 0; l.Outside == Redraw && (lam < l.Min || lam > l.Max) && n < redraws; n++ {
		lam = beta(u, l.Alpha)
	}
	return min(max(lam, l.Min), l.Max)
}

// Validate reports all that is wrong with the law, joined.
func (l *Lambda) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("mix: lambda: "+format, args...)) }
	bounded := l.Min >= 0 && l.Min <= l.Max && l.Max <= 1
	if !bounded {
		bad("bounds [%v,%v]: give two numbers in [0,1], the lower first", l.Min, l.Max)
	}
	switch l.Law {
	case LawBeta:
		if err := checkAlpha(l.Alpha); err != nil {
			bad("%w", err)
		} else if bounded && l.Outside == Redraw && !l.drawsInside() {
			bad("fewer than 1 in 100 draws with alpha %v are in [%v,%v]: clamp, widen the bounds, or fix lambda", l.Alpha, l.Min, l.Max)
		}
	case LawFixed:
		if !(l.Value >= 0 && l.Value <= 1) {
			bad("fixed value %v is not in [0,1]", l.Value)
		} else if bounded && (l.Value < l.Min || l.Value > l.Max) {
			bad("fixed value %v is outside its bounds [%v,%v]", l.Value, l.Min, l.Max)
		}
	default:
		bad("%w", unknown("law", l.Law, []string{LawBeta, LawFixed}))
	}
	if l.Outside != Clamp && l.Outside != Redraw {
		bad("%w", unknown("rule for draws outside the bounds", l.Outside, []string{Clamp, Redraw}))
	}
	return errors.Join(errs...)
}

func checkAlpha(alpha float64) error {
	switch {
	case alpha >= MinAlpha && alpha <= MaxAlpha:
		return nil
	case alpha > 0 && alpha < MinAlpha:
		return fmt.Errorf("alpha %v is below %v, where nearly every draw is 0 or 1: use method none", alpha, MinAlpha)
	case alpha > MaxAlpha:
		return fmt.Errorf("alpha %v is above %v, where every draw is one half: fix lambda at 0.5", alpha, MaxAlpha)
	}
	return fmt.Errorf("alpha %v is not a positive number", alpha)
}

// drawsInside tries whether at least one draw in a hundred is within the bounds.
func (l *Lambda) drawsInside() bool {
	const tries = 10_000
	inside, u := 0, weyl(0)
	for range tries {
		if lam := beta(&u, l.Alpha); l.Min <= lam && lam <= l.Max {
			inside++
		}
	}
	return inside >= tries/100
}

// weyl is SplitMix64, good enough to try a law with.
type weyl uint64

func (w *weyl) Float64() float64 {
	*w += 0x9e3779b97f4a7c15
	z := uint64(*w)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) * 0x1p-53
}
