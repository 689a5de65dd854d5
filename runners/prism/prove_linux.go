package prism

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// answerWithin is how long a connection within this host may take. One that is not answered for so long
// cannot be made.
var answerWithin = 2 * time.Second

// prove connects to a port of this process at each address that other hosts may know of this one. All
// must fail.
func prove(port int) error {
	hosts, err := ownAddresses()
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	problems := make([]error, len(hosts))
	sockets := make(chan struct{}, 100) // at a time: a process may have few descriptors
	for i, host := range hosts {
		sockets <- struct{}{}
		wait.Go(func() {
			defer func() { <-sockets }()
			problems[i] = unreachable(net.JoinHostPort(host, strconv.Itoa(port)))
		})
	}
	wait.Wait()
	if i := slices.IndexFunc(problems, func(err error) bool { return err != nil }); i >= 0 {
		return problems[i] // one of them says enough
	}
	return nil
}

// unreachable returns nil if an address does not take connections.
func unreachable(address string) error {
	c, err := net.DialTimeout("tcp", address, answerWithin)
	if err == nil {
		c.Close()
		return fmt.Errorf("%s still takes connections", address)
	}
	var call *os.SyscallError
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() || errors.As(err, &call) && call.Syscall == "connect" {
		return nil
	}
	return fmt.Errorf("whether %s takes connections is unknown: %w", address, err)
}

// ownAddresses lists the addresses of this host by which others may reach it, those of link-local
// networks with their zone. An address of the loopback device is none: what another host sends there comes in by
// another device, and the socket, which is bound to the loopback device, refuses it.
func ownAddresses() ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []string
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			n, ok := a.(*net.IPNet)
			switch {
			case !ok || n.IP.IsLoopback():
			case n.IP.IsLinkLocalUnicast() && n.IP.To4() == nil:
				list = append(list, n.IP.String()+"%"+i.Name)
			default:
				list = append(list, n.IP.String())
			}
		}
	}
	return list, nil
}
