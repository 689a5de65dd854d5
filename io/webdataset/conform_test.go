package webdataset_test

import (
	"testing"

	"github.com/premix/premix/io/shard/shardtest"
	"github.com/premix/premix/io/webdataset"
)

func TestConformance(t *testing.T) { shardtest.Run(t, webdataset.Format{}) }
