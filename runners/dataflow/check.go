package dataflow

import (
	"cmp"
	"debug/elf"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// jobName is what Dataflow accepts as the name of a job.
var jobName = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)

// Check reports every problem with the flags and the binary, as one error of several lines.
func Check(o Options) error {
	var problems []error
	addf := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if err := missing(); err != nil {
		problems = append(problems, err)
	}
	if r := region(); r != "" && value("region") == "" {
		flag.Set("region", r)
	}
	for _, name := range []string{"staging_location", "temp_location"} {
		v := value(name)
		switch {
		case v != "" && !strings.HasPrefix(v, "gs://"):
			addf("--%s=%s: must be a folder of a bucket, gs://my-bucket/%s", name, v, strings.TrimSuffix(name, "_location"))
		case v != "" && strings.Trim(strings.TrimPrefix(v, "gs://"), "/") == "":
			addf("--%s=%s names no bucket: give gs://my-bucket/%s", name, v, strings.TrimSuffix(name, "_location"))
		}
	}
	if t := value("environment_type"); t != "" && !strings.EqualFold(t, "DOCKER") {
		addf("--environment_type=%s: Dataflow's workers run in containers; leave the flag out", t)
	}
	if v := value("template_location"); v != "" {
		addf("--template_location=%s: a job cannot be kept as a template, since each start looks at its input and output first; leave the flag out", v)
	}
	if v := value("labels"); v != "" && json.Unmarshal([]byte(v), &map[string]string{}) != nil {
		addf(`--labels=%s: must be JSON, such as --labels={"team":"vision"}`, v)
	}
	if v := value("job_name"); v != "" && !jobName.MatchString(v) {
		addf("--job_name=%s: use a-z, 0-9 and -, beginning with a letter", v)
	}
	var local []string
	for _, uri := range o.Remote {
		if !strings.Contains(uri, "://") && !strings.HasPrefix(uri, "synth:") {
			local = append(local, uri)
		}
	}
	switch {
	case len(local) == 1:
		addf("%s is a local path, which Dataflow's workers cannot reach: copy it to a bucket (gcloud storage cp -r) and give its gs:// address", local[0])
	case len(local) > 1:
		addf("%s are local paths, which Dataflow's workers cannot reach: use a bucket (gcloud storage cp -r) and give gs:// addresses", strings.Join(local, ", "))
	}
	warning, err := checkBinary(value("worker_binary"))
	if err != nil {
		problems = append(problems, err)
	}
	if len(problems) == 0 && warning != "" && o.Warn != nil {
		o.Warn("%s", warning)
	}
	return errors.Join(problems...)
}

// missing names the flags that have no default and were not given.
func missing() error {
	var names, examples []string
	var what string
	for _, f := range []struct{ name, value, example, what string }{
		{"project", value("project"), "my-project", "the Google Cloud project that pays"},
		{"region", region(), "europe-west4", "where the workers run; take that of the buckets"},
		{"staging_location", value("staging_location"), "gs://my-bucket/staging", "a folder of a bucket for the binary and the pipeline"},
	} {
		if f.value == "" {
			names, examples, what = append(names, "--"+f.name), append(examples, "--"+f.name+"="+f.example), f.what
		}
	}
	switch add := "add -- " + strings.Join(examples, " ") + ", with your names (Beam's flags come after --)"; len(names) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s is missing (%s): %s", names[0], what, add)
	default:
		return fmt.Errorf("%s are missing: %s", strings.Join(names, ", "), add)
	}
}

const howToBuild = "build one with CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -o premix-linux ./cmd/premix, and add -- --worker_binary=premix-linux"

// armMachines are the families of machine types that run programs for arm64.
var armMachines = []string{"t2a-", "c4a-", "n4a-"}

// checkBinary looks at the file that will be staged as the worker; empty means this executable. It
// must be a program for Linux and for the processors of the machine type. One that is linked with
// the C library is worth a warning: the container of the workers may have an older one.
func checkBinary(path string) (warning string, err error) {
	what := fmt.Sprintf("--worker_binary=%s", path)
	if path == "" {
		exe, err := os.Executable()
		if err != nil {
			return "", err
		}
		path, what = exe, "this binary"
	}
	f, err := elf.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s: no such file; %s", what, howToBuild)
	}
	if err != nil {
		return "", fmt.Errorf("%s is not a program for Linux, which Dataflow's workers run; %s", what, howToBuild)
	}
	defer f.Close()
	machine := cmp.Or(value("worker_machine_type"), value("machine_type"))
	want, arch := elf.EM_X86_64, "amd64"
	if slices.ContainsFunc(armMachines, func(p string) bool { return strings.HasPrefix(machine, p) }) {
		want, arch = elf.EM_AARCH64, "arm64"
	}
	if f.Machine != want {
		return "", fmt.Errorf("%s is for another processor (%v) than Dataflow's workers (%s); %s", what, f.Machine, arch, strings.Replace(howToBuild, "amd64", arch, 1))
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			warning = fmt.Sprintf("dataflow: %s is linked with this machine's C library, and may not start if that of the workers is older; build it with CGO_ENABLED=0 go build ./cmd/premix", what)
		}
	}
	return warning, nil
}
