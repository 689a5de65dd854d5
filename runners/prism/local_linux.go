package prism

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// keepLocal keeps a port on which this process listens to this host, and proves it. It does not matter how
// long the port was open before, as long as no connection was accepted. If it fails, the port is closed.
//
// The socket is bound to the loopback device: connections to other addresses are refused, those of this
// host too. That acts on new connections only. Those that wait to be accepted are closed, and one that
// has begun and may still become complete ends the run.
func keepLocal(port int) error {
	fd, err := listener(port)
	if err != nil {
		return err
	}
	if err = restrict(fd); err == nil {
		drain(fd)
		if err = prove(port); err == nil {
			drain(fd) // what was on its way when the first drain ended
			err = checkBegun(port)
		}
	}
	if err != nil {
		unix.Shutdown(fd, unix.SHUT_RDWR)
	}
	return err
}

// listener returns the descriptor of the socket that listens on a TCP port in this process.
func listener(port int) (int, error) {
	const dir = "/proc/self/fd"
	list, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range list {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || !listens(fd) {
			continue
		}
		sa, err := unix.Getsockname(fd)
		if err != nil {
			continue
		}
		switch a := sa.(type) {
		case *unix.SockaddrInet4:
			if a.Port == port {
				return fd, nil
			}
		case *unix.SockaddrInet6:
			if a.Port == port {
				return fd, nil
			}
		}
	}
	return 0, fmt.Errorf("no socket in %s listens on port %d", dir, port)
}

func listens(fd int) bool {
	accepts, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return err == nil && accepts != 0
}

// restrict binds a socket to the loopback device. Whoever is not root can do that once for each socket.
func restrict(fd int) error {
	name, err := loopback()
	if err != nil {
		return err
	}
	if err := unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, name); err != nil {
		return fmt.Errorf("SO_BINDTODEVICE, which needs Linux 5.7: %w", err)
	}
	return nil
}

// loopback returns the name of the loopback device.
func loopback() (string, error) {
	list, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, i := range list {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return i.Name, nil
		}
	}
	return "", errors.New("there is no loopback device that is up")
}

// drain closes the connections that wait to be accepted. The socket does not block: Go made it.
func drain(fd int) {
	for {
		c, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		switch {
		case err == nil:
			unix.Close(c)
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
		default:
			return
		}
	}
}

// try does with a socket of its own what keepLocal does with that of prism. Nobody reaches that socket at any
// time, since it is restricted before it listens.
func try() error {
	var failed error
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		if err := c.Control(func(fd uintptr) { failed = restrict(int(fd)) }); err != nil {
			return err
		}
		return failed
	}}
	config.SetMultipathTCP(false) // see listen
	l, err := config.Listen(context.Background(), "tcp", ":0")
	if failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if _, err := listener(port); err != nil {
		return err
	}
	if err := prove(port); err != nil {
		return err
	}
	if err := checkBegun(port); err != nil {
		return err
	}
	c, err := net.DialTimeout("tcp", net.JoinHostPort("localhost", strconv.Itoa(port)), answerWithin)
	if err != nil {
		return fmt.Errorf("localhost does not take connections: %w", err)
	}
	return c.Close()
}
