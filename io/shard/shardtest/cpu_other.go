//go:build !unix

package shardtest

import "time"

func cpuTime() time.Duration { return 0 }
