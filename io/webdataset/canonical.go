package webdataset

import (
	"encoding/json"
	"strconv"
)

// canonical reads a JSON member as appendJSON writes it: nearly all that are read, and encoding/json
// takes as long for one as the rest of the record takes. ok is false for any other, and w is then not
// to be used; what is read is what encoding/json reads.
func canonical(member []byte, w *wire) (ok bool) {
	s := strict{rest: member, ok: true}
	s.take(`{"key":`)
	s.text()
	s.take(`,"label":`)
	w.Label = s.integer()
	s.take(`,"label_a":`)
	w.LabelA = s.integer()
	s.take(`,"label_b":`)
	w.LabelB = s.integer()
	s.take(`,"lam":`)
	w.Lam = s.number()
	s.take(`,"lam_drawn":`)
	w.LamDrawn = s.number()
	s.take(`,"box":`)
	s.integers(w.Box[:])
	s.take(`,"src_box":`)
	s.integers(w.SrcBox[:])
	s.take(`,"peak":`)
	s.integers(w.Peak[:])
	s.take(`,"flat":`)
	w.Flat = s.truth()
	s.take(`,"method":`)
	w.Method = s.text()
	s.take(`,"mixed":`)
	w.Mixed = s.truth()
	s.take(`,"replica":`)
	w.Replica = s.integer()
	s.take(`,"target":`)
	w.Target = s.text()
	s.take(`,"source":`)
	w.Source = s.text()
	s.take(`,"mix":[`)
	s.number()
	s.take(",")
	s.number()
	s.take(",")
	s.number()
	s.take("]}")
	return s.ok && len(s.rest) == 0
}

// strict is what is left to read. After the first surprise nothing is read.
type strict struct {
	rest []byte
	ok   bool
}

func (s *strict) fail() { s.rest, s.ok = nil, false }

func (s *strict) take(text string) {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		s.fail()
		return
	}
	s.rest = s.rest[len(text):]
}

// text takes a string. The member is UTF-8.
func (s *strict) text() string {
	if s.take(`"`); !s.ok {
		return ""
	}
	escapes := false
	for n := 0; n < len(s.rest); n++ {
		switch c := s.rest[n]; {
		case c == '"':
			text := string(s.rest[:n])
			if s.rest = s.rest[n+1:]; escapes && json.Unmarshal([]byte(`"`+text+`"`), &text) != nil {
				s.fail()
			}
			return text
		case c == '\\':
			escapes = true
			n++
		case c < 0x20:
			s.fail()
			return ""
		}
	}
	s.fail()
	return ""
}

// digits counts those at i.
func (s *strict) digits(i int) (n int) {
	for i+n < len(s.rest) && '0' <= s.rest[i+n] && s.rest[i+n] <= '9' {
		n++
	}
	return n
}

// whole is the length of the integer part of a number, sign and all: no zeros lead it.
func (s *strict) whole() int {
	sign := 0
	if len(s.rest) > 0 && s.rest[0] == '-' {
		sign = 1
	}
	n := s.digits(sign)
	if n == 0 || n > 1 && s.rest[sign] == '0' {
		s.fail()
		return 0
	}
	return sign + n
}

func (s *strict) integer() int {
	n := s.whole()
	if !s.ok {
		return 0
	}
	v, err := strconv.Atoi(string(s.rest[:n]))
	if err != nil {
		s.fail()
		return 0
	}
	s.rest = s.rest[n:]
	return v
}

// number takes digits, a point and digits, and an exponent: the last two may be missing.
func (s *strict) number() float64 {
	n := s.whole()
	if !s.ok {
		return 0
	}
	if n < len(s.rest) && s.rest[n] == '.' {
		d := s.digits(n + 1)
		if d == 0 {
			s.fail()
			return 0
		}
		n += 1 + d
	}
	if n < len(s.rest) && (s.rest[n] == 'e' || s.rest[n] == 'E') {
		n++
		if n < len(s.rest) && (s.rest[n] == '-' || s.rest[n] == '+') {
			n++
		}
		d := s.digits(n)
		if d == 0 {
			s.fail()
			return 0
		}
		n += d
	}
	v, err := strconv.ParseFloat(string(s.rest[:n]), 64)
	if err != nil {
		s.fail()
		return 0
	}
	s.rest = s.rest[n:]
	return v
}

func (s *strict) integers(dst []int) {
	s.take("[")
	for i := range dst {
		if i > 0 {
			s.take(",")
		}
		dst[i] = s.integer()
	}
	s.take("]")
}

func (s *strict) truth() bool {
	if len(s.rest) > 0 && s.rest[0] == 't' {
		s.take("true")
		return true
	}
	s.take("false")
	return false
}
