package tfprofile_test

import (
	"testing"

	"github.com/premix/premix/io/shard/shardtest"
	"github.com/premix/premix/io/tfprofile"
)

func TestSlimConformance(t *testing.T) { shardtest.Run(t, tfprofile.Slim{}) }

func TestTFDSConformance(t *testing.T) { shardtest.Run(t, tfprofile.TFDS{}) }
