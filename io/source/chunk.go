package source

import "github.com/premix/premix"

// Seekable says that Fetch can read the chunk's entries again, one by one. Where the container is
// compressed, or is no container of plain bytes as Parquet is, entries must be copied aside while
// they are read.
func (c *Chunk) Seekable() bool {
	return c.Container.Layout != layoutParquet && c.Container.Extra[extraCompression] == ""
}

// extraCompression is the key in Container.Extra that names the compression of the whole file.
const extraCompression = "compression"

// DigestOf is the digest of an entry's bytes.
func DigestOf(data []byte) premix.Digest { return digest(data) }
