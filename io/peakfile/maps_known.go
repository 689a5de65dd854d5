package peakfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/checksum"
)

// A folder of maps is known by its listing: where that was hashed before with the same names, sizes and
// times, the digest of the content is taken from a file in the user's cache, and no map is read. An
// unchanged folder of a million maps costs a walk instead of a reading of all of it at each start.

// Known is where it is kept what folders of maps hold, one file for each folder. The zero value keeps nothing.
type Known struct {
	Dir      string
	ReadOnly bool // what is kept is used, and nothing is written
}

// A known is what the file of a folder says of its last listing.
type known struct {
	Listing string `json:"listing"`
	Digest  string `json:"digest"`
	Maps    int64  `json:"maps"`
	Sum     string `json:"sum"`
}

const knownMark checksum.Mark = `"sum":"`

// maxKnown bounds such a file.
const maxKnown = 4096

// fresh is how old the newest map must be before a listing is kept: a map that is written twice within the
// resolution of the file system's times would have one time with two contents.
const fresh = 10 * time.Second

// lookMaps is the digest of a folder's content and the number of its maps.
func lookMaps(ctx context.Context, uri string, kept Known) (digest string, n int64, err error) {
	if kept.Dir == "" {
		return hashMaps(ctx, uri)
	}
	listing, newest, err := listMaps(ctx, uri)
	if err != nil {
		return "", 0, err
	}
	place := sha256.Sum256([]byte(uri))
	file := blob.Join(kept.Dir, hex.EncodeToString(place[:])+".json")
	if k := readKnown(ctx, file); k != nil && k.Listing == listing {
		return k.Digest, k.Maps, nil
	}
	settled := time.Since(newest) > fresh
	if digest, n, err = hashMaps(ctx, uri); err != nil || !settled || kept.ReadOnly {
		return digest, n, err
	}
	if again, _, err := listMaps(ctx, uri); err != nil || again != listing {
		return digest, n, err // it was changed meanwhile
	}
	if text, err := json.Marshal(known{listing, digest, n, checksum.None}); err == nil {
		knownMark.Set(text)
		_ = blob.WriteFile(ctx, file, text) // without it the next start reads the folder again
	}
	return digest, n, nil
}

// readKnown reads the file of a folder; nil if there is none that can be used.
func readKnown(ctx context.Context, file string) *known {
	text, err := blob.ReadAll(ctx, file, maxKnown)
	if err != nil || knownMark.Verify(text) != nil {
		return nil
	}
	k := new(known)
	if err := json.Unmarshal(text, k); err != nil || len(k.Digest) != 2*sha256.Size || k.Maps < 1 {
		return nil
	}
	return k
}

// listMaps is a hash of where a folder is, and of the names, sizes and times of its maps, as Walk sorts
// them, with the newest of the times.
func listMaps(ctx context.Context, uri string) (listing string, newest time.Time, err error) {
	h := sha256.New()
	fmt.Fprintf(h, "maps 1 %q\n", uri)
	for o, err := range walkMaps(ctx, uri) {
		if err != nil {
			return "", newest, err
		}
		fmt.Fprintf(h, "%q %d %d %q\n", strings.TrimPrefix(o.URI, uri), o.Size, o.ModTime.UnixNano(), o.ETag)
		if o.ModTime.After(newest) {
			newest = o.ModTime
		}
	}
	return hex.EncodeToString(h.Sum(nil)), newest, nil
}
