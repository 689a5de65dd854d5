//go:build !amd64 || noasm

package jpeg

const (
	haveSIMD = false
	haveBits = false
)

func (d *Decoder) blocksSIMD(from, _ int) int { return from }

func (d *Decoder) skipSIMD(from, _ int) int { return from }

func idct(out []byte, stride int, blk *[64]int16, q *[64]uint16) { idctGo(out, stride, blk, q) }

func h2v1(dst, c []byte, w int) { h2v1Go(dst, c, w) }

func h1v2(dst, cur, near []byte, w int, bias uint) { h1v2Go(dst, cur, near, w, bias) }

func h2v2(dst, cur, near []byte, w int) { h2v2Go(dst, cur, near, w) }

func yccRow(dst, y, cb, cr []byte) { yccRowGo(dst, y, cb, cr) }

func refineBMI2(_ *bitReader, _ *huffTable, _ *[64]int16, _ uint64, _, _ int) (int, uint64) {
	return -1, 0
}
