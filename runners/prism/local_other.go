//go:build !linux

package prism

import "errors"

var errLinux = errors.New("that needs Linux")

func try() error { return errLinux }

func keepLocal(int) error { return errLinux }
