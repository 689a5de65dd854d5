package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// Exit codes. They are listed in the help text.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitBad         = 3
	exitOther       = 4
	exitInterrupted = 130
)

const exitHelp = `Exit codes:
  0    done
  1    failed
  2    wrong usage, configuration or input; no shard was written
  3    more bad images than --max-bad, or verify found defects
  4    the output belongs to another recipe or input
  130  interrupted; run again to continue`

// An app is one run of the command line.
type app struct {
	// stdout and stderr take text for people, whatever names are in it. json takes JSON for stdout.
	stdout, stderr, json io.Writer
	// screen is stderr for the line of progress, which has control characters of its own; nil where it is no
	// terminal.
	screen *screen
}

// say prints a line for people.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.stderr, "premix: %s\n", printable.Line(printable.Sprintf(format, args...)))
}

// A usageError is a mistake on the command line.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error {
	return &usageError{printable.Line(printable.Sprintf(format, args...))}
}

// A codeError ends the process with a code; its message is final.
type codeError struct {
	code    int
	message string
}

func (e *codeError) Error() string { return e.message }

// run parses the arguments, runs a subcommand, and turns its error into one message and a code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	screen, _ := stderr.(*screen)
	stderr = redacting{stderr}
	out := newResults(stdout)
	text, messages := printable.NewWriter(out), printable.NewWriter(stderr)
	a := &app{stdout: text, stderr: redacting{messages}, json: printable.NewJSONWriter(out), screen: screen}
	root := newRootCommand(a)
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := findCommand(root, args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	text.Flush() // out remembers the error
	code, message := explain(ctx, out.finish(err))
	if message != "" {
		for _, line := range strings.Split(strings.TrimRight(message, "\n"), "\n") {
			fmt.Fprintln(a.stderr, "premix: "+line)
		}
	}
	messages.Flush()
	return code
}

// explain maps an error to its exit code and message.
func explain(ctx context.Context, err error) (int, string) {
	if err == nil {
		return exitDone, ""
	}
	var (
		usage    *usageError
		config   *pipeline.ConfigError
		input    *source.UsageError
		mismatch *dataset.MismatchError
		schema   *dataset.SchemaError
		code     *codeError
		lost     *outputError
		launched *launch.UsageError
		output   *launch.OutputError
		refusal  *stage.Refusal
		runner   *runners.UsageError
	)
	switch {
	case errors.Is(err, runners.ErrGoesOn):
		// The runner has said how to end the job.
		return exitInterrupted, err.Error()
	case ctx.Err() != nil:
		return exitInterrupted, "interrupted: finished work is kept; run the same command again to continue"
	case errors.As(err, &lost):
		return exitFailed, lost.Error()
	case errors.As(err, &code):
		return code.code, code.message
	case errors.As(err, &refusal):
		return refusal.Code, refusal.Message
	case errors.As(err, &config):
		return exitUsage, err.Error()
	case errors.As(err, &input) && input.Lines:
		return exitUsage, input.Message
	case errors.As(err, &usage), errors.As(err, &input), errors.As(err, &runner), errors.As(err, &launched):
		return exitUsage, oneLine(err.Error())
	case errors.As(err, &output), errors.As(err, &mismatch), errors.As(err, &schema):
		return exitOther, err.Error()
	}
	return exitFailed, oneLine(trimBeam(err.Error()))
}

// oneLine joins the lines of a message. A name with a line break in it must not look like a message of its
// own.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Join(lines, "; ")
}

var doFnFailed = regexp.MustCompile(`(?s)^.*DoFn\[[^\]]*\] failed:\n`)

// trimBeam removes what Beam wraps around the error of a DoFn.
func trimBeam(s string) string {
	if i := strings.LastIndex(s, "caused by:\n"); i >= 0 {
		s = s[i+len("caused by:\n"):]
	}
	return strings.TrimSpace(doFnFailed.ReplaceAllString(s, ""))
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "premix",
		Short:         "Pre-mix image data sets with SaliencyMix, offline",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       launch.VersionText(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	setHelp(root)
	root.AddCommand(newMixCommand(a), newPackCommand(a), newPeaksCommand(a), newSynthCommand(a), newVerifyCommand(a), newInspectCommand(a), newCacheCommand(a), newReindexCommand(a), newVersionCommand(a), newDocsCommand(a))
	addHelpCommand(root)
	return root
}
