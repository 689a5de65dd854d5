package jpeg

import (
	"bytes"
	"strings"
	"testing"

	"github.com/premix/premix"
)

// insert puts bytes into data at a place.
func insert(data []byte, at int, b ...byte) []byte { return join(data[:at], b, data[at:]) }

// Damage for which libjpeg invents pixels, with a warning at most, is a fault unless truncated data is
// accepted. What costs no pixel is none.
func TestHarm(t *testing.T) {
	files := smallFiles(t)
	one, restarts, prog := files["420-35x18"], files["420-restart1-50x35"], files["420-progressive-37x29"]
	scans, arith := files["scans-420-53x39"], files["arith-30x20"]
	n := len(one) - 2 // the EOI marker
	first := scanEnd(scans, headerLen(t, scans))
	rst := func(i byte) int { return bytes.Index(restarts, []byte{0xff, mRST0 + i}) }
	mid := headerLen(t, one) + 40
	zeros := make([]byte, 1000)
	tests := []struct {
		name   string
		data   []byte
		reason string // "" for no fault
	}{
		{"16 bytes left over", insert(one, n, zeros[:16]...), ""},
		{"17 bytes left over", insert(one, n, zeros[:17]...), "17 bytes are left over"},
		{"17 bytes left over, one a zero after 0xff", insert(one, n, join(zeros[:15], []byte{0xff, 0})...), "17 bytes"},
		{"16 bytes left over of an interval", insert(restarts, rst(2), zeros[:16]...), ""},
		{"17 bytes left over of an interval", insert(restarts, rst(2), zeros[:17]...), "17 bytes are left over"},
		{"16 bytes left over of a scan", insert(scans, first, zeros[:16]...), ""},
		{"17 bytes left over of a scan", insert(scans, first, zeros[:17]...), "row 3 of 3: 17 bytes are left over"},
		{"17 bytes between scans", insert(scans, first, join(segment(mCOM), zeros[:17])...), "17 bytes after scan 1"},
		{"16 bytes between scans", insert(scans, first, join(segment(mCOM), zeros[:16])...), ""},
		{"17 bytes before EOI", insert(one, n, join(segment(mCOM), zeros[:17])...), "17 bytes after scan 1"},
		{"bytes of the header", insert(one, 2, zeros...), ""},
		{"bytes after EOI", join(one, zeros), ""},
		{"EOI early", insert(one, mid, 0xff, mEOI), "ends at marker 0xd9"},
		{"a comment early", insert(one, mid, segment(mCOM)...), "ends at marker 0xfe"},
		{"a restart marker without intervals", insert(one, mid, 0xff, mRST0), "ends at marker 0xd0"},
		{"a restart marker behind the last MCU", insert(one, n, 0xff, mRST0), ""},
		{"a restart marker lost", join(restarts[:rst(3)], restarts[rst(3)+2:]), "left over"},
		{"an interval lost", join(restarts[:rst(3)], restarts[rst(4):]), "marker 0xd4 stands where restart marker 3 is due"},
		{"an interval twice", join(restarts[:rst(4)], restarts[rst(3):]), "marker 0xd3 stands where restart marker 4 is due"},
		{"a scan twice", join(prog[:scanEnd(prog, headerLen(t, prog))], prog[headerLen(t, prog)-len(segment(mSOS, make([]byte, 10)...)):]), "scan 2"},
		{"a code of no table", join(one[:headerLen(t, one)], bytes.Repeat([]byte{0xff, 0}, 153), eoi), "a code that its Huffman table does not have"},
		{"an arithmetic code", join(arith[:headerLen(t, arith)], bytes.Repeat([]byte{88}, 81), eoi), "arithmetic code"},
		{"parameters of a progressive scan", bytes.Replace(one, []byte{0, 63, 0}, []byte{1, 5, 3}, 1), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			_, err := checkDecode(t, &d, tt.data, Options{})
			f := premix.AsFault(err)
			if tt.reason == "" && err != nil || tt.reason != "" && (f == nil || f.Kind != premix.Corrupt || !strings.Contains(f.Reason, tt.reason)) {
				t.Errorf("%v; want a fault about %q", err, tt.reason)
			}
			if _, err := checkDecode(t, &d, tt.data, Options{AcceptTruncated: true}); err != nil {
				t.Errorf("accepting truncated data: %v", err)
			}
			if _, err := checkDecode(t, &d, tt.data, Options{Forgive: true}); err != nil {
				t.Errorf("forgiven: %v", err)
			}
		})
	}
}

// What libjpeg refuses in the header it refuses up to EOI, also where no pixel depends on it.
func TestRefusedBehindScan(t *testing.T) {
	one := smallFiles(t)["420-35x18"]
	at := len(one) - 2
	tests := []struct {
		name, reason string
		segment      []byte
	}{
		{"SOI", "second SOI", soi},
		{"SOF", "second SOF", sof(0xc0, 8, 16, 16, gray...)},
		{"a lossless frame", "second SOF", sof(0xc3, 8, 16, 16, gray...)},
		{"SOS", "a scan after the one", sos3},
		{"a wrong SOS", "component 9", segment(mSOS, 1, 9, 0, 0, 63, 0)},
		{"reserved marker", "0x02", []byte{0xff, 2}},
		{"the last reserved marker", "0xbf", []byte{0xff, 0xbf}},
		{"JPG", "0xc8", []byte{0xff, mJPG, 0, 2}},
		{"JPG7", "0xf7", []byte{0xff, 0xf7, 0, 2}},
		{"DHT", "table number", segment(mDHT, append([]byte{5}, make([]byte, 16)...)...)},
		{"DQT", "quantisation table 4", segment(mDQT, append([]byte{4}, ones...)...)},
		{"DRI", "DRI segment", segment(mDRI, 0, 1, 0)},
		{"DRI past the end", "DRI segment", []byte{0xff, mDRI, 0xff, 0xff}},
		{"DAC", "conditioning", segment(mDAC, 32, 0x10)},
		{"length 1", "length 1", []byte{0xff, mDQT, 0, 1}},
	}
	for _, tt := range tests {
		for _, accept := range []bool{false, true} {
			_, err := checkDecode(t, new(Decoder), insert(one, at, tt.segment...), Options{AcceptTruncated: accept})
			if f := premix.AsFault(err); f == nil || !strings.Contains(f.Reason, tt.reason) {
				t.Errorf("%s, accepting truncated data %t: %v; want a fault about %q", tt.name, accept, err, tt.reason)
			}
		}
	}
	if _, err := checkDecode(t, new(Decoder), insert(one, at, soi...), Options{Forgive: true}); err != nil {
		t.Errorf("a second SOI, forgiven: %v", err)
	}
	if _, err := checkDecode(t, new(Decoder), one[:at-40], Options{Forgive: true}); premix.AsFault(err) == nil {
		t.Error("data that ends early is forgiven")
	}
	for _, m := range []byte{mTEM, mRST7} {
		if _, err := checkDecode(t, new(Decoder), insert(one, at, 0xff, m), Options{}); err != nil {
			t.Errorf("marker 0x%02x: %v", m, err)
		}
	}
	// A table that the end of the file cuts is damage like any other that ends early.
	cut := join(one[:at], dqt0[:30])
	_, err := checkDecode(t, new(Decoder), cut, Options{})
	if f := premix.AsFault(err); f == nil || f.Kind != premix.Truncated {
		t.Errorf("a table cut short: %v; want a fault of kind %s", err, premix.Truncated)
	}
	if _, err := checkDecode(t, new(Decoder), cut, Options{AcceptTruncated: true}); err != nil {
		t.Errorf("a table cut short, accepting truncated data: %v", err)
	}
	if _, err := checkDecode(t, new(Decoder), join(one[:at], segment(mCOM, 1, 2, 3)[:5]), Options{}); err != nil {
		t.Errorf("a comment cut short: %v", err)
	}
}
