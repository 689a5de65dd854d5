package tfshard_test

import (
	"testing"

	"github.com/premix/premix/io/shard/shardtest"
	"github.com/premix/premix/io/tfshard"
)

func BenchmarkShard(b *testing.B) { shardtest.Bench(b, tfshard.Slim{}) }

func BenchmarkArrayRecord(b *testing.B) { shardtest.Bench(b, tfshard.ArrayRecord{}) }
