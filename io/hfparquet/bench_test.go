package hfparquet_test

import (
	"testing"

	"github.com/premix/premix/io/hfparquet"
	"github.com/premix/premix/io/shard/shardtest"
)

func BenchmarkShard(b *testing.B) { shardtest.Bench(b, hfparquet.Format{}) }
