// Package peakfile reads saliency that was computed elsewhere, by any network: a table of peaks, or a
// folder of gray maps. [Look] says which it is; [Open] reads a table, [ReadMap] a map.
//
// # Tables
//
// A table is CSV with a header line, or Parquet, or a folder of such files with the same columns.
// Columns are found by name, in any order; others are ignored, so that a folder of the peaks cache
// is a table too.
//
//	name                    name of the image as premix gives it: its path below the root, a
//	                        container counting as a folder
//	peak_row, peak_col      the peak in pixels of the training crop
//	trough_row, trough_col  its least salient pixel likewise; may be absent, or −1 everywhere
//	replica                 the epoch whose crop is meant; may be absent where all crops are equal
//	flat                    true: the image has no peak, and the centre is taken; may be absent
//
//	peak_x, peak_y, trough_x, trough_y
//	                        instead of rows and columns of the crop: columns (x) and rows (y) of
//	                        the original image, which are mapped through its crop
//
// Coordinates count from 0 at the top left pixel; a fractional one means the pixel that it lies
// in. A value that is missing or not a number, or a pixel outside, is a defect of its image. A
// table that contradicts itself is an error of the table, with its line, or its row counted from
// 1 in Parquet.
//
// # Folders of maps
//
// The map of image a/b.JPEG is a/b.png below the folder, or else a/b.JPEG.png: an 8-bit gray PNG
// of the size of the original image, which is cropped, resized and mirrored as the image is, or,
// where every replica has the same crop, of the size of the crop.
//
// # Identity
//
// [Look] hashes the content. The hash, and not the place, belongs to the fingerprint of peaks.
package peakfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/premix/premix/io/blob"
)

// An Error is a mistake in a file of peaks. Its text names the file, and the line if there is one.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

func errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// The kinds of files.
const (
	KindTable = "table"
	KindMaps  = "maps"
)

// An Info says what a file of peaks, or a folder of maps, is. It is plain data, so that it travels
// through a pipeline.
type Info struct {
	URI    string
	Kind   string
	Digest string // of the content: 64 hex digits
	// Entries is the number of rows, or of maps.
	Entries int64
	// Original says that a table's coordinates are those of the original image, PerReplica that it
	// has a column of replicas, Troughs that it knows least salient pixels. Maps know them too.
	Original, PerReplica, Troughs bool
	// Later says that a table has rows of replicas after the first one, number 0.
	Later bool
	// Folder says that a table is in several files.
	Folder bool
}

// Look says what a file or a folder of maps is. It reads all of a file. A folder of maps it lists, and reads all maps
// unless known has what an earlier start learned of the same names, sizes and times: to read a million maps in a store takes
// hours. The error is fs.ErrNotExist where there is nothing, an *[Error] where the content is wrong, and otherwise one of the
// environment.
func Look(ctx context.Context, uri string, known Known) (Info, error) {
	o, err := blob.Stat(ctx, uri)
	if errors.Is(err, fs.ErrNotExist) {
		list, listErr := blob.List(ctx, uri) // stores have no folders to be found by Stat
		if listErr != nil || len(list) == 0 {
			return Info{}, err
		}
		o.Dir = true
	} else if err != nil {
		return Info{}, fmt.Errorf("peakfile: %w", err)
	}
	if o.Dir {
		files, err := tableFiles(ctx, uri)
		if err != nil {
			return Info{}, err
		}
		if len(files) == 0 {
			digest, n, err := lookMaps(ctx, uri, known)
			if err != nil {
				return Info{}, err
			}
			return Info{URI: uri, Kind: KindMaps, Digest: digest, Entries: n, Troughs: true}, nil
		}
	}
	t, err := load(ctx, uri, o.Dir)
	if err != nil {
		return Info{}, err
	}
	tables.Store(t.info.URI+" "+t.info.Digest, sync.OnceValues(func() (*Table, error) { return t, nil }))
	return t.info, nil
}

// tables are those that this process has loaded, by place and content.
var tables sync.Map // of func() (*Table, error)

// Open returns the table that an Info describes. A process loads it once; its memory is bounded
// by the number of rows (48 bytes each, at most 2^24). A content that changed is an error.
func Open(ctx context.Context, info Info) (*Table, error) {
	key := info.URI + " " + info.Digest
	once, _ := tables.LoadOrStore(key, sync.OnceValues(func() (*Table, error) {
		t, err := load(ctx, info.URI, info.Folder)
		if err == nil && t.info.Digest != info.Digest {
			err = fmt.Errorf("peakfile: %s is not what it was when the job began: run again", info.URI)
		}
		return t, err
	}))
	t, err := once.(func() (*Table, error))()
	if err != nil {
		tables.Delete(key) // a retry may have more luck
	}
	return t, err
}

// load reads and hashes a table: one file, or those of a folder.
func load(ctx context.Context, uri string, folder bool) (*Table, error) {
	files := []string{uri}
	if folder {
		var err error
		if files, err = tableFiles(ctx, uri); err != nil {
			return nil, err
		}
	}
	b := &builder{info: Info{URI: uri, Kind: KindTable, Folder: folder}}
	all := sha256.New()
	for _, f := range files {
		digest, err := hashFile(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("peakfile: %w", err)
		}
		if b.info.Digest = digest; folder {
			fmt.Fprintf(all, "%q %s\n", blob.Base(f), digest)
			b.info.Digest = hex.EncodeToString(all.Sum(nil))
		}
		if err := b.file(ctx, f); err != nil {
			return nil, err
		}
	}
	return b.finish()
}

// tableFiles lists the tables in a folder, by name.
func tableFiles(ctx context.Context, uri string) ([]string, error) {
	list, err := blob.List(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("peakfile: %w", err)
	}
	var files []string
	for _, o := range list {
		if lower := strings.ToLower(o.URI); !o.Dir && (strings.HasSuffix(lower, ".csv") || strings.HasSuffix(lower, ".parquet")) {
			files = append(files, o.URI)
		}
	}
	if len(files) > maxFiles {
		return nil, errorf("%s: %d tables, at most %d", uri, len(files), maxFiles)
	}
	return files, nil
}

// maxFiles bounds the files of a table.
const maxFiles = 1 << 16

// hashFile is the SHA-256 of an object's bytes.
func hashFile(ctx context.Context, uri string) (string, error) {
	r, err := blob.Open(ctx, uri)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
