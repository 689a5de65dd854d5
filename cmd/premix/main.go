// Command premix pre-mixes image data sets with SaliencyMix, offline.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

func main() {
	osfile.ReturnUser()
	runners.Redact = blob.Redact
	log.SetOutput(redacting{os.Stderr}) // net/http logs what a server sends unasked, which may repeat the request
	// A cluster starts this binary without a subcommand to be its worker. That comes first: Beam
	// owns the flags of a worker.
	stage.OwnProcess()
	runners.Worker(os.Args[1:])
	os.Exit(Main())
}

// Main runs the command line and returns the exit code.
func Main() int {
	osfile.ReturnUser()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	screen := newScreen(os.Stderr)
	go func() {
		<-ctx.Done()
		if screen == nil {
			stop() // a second Ctrl-C ends the process at once
			return
		}
		second := make(chan os.Signal, 1)
		signal.Notify(second, os.Interrupt, syscall.SIGTERM)
		<-second
		screen.close()
		os.Exit(exitInterrupted)
	}()
	if screen == nil {
		return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	}
	return run(ctx, os.Args[1:], os.Stdout, screen)
}
