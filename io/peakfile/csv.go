package peakfile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/io/blob"
)

// maxLine bounds a line of CSV in bytes: a quote that is never closed must not take in the file.
const maxLine = 1 << 20

var errLongLine = errors.New("a line of more than 1 MiB: is a quote not closed?")

// lineLimit ends a stream that has gone on for too long since left was last set.
type lineLimit struct {
	r    io.Reader
	left int
}

func (l *lineLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongLine
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// csv reads a table of comma-separated values (RFC 4180) with a header line.
func (b *builder) csv(ctx context.Context) error {
	f, err := blob.Open(ctx, b.uri)
	if err != nil {
		return fmt.Errorf("peakfile: %w", err)
	}
	defer f.Close()
	return b.readCSV(f)
}

func (b *builder) readCSV(f io.Reader) error {
	in := bufio.NewReader(f)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		in.Discard(3)
	}
	limit := &lineLimit{r: in}
	r := csv.NewReader(limit)
	r.ReuseRecord = true
	next := func() ([]string, error) {
		limit.left = maxLine
		rec, err := r.Read()
		return rec, b.csvError(err)
	}
	names, err := next()
	if err == io.EOF {
		return errorf("%s: the file is empty", b.uri)
	}
	if err != nil {
		return err
	}
	names = slices.Clone(names)
	at, err := b.choose(names)
	if err != nil {
		return err
	}
	for {
		rec, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if err := b.record(int64(line), names, at, rec); err != nil {
			return err
		}
	}
}

// record takes in the fields of a line.
func (b *builder) record(line int64, names []string, at [columns]int, rec []string) error {
	var numbers [columns]float64
	for c := colPeakX; c < columns; c++ {
		numbers[c] = -1
		if at[c] < 0 {
			continue
		}
		v, err := number(rec[at[c]])
		if err != nil {
			return errorf("%s:%d: %s %q is not a number", b.uri, line, names[at[c]], rec[at[c]])
		}
		numbers[c] = v
	}
	replica, flat := 0, false
	if i := at[colReplica]; i >= 0 {
		n, err := strconv.Atoi(strings.TrimSpace(rec[i]))
		if err != nil {
			return errorf("%s:%d: replica %q is not a whole number", b.uri, line, rec[i])
		}
		replica = n
	}
	if i := at[colFlat]; i >= 0 && rec[i] != "" {
		v, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(rec[i])))
		if err != nil {
			return errorf("%s:%d: flat %q is neither true nor false", b.uri, line, rec[i])
		}
		flat = v
	}
	return b.add(line, rec[at[colName]], replica, flat, numbers[colPeakX], numbers[colPeakY], numbers[colLowX], numbers[colLowY])
}

// number reads a number; an empty field is none, as NaN is.
func number(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil // ±Inf, which is outside of every image
	}
	return v, err
}

// csvError says where a line is wrong.
func (b *builder) csvError(err error) error {
	var parse *csv.ParseError
	switch {
	case err == nil, err == io.EOF:
		return err
	case errors.As(err, &parse):
		return errorf("%s:%d: %v", b.uri, parse.Line, parse.Err)
	case errors.Is(err, errLongLine):
		return errorf("%s: %v", b.uri, err)
	}
	return fmt.Errorf("peakfile: %w", err)
}
