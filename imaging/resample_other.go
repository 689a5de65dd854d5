package imaging

const (
	haveSIMD = false
	slack    = 0
)

type simdTables struct{ horizontal bool }

func (t *simdTables) setHorizontal(*axis) {}

func (r *Resampler) horizontalSIMD(view, view) int { return 0 }

func verticalRowSIMD([]byte, []byte, int, []int32) bool { return false }
