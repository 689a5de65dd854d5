package dataset

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/premix/premix/io/shard"
)

// write writes manifest.json, the bytes of [Encode], shard by shard: the file of a million shards has 200 MB, which
// Encode would hold four times.
func (m *Manifest) write(w io.Writer) error {
	bare := *m
	bare.Replicas = m.Replicas[:0]
	text, err := Encode(&bare)
	if err != nil {
		return err
	}
	if len(m.Replicas) == 0 {
		_, err = w.Write(text)
		return err
	}
	const list = "\"replicas\": ["
	at := bytes.LastIndex(text, []byte(list)) + len(list) // after it there is the hash alone
	b := bufio.NewWriterSize(w, 1<<16)
	b.Write(text[:at])
	for i := range m.Replicas {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    ")
		if err := m.Replicas[i].write(b); err != nil {
			return err
		}
	}
	b.WriteString("\n  ")
	b.Write(text[at:])
	return b.Flush()
}

// depthOfReplicas is how deep the replicas are in a manifest; their shards are two deeper.
const depthOfReplicas = 2

// write writes a replica as an element of the list in a manifest.
func (r *Replica) write(b *bufio.Writer) error {
	if len(r.Shards) == 0 {
		text, err := appendLaidOut(nil, r, depthOfReplicas, true)
		b.Write(text)
		return err
	}
	fmt.Fprintf(b, "{\n      \"replica\": %d,\n      \"numbered\": %t,\n      \"samples\": %d,\n      \"bytes\": %d,\n      \"shards\": [",
		r.Replica, r.Numbered, r.Samples, r.Bytes)
	var line []byte
	for i := range r.Shards {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n        ")
		var err error
		if line, err = appendShard(line[:0], &r.Shards[i]); err != nil {
			return err
		}
		if _, err := b.Write(line); err != nil {
			return err
		}
	}
	b.WriteString("\n      ]\n    }")
	return nil
}

// appendShard appends a shard as an element of the list in a replica. Names that a run gives take the short way.
func appendShard(dst []byte, s *Shard) ([]byte, error) {
	if !plain(s.Name) || !plain(s.SHA256) || len(s.Name)+len(s.SHA256) > oneLine/2 {
		return appendLaidOut(dst, s, depthOfReplicas+2, true)
	}
	dst = append(append(dst, `{"name": "`...), s.Name...)
	dst = strconv.AppendInt(append(dst, `", "samples": `...), s.Samples, 10)
	dst = strconv.AppendInt(append(dst, `, "bytes": `...), s.Bytes, 10)
	dst = strconv.AppendInt(append(dst, `, "payload_bytes": `...), s.PayloadBytes, 10)
	dst = append(append(dst, `, "sha256": "`...), s.SHA256...)
	return append(dst, `"}`...), nil
}

// plain reports whether a text is the same in JSON.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// ManifestBound is the most bytes that the manifest of a split can have with these replicas, those of earlier runs
// among them, and these containers of the input. spec.Replica is −1 if names of replica 0 have no number. Where it is
// more than [MaxManifest], premix may not be able to read the manifest again, and a run is refused before its first shard.
func ManifestBound(format shard.Format, spec shard.Spec, replicas []int, containers []InputContainer) int64 {
	const (
		head      = 1 << 20 // recipe, versions, statistics and counts
		number    = 19      // digits
		container = 160 + 5*number + 64
		line      = 90 + 3*number + 64
		broken    = 6 * 12 // where a line would be too long
	)
	n, total := names{format, spec}, int64(head)
	text := func(s string) int64 {
		if plain(s) {
			return int64(len(s))
		}
		return 6 * int64(len(s))
	}
	for _, c := range containers {
		total += container + text(c.Name) + broken
	}
	for _, replica := range replicas {
		total += 256 + spec.Shards*(line+broken+text(n.shard(replica, max(spec.Shards-1, 0))))
	}
	return total
}
