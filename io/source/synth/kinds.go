package synth

// A kind is a class: an outline, a texture, and two colours.
type kind struct {
	name    string
	outline func(a int) int // the radius at an angle, 0 to 255
	texture func(p point) int
	a, b    rgb
	hole    int // radius of a hole in the middle; 0 none
	tilt    int // how far it may turn from upright; turn/2 any way
}

type rgb struct{ r, g, b int }

// kinds are the classes, sorted by name.
var kinds = []kind{
	{"ball", circle, panels, rgb{232, 60, 44}, rgb{250, 244, 232}, 0, turn / 2},
	{"butterfly", table(&butterfly), spots, rgb{246, 146, 20}, rgb{44, 20, 36}, 0, 100},
	{"clover", petals(3, 150), veins, rgb{60, 190, 58}, rgb{214, 250, 150}, 0, 140},
	{"coin", circle, rings, rgb{250, 206, 64}, rgb{176, 112, 20}, 0, turn / 2},
	{"fish", table(&fish), scales, rgb{40, 150, 232}, rgb{250, 226, 110}, 0, 90},
	{"flower", petals(6, 120), rays, rgb{236, 70, 160}, rgb{255, 224, 240}, 0, turn / 2},
	{"gear", gear, rings, rgb{48, 84, 214}, rgb{206, 226, 255}, 70, turn / 2},
	{"heart", table(&heart), checks, rgb{224, 24, 70}, rgb{255, 150, 170}, 0, 80},
	{"leaf", table(&leaf), veins, rgb{36, 150, 70}, rgb{226, 236, 90}, 0, turn / 2},
	{"ring", circle, panels, rgb{130, 70, 220}, rgb{90, 230, 220}, 130, turn / 2},
	{"star", star, rays, rgb{255, 212, 30}, rgb{240, 104, 20}, 0, turn / 2},
	{"tile", square, checks, rgb{20, 170, 170}, rgb{244, 250, 236}, 0, turn / 2},
}

// Outlines at 64 angles, clockwise from the right.
var (
	heart = [64]uint8{
		218, 209, 200, 192, 184, 177, 172, 169, 167, 166, 167, 170, 175, 183, 195, 213, 255, 213, 195, 183, 175, 170, 167, 166, 167, 169, 172, 177, 184, 192, 200, 209,
		218, 226, 231, 234, 233, 231, 226, 219, 210, 199, 186, 170, 153, 133, 111, 87, 57, 87, 111, 133, 153, 170, 186, 199, 210, 219, 226, 231, 233, 234, 231, 226,
	}
	fish = [64]uint8{
		225, 223, 217, 208, 197, 186, 175, 165, 156, 148, 141, 135, 130, 127, 123, 121, 120, 119, 119, 120, 121, 123, 126, 129, 133, 138, 143, 148, 255, 235, 219, 208,
		199, 208, 219, 235, 255, 148, 143, 138, 133, 129, 126, 123, 121, 120, 119, 119, 120, 121, 123, 127, 130, 135, 141, 148, 156, 165, 175, 186, 197, 208, 217, 223,
	}
	leaf = [64]uint8{
		255, 234, 213, 195, 180, 167, 157, 149, 142, 137, 133, 130, 128, 126, 126, 126, 127, 129, 132, 136, 140, 145, 151, 158, 166, 175, 184, 195, 206, 218, 231, 244,
		255, 244, 231, 218, 206, 195, 184, 175, 166, 158, 151, 145, 140, 136, 132, 129, 127, 126, 126, 126, 128, 130, 133, 137, 142, 149, 157, 167, 180, 195, 213, 234,
	}
	butterfly = [64]uint8{
		83, 149, 177, 195, 207, 212, 212, 207, 197, 185, 169, 152, 134, 117, 102, 90, 83, 90, 102, 117, 134, 152, 169, 185, 197, 207, 212, 212, 207, 195, 177, 149,
		83, 158, 194, 221, 240, 251, 255, 253, 244, 231, 212, 191, 167, 143, 120, 99, 83, 99, 120, 143, 167, 191, 212, 231, 244, 253, 255, 251, 240, 221, 194, 158,
	}
)

// table interpolates an outline.
func table(t *[64]uint8) func(int) int {
	return func(a int) int {
		k, f := a>>4&63, a&15
		return (int(t[k])*(16-f) + int(t[(k+1)&63])*f) / 16
	}
}

func circle(int) int { return 235 }

// petals has n round lobes, deep pixels deep.
func petals(n, deep int) func(int) int {
	return func(a int) int {
		s := sin(a * n / 2)
		s = max(s, -s)
		// The root makes the lobes round: 1−(1−s)² rises steeply and ends flat.
		c := one - s
		return 255 - deep*(c*c/one)/one
	}
}

func gear(a int) int {
	return 214 + 28*max(-one/2, min(one/2, 2*sin(a*10)))/(one/2)
}

func star(a int) int {
	p := (a*5 + turn/4) & (turn - 1) // five teeth
	d := max(p, turn-p) - turn/2     // 0 at the notch, turn/2 at the tip
	t := d * 256 / (turn / 2)
	return 108 + 147*(t*t/256+t)/512
}

// square is a square with rounded corners.
func square(a int) int {
	c, s := cos(a), sin(a)
	c, s = max(c, -c), max(s, -s)
	return min(180*one/max(c, s), 236)
}

// A point is a place on the object: x and y from −256 to 256 in the object's own frame, its
// radius and angle.
type point struct{ x, y, r, a int }

// Textures mix the two colours: 0 is the first, 256 the second.

func step(on bool) int {
	if on {
		return 256
	}
	return 0
}

func panels(p point) int { return step((p.a+turn/16)>>7&1 == 1) }

func rings(p point) int { return step(p.r/26&1 == 1) }

func rays(p point) int {
	if p.r < 60 {
		return 256 - p.r*2
	}
	return step((p.a+16)*24/turn&1 == 1) * 3 / 4
}

func checks(p point) int { return step(((p.x+512)/44+(p.y+512)/44)&1 == 1) }

func spots(p point) int {
	x, y := (p.x+528)%66-33, (p.y+528)%66-33
	if max(p.x, -p.x) < 20 || p.r > 215 {
		return 256 // the body, and the hem of the wings
	}
	return step(x*x+y*y < 300)
}

func scales(p point) int {
	row := (p.x + 512) / 36
	y := (p.y + 512 + row&1*22) % 44
	x := (p.x + 512) % 36
	d := (x-6)*(x-6) + (y-22)*(y-22)
	if (p.x-120)*(p.x-120)+(p.y+30)*(p.y+30) < 400 {
		return 256 // the eye
	}
	return step(d > 500)
}

func veins(p point) int {
	side := max(p.y, -p.y)
	v := (p.x - side + 1024) % 52
	return step(side < 9 || v < 13)
}
