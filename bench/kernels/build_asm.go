//go:build !noasm

package main

const build = "asm"
