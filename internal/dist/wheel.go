package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// The names on PyPI: premix is another project's there. The command is premix all the same.
const (
	distribution = "premix-shards"
	pyModule     = "premix_shards"
)

// pySource is the folder of what the wheel has in Python, pyReadme the text that PyPI shows.
const (
	pySource = "python"
	pyReadme = pySource + "/README.md"
)

// pyPackage reads the Python package: its programs, and py.typed, which says that they have types. Anything else
// there, such as what an interpreter compiled, is not of the wheel.
func pyPackage(dir string) ([]entry, error) {
	var entries []entry
	root := os.DirFS(dir)
	err := fs.WalkDir(root, pyModule, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".py" && path.Base(name) != "py.typed" {
			return err
		}
		data, err := fs.ReadFile(root, name)
		entries = append(entries, entry{name, data, 0o644})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: run dist in the root of the repository", err)
	}
	return entries, nil // in the order of their names
}

// wheel makes the wheel: https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
// The program lies where installers take scripts from.
func (r release) wheel() (name string, data []byte, err error) {
	info := fmt.Sprintf("%s-%s.dist-info/", pyModule, r.version)
	scripts := fmt.Sprintf("%s-%s.data/scripts/", pyModule, r.version)
	entries := append(slices.Clone(r.python),
		entry{scripts + r.platform.program(), r.binary, 0o755},
		entry{info + "METADATA", r.metadata(), 0o644},
		entry{info + "WHEEL", r.wheelFile(), 0o644},
		entry{info + "licenses/LICENSE", r.files["LICENSE"], 0o644},
		entry{info + "licenses/" + licencesFile, r.licences, 0o644},
	)
	var record bytes.Buffer
	for _, e := range entries {
		sum := sha256.Sum256(e.data)
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", e.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(e.data))
	}
	fmt.Fprintf(&record, "%sRECORD,,\n", info)
	entries = append(entries, entry{info + "RECORD", record.Bytes(), 0o644})
	data, err = zipOf(entries)
	return fmt.Sprintf("%s-%s-py3-none-%s.whl", pyModule, r.version, strings.Join(r.platform.tags, ".")), data, err
}

func (r release) metadata() []byte {
	return fmt.Appendf(nil, `Metadata-Version: 2.4
Name: %s
Version: %s
Summary: Pre-mix image data sets with SaliencyMix, offline: the program premix
License-Expression: Apache-2.0
License-File: LICENSE
License-File: %s
Keywords: saliencymix,cutmix,mixup,data augmentation,webdataset,tfrecord
Classifier: Environment :: Console
Classifier: Intended Audience :: Science/Research
Classifier: Programming Language :: Go
Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence
Classifier: Typing :: Typed
Requires-Python: >=3.8
Provides-Extra: torch
Requires-Dist: torch; extra == "torch"
Requires-Dist: numpy; extra == "torch"
Requires-Dist: pillow>=9.1; extra == "torch"
Requires-Dist: pyarrow; extra == "torch"
Requires-Dist: xxhash>=2; extra == "torch"
Project-URL: Source, https://github.com/premix/premix
Description-Content-Type: text/markdown

%s`, distribution, r.version, licencesFile, r.files[pyReadme])
}

func (r release) wheelFile() []byte {
	text := "Wheel-Version: 1.0\nGenerator: premix dist\nRoot-Is-Purelib: false\n"
	for _, tag := range r.platform.tags {
		text += "Tag: py3-none-" + tag + "\n"
	}
	return []byte(text)
}
