package osfile

import (
	"os"
	"sync"
)

// Beam asks for the user while its packages are initialized, and panics where nobody knows them: a container may run
// under a number that is not in /etc/passwd, and without $USER. os/user, compiled without cgo, takes $USER and $HOME then,
// so these are set as long as it needs them. Go initializes packages in the order of their paths, each as soon as those
// that it imports are: so this one comes before net/http, and net/http before Beam's.
var lent = lendUser()

func lendUser() (names []string) {
	for _, name := range []string{"USER", "HOME"} {
		if os.Getenv(name) == "" && os.Setenv(name, "/nonexistent") == nil {
			names = append(names, name)
		}
	}
	return names
}

// ReturnUser unsets what was set for Beam. The program calls it before it looks at its environment.
var ReturnUser = sync.OnceFunc(func() {
	for _, name := range lent {
		os.Unsetenv(name)
	}
})
