package source

import (
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/tarfile"
	"github.com/premix/premix/io/window"
)

// tarBlock is the size of a tar's header, and as much of the beginning of any file tells what it is.
const tarBlock = tarfile.Block

// walkTar walks through a tar from the window's position, which is a header of the archive that begins at base.
func walkTar(w *window.Window, base int64, rescue bool) *tarfile.Walker {
	return tarfile.New(w, base, tarfile.Options{Rescue: rescue, First: func(block []byte) *tarfile.Damage {
		if i := impostorOf(block, w.Max-base, ""); i != nil {
			return i.damage(w.Pos)
		}
		return nil
	}})
}

// partOfData reports whether a member is part of the data: directories and the like are not.
func partOfData(m tarfile.Member) bool { return m.Regular() || m.Link() }

// linkText says what a member is that should have contents and has none.
func linkText(m tarfile.Member) string {
	switch m.Type {
	case '1':
		return "a hard link to " + shorten(m.Target)
	case '2':
		return "a symbolic link to " + shorten(m.Target)
	}
	return "a device"
}

// tarFault is what makes the data of the member at the walker useless before they are read,
// or nil. A member beyond the end of the archive is left to read.
func tarFault(walk *tarfile.Walker, m tarfile.Member, maxBytes int64) *premix.Fault {
	switch {
	case m.Link():
		return &premix.Fault{Kind: premix.Unsupported, Reason: linkText(m) + ": write the archive with the file itself (tar --dereference --hard-dereference)"}
	case m.Sparse:
		return &premix.Fault{Kind: premix.Unsupported, Reason: "a sparse member"}
	case m.Size == 0:
		return &premix.Fault{Kind: premix.Empty, Reason: "the member is empty"}
	case m.Size > maxBytes && !walk.Beyond(m):
		return &premix.Fault{Kind: premix.TooLarge, Reason: fmt.Sprintf("%d bytes, the limit is %d", m.Size, maxBytes)}
	}
	return nil
}

// sniffMember reports whether the member at the walker begins as an image.
func sniffMember(walk *tarfile.Walker, m tarfile.Member) (bool, error) {
	head, err := walk.Peek(m, sniffBytes)
	return imaging.Sniff(head) != imaging.Unknown, err
}
