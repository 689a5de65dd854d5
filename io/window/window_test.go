package window

import (
	"bytes"
	"testing"
)

// A counting counts reads and their bytes.
type counting struct {
	*bytes.Reader
	reads, bytes int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.reads++
	c.bytes += n
	return n, err
}

// TestJumps goes through pieces of several lengths, of which it looks at the beginning, and reads some whole: what it sees is
// what is there, pieces close together share reads, and of those far apart no more is read than a little each.
func TestJumps(t *testing.T) {
	for _, tt := range []struct {
		piece, whole     int // bytes of a piece; each whole-th is read, 0: none
		mostRead, mostIO int // for 200 pieces
	}{
		{2000, 0, 8, 600_000},
		{2000, 1, 8, 600_000},
		{100_000, 0, 201, 201 * farBuffer},
		{100_000, 4, 320, 201*farBuffer + 50*100_000},
	} {
		data := make([]byte, 200*tt.piece)
		for i := range data {
			data[i] = byte(i*7 ^ i>>8)
		}
		at := &counting{Reader: bytes.NewReader(data)}
		w := At(at, 0, -1, int64(len(data)))
		for i := range 200 {
			want := data[i*tt.piece:][:tt.piece]
			head, err := w.Peek(512)
			if err != nil || !bytes.Equal(head, want[:512]) {
				t.Fatalf("piece %d of %d bytes: %v", i, tt.piece, err)
			}
			if tt.whole > 0 && i%tt.whole == 0 {
				got, err := w.Fill(nil, int64(tt.piece))
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("piece %d of %d bytes, whole: %v", i, tt.piece, err)
				}
			} else if err := w.Skip(int64(tt.piece)); err != nil {
				t.Fatal(err)
			}
		}
		if at.reads > tt.mostRead || at.bytes > tt.mostIO {
			t.Errorf("pieces of %d bytes, each %d. whole: %d reads of %d bytes, want %d of %d at most", tt.piece, tt.whole, at.reads, at.bytes, tt.mostRead, tt.mostIO)
		}
	}
}
