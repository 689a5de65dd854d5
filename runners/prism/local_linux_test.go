package prism

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// own returns an address of this host that is no loopback address, where the port can be kept from it.
func own(t *testing.T) string {
	t.Helper()
	if err := try(); err != nil {
		t.Skipf("a port cannot be kept to this host here: %v", err)
	}
	list, err := ownAddresses()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if !strings.Contains(a, "%") {
			return a
		}
	}
	t.Skip("this host has loopback addresses only")
	return ""
}

// open listens on all interfaces, as prism does.
func open(t *testing.T, option ...int) (net.Listener, int) {
	t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			for _, o := range option {
				if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, o, 60); err != nil {
					t.Error(err)
				}
			}
		})
	}}
	config.SetMultipathTCP(false)
	l, err := config.Listen(context.Background(), "tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

func dial(t *testing.T, host string, port int) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// serve answers "hello", and returns what it accepted when the listener is closed.
func serve(l net.Listener) (accepted func() []string) {
	list := make(chan []string, 1)
	go func() {
		var from []string
		for {
			c, err := l.Accept()
			if err != nil {
				list <- from
				return
			}
			from = append(from, c.RemoteAddr().String())
			io.WriteString(c, "hello")
			c.Close()
		}
	}()
	return func() []string { l.Close(); return <-list }
}

// Whatever was connected, or half connected, before the port was kept to this host is never accepted.
func TestKeepLocalDropsEarlierConnections(t *testing.T) {
	host := own(t)
	t.Run("complete", func(t *testing.T) {
		l, port := open(t)
		early := dial(t, host, port)
		if err := keepLocal(port); err != nil {
			t.Fatal(err)
		}
		accepted := serve(l)
		if n, err := early.Read(make([]byte, 1)); err == nil {
			t.Errorf("an early connection was answered with %d bytes", n)
		}
		if list := accepted(); len(list) > 0 {
			t.Errorf("accepted: %v", list)
		}
	})
	t.Run("half", func(t *testing.T) {
		// The connection counts as complete when its first byte arrives; until then it is in no queue.
		l, port := open(t, unix.TCP_DEFER_ACCEPT)
		early := dial(t, host, port)
		if err := keepLocal(port); err == nil || !strings.Contains(err.Error(), early.LocalAddr().String()) {
			t.Errorf("%v, want the address of the connection", err)
		}
		accepted := serve(l)
		early.Write([]byte("x"))
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
			t.Error("the port is still open")
		}
		if list := accepted(); len(list) > 0 {
			t.Errorf("accepted: %v", list)
		}
	})
	t.Run("half, of this host", func(t *testing.T) {
		_, port := open(t, unix.TCP_DEFER_ACCEPT)
		dial(t, "127.0.0.1", port)
		if err := keepLocal(port); err != nil {
			t.Error(err)
		}
	})
}

// A port that is kept to this host answers at loopback addresses, and at no other.
func TestKeepLocalServesLoopback(t *testing.T) {
	own(t)
	l, port := open(t)
	if err := prove(port); err == nil || !strings.Contains(err.Error(), "still takes connections") {
		t.Fatalf("the proof of an open port: %v", err)
	}
	if err := keepLocal(port); err != nil {
		t.Fatal(err)
	}
	accepted := serve(l)
	defer accepted()
	list, err := ownAddresses()
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range list {
		if err := unreachable(net.JoinHostPort(host, strconv.Itoa(port))); err != nil {
			t.Error(err)
		}
	}
	hosts := []string{"127.0.0.1", "127.0.0.2"}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		hosts = append(hosts, "::1")
	}
	for _, host := range hosts {
		if text, err := io.ReadAll(dial(t, host, port)); err != nil || string(text) != "hello" {
			t.Errorf("%s: %q, %v", host, text, err)
		}
	}
}

// A port that cannot be kept is closed before it accepted anything, and the run ends.
func TestListenEndsWhereThePortIsOpen(t *testing.T) {
	var port int
	wrong := errors.New("wrong")
	began := time.Now()
	_, err := listen(context.Background(), func(p int) error {
		port = p
		fd, err := listener(p)
		if err != nil {
			return err
		}
		unix.Shutdown(fd, unix.SHUT_RDWR)
		return wrong
	})
	if !errors.Is(err, wrong) {
		t.Fatal(err)
	}
	if d := time.Since(began); d >= startWithin {
		t.Errorf("it took %v to give up", d)
	}
	if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}
