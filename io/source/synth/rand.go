package synth

// A rand is splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
// OOPSLA 2014), seeded by image and purpose.
type rand struct{ state uint64 }

func newRand(i int64, purpose uint64) *rand {
	r := &rand{uint64(i)*0x9e3779b97f4a7c15 ^ purpose*0xd1342543de82ef95}
	r.next()
	return r
}

func (r *rand) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// n is a number from 0 to n−1.
func (r *rand) n(n int) int { return int(r.next() >> 33 * uint64(n) >> 31) }

// in is a number from lo to hi, both included.
func (r *rand) in(lo, hi int) int { return lo + r.n(hi-lo+1) }

// Angles are in 1/1024 of a turn, sines in 1/16384.
const (
	turn = 1024
	one  = 1 << 14
)

// quarter is round(one·sin(k·π/64)).
var quarter = [33]int{
	0, 804, 1606, 2404, 3196, 3981, 4756, 5520, 6270, 7005, 7723, 8423, 9102, 9760, 10394, 11003, 11585,
	12140, 12665, 13160, 13623, 14053, 14449, 14811, 15137, 15426, 15679, 15893, 16069, 16207, 16305, 16364, 16384,
}

// sin is linear between the entries of quarter.
func sin(a int) int {
	a &= turn - 1
	sign := 1
	if a >= turn/2 {
		a, sign = a-turn/2, -1
	}
	if a > turn/4 {
		a = turn/2 - a
	}
	k, f := a>>3, a&7
	if f == 0 {
		return sign * quarter[k]
	}
	return sign * (quarter[k] + (quarter[k+1]-quarter[k])*f/8)
}

func cos(a int) int { return sin(a + turn/4) }

// atan is the angle of (x, y), to about half a unit: the octant's ratio with a parabola on it.
func atan(x, y int) int {
	ax, ay := max(x, -x), max(y, -y)
	if ax == 0 && ay == 0 {
		return 0
	}
	lo, hi := ax, ay
	if ay < ax {
		lo, hi = ay, ax
	}
	t := lo << 12 / hi // 0..4096
	a := (t*128 + t*(4096-t)/4096*44) >> 12
	if ay > ax {
		a = turn/4 - a
	}
	if x < 0 {
		a = turn/2 - a
	}
	if y < 0 {
		a = -a
	}
	return a & (turn - 1)
}
