package tfprofile_test

import (
	"testing"

	"github.com/premix/premix/io/shard/shardtest"
	"github.com/premix/premix/io/tfprofile"
)

func BenchmarkShard(b *testing.B) { shardtest.Bench(b, tfprofile.Slim{}) }
