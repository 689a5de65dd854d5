package hfparquet_test

import (
	"testing"

	"github.com/premix/premix/io/hfparquet"
	"github.com/premix/premix/io/shard/shardtest"
)

func TestConformance(t *testing.T) { shardtest.Run(t, hfparquet.Format{}) }
