package launch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
)

// labelSums are the hashes of the contents of lists of labels, each with the name of its input: another
// list gives images other classes, wherever it lies and however it is called.
func labelSums(ctx context.Context, lists []string) ([]string, error) {
	var sums []string
	for _, list := range pipeline.Inputs(lists) {
		data, err := blob.ReadAll(ctx, list.URI, source.MaxList)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("--labels %s: no such file", list.URI)
		}
		if err != nil {
			return nil, usagef("--labels %s: %v", list.URI, err)
		}
		sum := sha256.Sum256(data)
		text := "sha256:" + hex.EncodeToString(sum[:])
		if list.Name != "" {
			text = list.Name + "=" + text
		}
		sums = append(sums, text)
	}
	return sums, nil
}
