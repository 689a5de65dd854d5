//go:build amd64 && !noasm

package jpeg

// plainGo switches the assembly off and returns what switches it on again.
func plainGo() func() {
	was := haveSIMD
	haveSIMD = false
	return func() { haveSIMD = was }
}
