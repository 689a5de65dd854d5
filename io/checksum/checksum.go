// Package checksum protects a whole file by a checksum inside it: [Mark.Set] after the file is
// encoded, [Mark.Verify] before anything of it is parsed. The Parquet library trusts what it reads: a
// single wrong bit can make it allocate gigabytes, and the CRCs of Parquet's pages cover neither
// headers nor footer.
//
// The checksum is the XXH3-128 of all bytes, in hex, with zeros in the place of the checksum itself.
package checksum

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"
)

// None takes the place of the checksum until [Mark.Set] is called.
const None = "00000000000000000000000000000000"

// A Mark is the text before the checksum. The last one in a file counts, so it belongs into the
// metadata at the end.
type Mark string

// ErrMissing means that a file has no checksum.
var ErrMissing = errors.New("no checksum")

// A MismatchError means that a file is damaged.
type MismatchError struct{ Stored, Computed string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("checksum %s, want %q", e.Computed, e.Stored)
}

// Set writes the checksum into a file, if it has a place for one: the mark and 32 characters.
func (m Mark) Set(data []byte) {
	if place := m.place(data); place != nil {
		copy(place, None)
		copy(place, sum(data))
	}
}

// Verify compares the checksum of a file. The error is [ErrMissing] or a *[MismatchError]. The bytes
// are the same afterwards, but must not be read meanwhile.
func (m Mark) Verify(data []byte) error {
	place := m.place(data)
	if place == nil {
		return ErrMissing
	}
	stored := string(place)
	copy(place, None)
	computed := sum(data)
	copy(place, stored)
	if computed != stored {
		return &MismatchError{stored, computed}
	}
	return nil
}

// place returns the place of the checksum; nil if there is none.
func (m Mark) place(data []byte) []byte {
	i := bytes.LastIndex(data, []byte(m))
	if i < 0 || len(data)-i < len(m)+len(None) {
		return nil
	}
	return data[i+len(m):][:len(None)]
}

func sum(data []byte) string {
	h := xxh3.Hash128(data).Bytes()
	return hex.EncodeToString(h[:])
}
