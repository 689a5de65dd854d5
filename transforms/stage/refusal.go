package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// A Refusal stops the job where it is useless to try again: before its first write, or when its lock is
// lost. The launcher turns it into an exit code. Runners
// pass on the text of an error and nothing else, so the text has all of the Refusal.
type Refusal struct {
	Code    int
	Message string
}

// Exit codes of refusals.
const (
	CodeFailed = 1 // no refusal, but a failure whose message is for people as it is: the lock is lost, a shard is damaged
	CodeUsage  = 2
	CodeMaxBad = 3
	CodeOther  = 4
)

const refusalMark = "premix-refusal="

func (r *Refusal) Error() string {
	text, _ := json.Marshal(r)
	return refusalMark + string(text) + "\n"
}

// FindRefusal returns the refusal in the text of an error that came back from a runner, or nil. The
// error must have left its stage through [Seal].
func FindRefusal(err error) *Refusal {
	if err == nil {
		return nil
	}
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	text := err.Error()
	// Some runners quote the error that they pass on.
	if i := strings.Index(text, refusalMark); i >= 0 {
		text = text[i+len(refusalMark):]
		for _, t := range []string{text, strings.ReplaceAll(strings.ReplaceAll(text, `\"`, `"`), `\\`, `\`)} {
			found := new(Refusal)
			if json.NewDecoder(strings.NewReader(t)).Decode(found) == nil && found.Message != "" && CodeFailed <= found.Code && found.Code <= CodeOther {
				return found
			}
		}
	}
	if strings.Contains(text, AncientWorker) {
		return ancientWorker()
	}
	return nil
}

// Seal prepares the error of a stage for its way through a runner, which passes on nothing but the
// text. A refusal loses what wraps it. Any other error loses what [FindRefusal] looks for, which it has
// where the name of an entry contains that.
func Seal(err error) error {
	var r *Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r):
		return r
	case strings.Contains(err.Error(), refusalMark), strings.Contains(err.Error(), AncientWorker):
		return &sealed{err}
	}
	return err
}

type sealed struct{ err error }

var sealer = strings.NewReplacer(refusalMark, strings.TrimSuffix(refusalMark, "=")+" ", AncientWorker, strings.TrimSuffix(AncientWorker, ": EOF"))

func (s *sealed) Error() string {
	return sealer.Replace(s.err.Error())
}

func (s *sealed) Unwrap() error { return s.err }

// refuse makes a refusal. Arguments are names; a text of several lines is a [printable.Made].
func refuse(code int, format string, args ...any) error {
	return &Refusal{Code: code, Message: printable.Sprintf(format, args...)}
}

// asRefusal turns a mistake of the user, found by a worker, into a refusal. It returns any other error
// as it is.
func asRefusal(name string, err error) error {
	if usage := (*source.UsageError)(nil); errors.As(err, &usage) {
		return refuse(CodeUsage, "%s: %v", name, usage)
	}
	return err
}

// refuseLink turns the error of a removal behind a link into a refusal.
func refuseLink(err error) error {
	if link := (*blob.LinkError)(nil); errors.As(err, &link) {
		return refuse(CodeUsage, "--overwrite: %v", link)
	}
	return err
}

// defect is the error of a rule that the program itself broke.
func defect(format string, args ...any) error {
	return fmt.Errorf("stage: internal error: %s; please report it", fmt.Sprintf(format, args...))
}
