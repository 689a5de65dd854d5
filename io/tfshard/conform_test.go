package tfshard_test

import (
	"testing"

	"github.com/premix/premix/io/shard/shardtest"
	"github.com/premix/premix/io/tfshard"
)

func TestSlimConformance(t *testing.T) { shardtest.Run(t, tfshard.Slim{}) }

func TestTFDSConformance(t *testing.T) { shardtest.Run(t, tfshard.TFDS{}) }

func TestArrayRecordConformance(t *testing.T) { shardtest.Run(t, tfshard.ArrayRecord{}) }
