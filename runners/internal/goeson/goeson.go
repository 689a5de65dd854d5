// Package goeson holds the error that every runner on a cluster returns when the launcher leaves a
// job behind.
package goeson

import "errors"

// Err says that the launcher ended and the job on the cluster goes on, perhaps.
var Err = errors.New("the job goes on")
