package webdataset

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/shard"
)

// TestDamage: verify, reindex and inspect read a damaged shard strictly: what comes before the damage is read, and what
// ends it is said.
func TestDamage(t *testing.T) { compareShards(t, tartest.Files(t)) }

// TestOdd does the same with tars that others found worth keeping.
func TestOdd(t *testing.T) { compareShards(t, tartest.Odd(t)) }

func compareShards(t *testing.T, files []tartest.File) {
	for _, f := range files {
		if f.Shard != nil {
			t.Run(f.Name, func(t *testing.T) { tartest.Compare(t, f.Shard, shardLines(f.Data)) })
		}
	}
}

// shardLines reads a shard, and returns lines as tartest.File has them.
func shardLines(data []byte) (lines []string) {
	r := Format{}.NewReader(bytes.NewReader(data), shard.ReadOptions{})
	for {
		var rec shard.Record
		err := r.Next(&rec)
		switch defect := (*shard.RecordError)(nil); {
		case err == io.EOF:
			return append(lines, "end")
		case errors.As(err, &defect):
			lines = append(lines, err.Error())
		case err != nil:
			return append(lines, "ends: "+err.Error())
		default:
			lines = append(lines, rec.Key)
		}
	}
}
