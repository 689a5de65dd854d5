// Package formats finds the shard formats of premix: call [ByName] for one, [Names] for all.
package formats

import (
	"fmt"
	"strings"

	"github.com/premix/premix/io/hfparquet"
	"github.com/premix/premix/io/mds"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfshard"
	"github.com/premix/premix/io/webdataset"
)

// all is in the order of the command line's help; the first is the default.
var all = []shard.Format{webdataset.Format{}, tfshard.Slim{}, tfshard.TFDS{}, tfshard.ArrayRecord{}, hfparquet.Format{}, mds.Format{}}

// Names lists the formats, the default first.
func Names() []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name()
	}
	return names
}

// Replace puts a format in the place of the one of its name, as bench/scale does before any other call.
func Replace(f shard.Format) {
	for i := range all {
		if all[i].Name() == f.Name() {
			all[i] = f
		}
	}
}

// ByName returns the format of that name.
func ByName(name string) (shard.Format, error) {
	for _, f := range all {
		if f.Name() == name {
			return f, nil
		}
	}
	return nil, fmt.Errorf("formats: no shard format %q, know %s", name, strings.Join(Names(), ", "))
}
