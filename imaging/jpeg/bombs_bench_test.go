//go:build bombs

package jpeg

import (
	"fmt"
	"testing"
)

// BenchmarkBombs decodes bombs of the largest size that the default limits let pass. That takes gigabytes and
// minutes: go test -tags bombs -run '^$' -bench Bombs -benchtime 1x ./imaging/jpeg.
func BenchmarkBombs(b *testing.B) {
	const side = 11585 // 128·2²⁰ pixels
	for _, bomb := range append(huffmanBombs(), arithmeticBombs()...) {
		data := bomb.make(side)
		for _, accept := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/accept=%t", bomb.name, accept), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					new(Decoder).Decode(nil, data, Options{AcceptTruncated: accept})
				}
			})
		}
	}
}
