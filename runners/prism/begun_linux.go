package prism

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The states of connections, in /proc/net/tcp, that this process may still accept: established,
// half open, and closed by the other side after it sent what it had to say.
var acceptable = []string{"01", "03", "0C", "08"}

// checkBegun reports a connection from another address than a loopback address to a port of this host
// that was not accepted yet, and may be.
func checkBegun(port int) error {
	for _, name := range []string{"tcp", "tcp6"} {
		f, err := os.Open("/proc/self/net/" + name)
		if errors.Is(err, fs.ErrNotExist) && name == "tcp6" {
			continue // there is no IPv6
		}
		if err != nil {
			return err
		}
		err = begun(f, port)
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func begun(table *os.File, port int) error {
	lines := bufio.NewScanner(table)
	lines.Scan() // the head
	for lines.Scan() {
		field := strings.Fields(lines.Text())
		if len(field) < 4 {
			return fmt.Errorf("%s has a line %q", table.Name(), lines.Text())
		}
		local, err := endpoint(field[1])
		if err != nil {
			return fmt.Errorf("%s: %w", table.Name(), err)
		}
		remote, err := endpoint(field[2])
		if err != nil {
			return fmt.Errorf("%s: %w", table.Name(), err)
		}
		if int(local.Port()) == port && slices.Contains(acceptable, field[3]) && !remote.Addr().IsLoopback() {
			return fmt.Errorf("%v is connecting to port %d at this moment; run again", remote, port)
		}
	}
	return lines.Err()
}

// endpoint reads ADDRESS:PORT of /proc/net/tcp: words of four bytes, each printed as a number of this
// machine, and a number.
func endpoint(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	var address []byte
	for ; len(host) >= 8; host = host[8:] {
		word, err := strconv.ParseUint(host[:8], 16, 32)
		if err != nil {
			return netip.AddrPort{}, err
		}
		address = binary.NativeEndian.AppendUint32(address, uint32(word))
	}
	ip, ok := netip.AddrFromSlice(address)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("no address: %q", text)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), nil
}
