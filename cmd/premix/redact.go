package main

import (
	"io"

	"github.com/premix/premix/io/blob"
)

// A redacting writer hides the secrets in what passes it. What is written at once must hold a secret whole.
type redacting struct{ w io.Writer }

func (r redacting) Write(p []byte) (int, error) {
	if _, err := io.WriteString(r.w, blob.Redact(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
