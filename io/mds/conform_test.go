package mds_test

import (
	"testing"

	"github.com/premix/premix/io/mds"
	"github.com/premix/premix/io/shard/shardtest"
)

func TestConformance(t *testing.T) { shardtest.Run(t, mds.Format{}) }

func BenchmarkShard(b *testing.B) { shardtest.Bench(b, mds.Format{}) }
