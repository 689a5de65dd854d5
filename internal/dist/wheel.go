package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
)

// The names on PyPI: premix is another project's there. The command is premix all the same.
const (
	distribution = "premix-shards"
	pyModule     = "premix_shards"
)

var (
	//go:embed python/__init__.py
	pyInit []byte
	//go:embed python/__main__.py
	pyMain []byte
	//go:embed python/README.md
	pyReadme []byte
)

// wheel makes the wheel: https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
// The program lies where installers take scripts from.
func (r release) wheel() (name string, data []byte, err error) {
	info := fmt.Sprintf("%s-%s.dist-info/", pyModule, r.version)
	scripts := fmt.Sprintf("%s-%s.data/scripts/", pyModule, r.version)
	entries := []entry{
		{pyModule + "/__init__.py", pyInit, 0o644},
		{pyModule + "/__main__.py", pyMain, 0o644},
		{scripts + r.platform.program(), r.binary, 0o755},
		{info + "METADATA", r.metadata(), 0o644},
		{info + "WHEEL", r.wheelFile(), 0o644},
		{info + "licenses/LICENSE", r.files["LICENSE"], 0o644},
		{info + "licenses/" + licencesFile, r.licences, 0o644},
	}
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
Requires-Python: >=3.8
Project-URL: Source, https://github.com/premix/premix
Description-Content-Type: text/markdown

%s`, distribution, r.version, licencesFile, pyReadme)
}

func (r release) wheelFile() []byte {
	text := "Wheel-Version: 1.0\nGenerator: premix dist\nRoot-Is-Purelib: false\n"
	for _, tag := range r.platform.tags {
		text += "Tag: py3-none-" + tag + "\n"
	}
	return []byte(text)
}
