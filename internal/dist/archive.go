package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"
)

// A release is what archive and wheel of one platform are made of.
type release struct {
	version  string
	platform platform
	binary   []byte
	licences []byte            // of others
	files    map[string][]byte // of the repository, by name
	python   []entry           // the Python package
}

// An entry is a file in an archive.
type entry struct {
	name string
	data []byte
	mode fs.FileMode
}

// written is the time of every file: the first that zip can state.
var written = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// licencesFile is the name of the text of licences in archives and wheels.
const licencesFile = "LICENSES.txt"

// archive makes the archive: zip for Windows, tar.gz elsewhere.
func (r release) archive() (name string, data []byte, err error) {
	folder := fmt.Sprintf("premix-%s-%s-%s", r.version, r.platform.goos, r.platform.goarch)
	entries := []entry{
		{path.Join(folder, r.platform.program()), r.binary, 0o755},
		{path.Join(folder, "README.md"), r.files["README.md"], 0o644},
		{path.Join(folder, "LICENSE"), r.files["LICENSE"], 0o644},
		{path.Join(folder, licencesFile), r.licences, 0o644},
	}
	if r.platform.goos == "windows" {
		data, err = zipOf(entries)
		return folder + ".zip", data, err
	}
	data, err = tarOf(entries)
	return folder + ".tar.gz", data, err
}

func tarOf(entries []entry) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: int64(e.mode), Size: int64(len(e.data)), ModTime: written, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

func zipOf(entries []entry) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(to, flate.BestCompression)
	})
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: written}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(e.data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}
