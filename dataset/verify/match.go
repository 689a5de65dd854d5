package verify

import "io"

// A matcher compares two streams as they come, in pieces of any size: what a shard holds, and what
// premix writes for the records in it. It keeps what one of them is ahead.
type matcher struct {
	ahead  []byte
	first  bool  // ahead is of the first stream
	at     int64 // bytes that were equal
	differ bool
}

// maxAhead bounds what is kept: records pass one by one, so the streams cannot drift apart unless
// they differ.
const maxAhead = 1 << 31

func (m *matcher) write(first bool, p []byte) {
	if m.differ || len(p) == 0 {
		return
	}
	if len(m.ahead) == 0 {
		m.first = first
	}
	if m.first == first {
		if len(m.ahead)+len(p) > maxAhead {
			m.differ, m.ahead = true, nil
			return
		}
		m.ahead = append(m.ahead, p...)
		return
	}
	n := min(len(m.ahead), len(p))
	same := firstDifference(m.ahead[:n], p[:n])
	m.at += int64(same)
	if same < n {
		m.differ, m.ahead = true, nil
		return
	}
	rest := copy(m.ahead, m.ahead[n:])
	m.ahead = m.ahead[:rest]
	m.write(first, p[n:])
}

// end is the offset of the first difference, or −1 if the streams are equal.
func (m *matcher) end() int64 {
	if m.differ || len(m.ahead) > 0 {
		return m.at
	}
	return -1
}

type matcherSide struct {
	m     *matcher
	first bool
}

func (s matcherSide) Write(p []byte) (int, error) {
	s.m.write(s.first, p)
	return len(p), nil
}

func side(m *matcher) io.Writer       { return matcherSide{m, true} }
func writerSide(m *matcher) io.Writer { return matcherSide{m, false} }
