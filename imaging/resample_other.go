//go:build !amd64 || noasm

package imaging

const slack = 0

// simdTables stand for the assembly where there is none.
type simdTables struct{ horizontal bool }

func (t *simdTables) setHorizontal(*axis) {}

func (t *simdTables) verticalRow([]byte, []byte, int, []int32) bool { return false }

func (r *Resampler) horizontalSIMD(view, view) int { return 0 }
