package buildid

import "fmt"

// An OtherError says that a worker must not work on a job, since its build is not the one that the job
// wants. Trying again on the same host cannot help.
type OtherError struct{ message string }

func (e *OtherError) Error() string { return e.message }

// Check compares this process, a worker, with the build that a job wants. The error is an *OtherError
// if it is another one, and otherwise one of reading this program's own file.
func Check(want ID) error {
	if want.Process != "" && want.Process == process() {
		return nil
	}
	own, err := Own()
	if err != nil {
		return err
	}
	return want.compare(own)
}

// CheckFile compares an executable file that is to be sent to workers with this program, and returns
// its ID.
func CheckFile(path string) (ID, error) {
	own, err := Own()
	if err != nil {
		return ID{}, err
	}
	file, err := File(path)
	if err != nil {
		return ID{}, err
	}
	if why := own.differs(file); why != "" {
		remedy := "build both from one commit without changes, with the same Go"
		if file.Platform == own.Platform {
			remedy = "start the job with the file itself, or leave it out"
		}
		return ID{}, &OtherError{fmt.Sprintf("%s is %s and this program is %s, %s: %s", path, file, own, why, remedy)}
	}
	return file, nil
}

// compare returns an *OtherError if a worker is another build than a job wants.
func (want ID) compare(worker ID) error {
	const rejected = "the worker on %s was rejected, before it did anything: "
	switch why := want.differs(worker); {
	case why == "":
		return nil
	case want == ID{}:
		return &OtherError{fmt.Sprintf(rejected+"it is %s (%s), and the job was started by an older build, which does not record the program of its workers: start it with the program that the workers have", worker.Host, worker, worker.Path)}
	case want.SHA256 == "":
		return &OtherError{fmt.Sprintf(rejected+"the job is for its launcher's own process on %s", worker.Host, want.Host)}
	case want.Host == worker.Host && want.Path == worker.Path:
		return &OtherError{fmt.Sprintf(rejected+"%s was replaced while the job started: it is %s, and the job wants %s; run the same command again", worker.Host, worker.Path, worker, want)}
	case want.Platform == worker.Platform:
		return &OtherError{fmt.Sprintf(rejected+"%s there is %s, and the job wants %s; copy %s of host %s to %[2]s on %[1]s, to all other hosts of workers likewise, and run the same command again", worker.Host, worker.Path, worker, want, want.Path, want.Host)}
	default:
		return &OtherError{fmt.Sprintf(rejected+"%s there is %s and the job wants %s, %s; build both from one commit without changes, with the same Go, copy them to their hosts, and run the same command again", worker.Host, worker.Path, worker, want, why)}
	}
}

// differs says why two builds are not the same, or returns "".
func (a ID) differs(b ID) (why string) {
	if a.Platform == b.Platform {
		if a.SHA256 == "" || a.SHA256 != b.SHA256 {
			return "another file"
		}
		return ""
	}
	switch {
	case a.Sources == "" || b.Sources == "":
		return "and for two platforms it must be known that they have the same sources"
	case a.Sources != b.Sources:
		return "which have other sources"
	case a.Schema != b.Schema || a.Codec != b.Codec || a.Peaks != b.Peaks:
		return "which make other bytes"
	}
	return ""
}

// String describes a build in a message.
func (a ID) String() string {
	sum := "no file"
	if a.SHA256 != "" {
		sum = a.SHA256[:min(12, len(a.SHA256))]
	}
	return fmt.Sprintf("build %s (%s, %s, %s)", sum, a.Version, a.Revision, a.Platform)
}
