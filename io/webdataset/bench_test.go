package webdataset_test

import (
	"testing"

	"github.com/premix/premix/io/shard/shardtest"
	"github.com/premix/premix/io/webdataset"
)

func BenchmarkShard(b *testing.B) { shardtest.Bench(b, webdataset.Format{}) }
