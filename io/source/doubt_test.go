package source

import "testing"

// readSure is Read of what is not in doubt, as the stages call it.
func readSure(t *testing.T, ch Chunk, o Options, yield func(Entry) error) error {
	t.Helper()
	ch.Doubt = DoubtOf(Read(t.Context(), ch, o, 0, func(Entry) error { return nil }))
	return Read(t.Context(), ch, o, 0, yield)
}
