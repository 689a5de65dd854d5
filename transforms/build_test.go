package transforms

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/premix/premix/internal/buildid"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

// TestOtherBuild gives every DoFn work for another build: it refuses before it looks at the work, which
// another build may have encoded in another way.
func TestOtherBuild(t *testing.T) {
	other := buildid.ID{SHA256: strings.Repeat("ab", 32), Platform: runtime.GOOS + "/" + runtime.GOARCH, Version: "9.9.9", Host: "launcher", Path: "/opt/premix"}
	for _, fn := range everyFn(t, &Job{Build: other, Replicas: []int{0}, Rounds: 1}, nil) {
		name := reflect.TypeOf(fn).Elem().Name()
		work := reflect.ValueOf(fn).Elem().FieldByName("Work")
		for _, garbled := range []bool{false, true} {
			if garbled {
				work.SetBytes([]byte("another encoding"))
			}
			err := process(fn)
			var r *stage.Refusal
			if !errors.As(err, &r) || r.Code != stage.CodeUsage || !strings.Contains(r.Message, "the job wants build abababababab (9.9.9") || !strings.Contains(r.Message, "copy /opt/premix of host launcher to ") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// process calls the ProcessElement of a DoFn without an element, and with functions that must not be called.
func process(fn any) error {
	method := reflect.ValueOf(fn).MethodByName("ProcessElement")
	args := make([]reflect.Value, method.Type().NumIn())
	for i := range args {
		args[i] = reflect.Zero(method.Type().In(i))
	}
	err, _ := method.Call(args)[0].Interface().(error)
	return err
}

// ancientFn has the fields of the DoFns of builds from before workers looked at the build of a job, and
// ancientDecode is their function.
type ancientFn struct{ Job, Containers []byte }

func ancientDecode(b []byte, v any) error {
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(v); err != nil {
		return fmt.Errorf("transforms: element of %d bytes: %w", len(b), err)
	}
	return nil
}

// TestAncientWorker sends DoFns to a worker of a build that does not look at the build: it finds nothing
// to work on, and what it says is a refusal. No worker of today says that.
func TestAncientWorker(t *testing.T) {
	for _, fn := range everyFn(t, &Job{Replicas: []int{0}, Rounds: 1}, []source.Container{{Name: "a"}}) {
		text, err := json.Marshal(fn)
		if err != nil {
			t.Fatal(err)
		}
		var ancient ancientFn
		if err := json.Unmarshal(text, &ancient); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{ancientDecode(ancient.Job, new(Job)), ancientDecode(ancient.Containers, new([]source.Container))} {
			if err == nil {
				t.Fatalf("%T: an old worker finds work", fn)
			}
			flink := fmt.Errorf("flink: job x failed: %v", err)
			if r := stage.FindRefusal(flink); r == nil || r.Code != stage.CodeUsage || !strings.Contains(r.Message, "copy the program") {
				t.Errorf("%T: %v is no refusal", fn, err)
			}
			if r := stage.FindRefusal(errors.New(stage.Seal(err).Error())); r != nil {
				t.Errorf("a worker of today says %v", err)
			}
		}
	}
	if err := decode(nil, new(Job)); err == nil || stage.FindRefusal(err) != nil {
		t.Errorf("an empty element: %v", err)
	}
}
