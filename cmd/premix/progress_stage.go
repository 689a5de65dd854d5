package main

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
)

// A count is what a job has done of a stage, at a time since it began.
type count struct {
	at          time.Duration
	done, bytes int64
	before      int64 // of done, what was there before the job
	total       int64 // 0: unknown
	found       int64 // of total, what is there before the job, as far as is known; it takes no time
	failed      int64 // images that cannot be used; −1: unknown
}

// figures say how far a stage is.
type figures struct {
	stage, unit string
	count
	began time.Duration // when the stage did
	ended bool
	about bool   // done is an estimate
	note  string // what a cluster does now, or the round of a job with several
	// rate is the number of units a second, what was there before the job not counted, and byteRate that of bytes.
	// −1: unknown.
	rate, byteRate float64
}

// elapsed is the time that the stage has taken.
func (f *figures) elapsed() time.Duration { return f.at - f.began }

// eta is the time until the stage ends; ok is false if nobody knows, as where an estimate of the total is reached.
func (f *figures) eta() (left time.Duration, ok bool) {
	switch {
	case f.ended:
		return 0, true
	case f.done >= f.total || f.rate <= 0: // a total of 0 is unknown
		return 0, false
	}
	rest := max(0, f.total-f.done-max(0, f.found-f.before))
	return time.Duration(float64(rest) / f.rate * float64(time.Second)), true
}

// percent is −1 where the total is unknown.
func (f *figures) percent() int {
	if f.total == 0 {
		return -1
	}
	return int(100 * min(f.done, f.total) / f.total)
}

// A tracker follows a job through its stages, of which it knows one at a time.
type tracker struct {
	stage, unit string
	began       time.Duration
	points      []count // of the last meterSpan
	last        count
}

// meterSpan is the time that a rate is measured over: ten times as long as a look at a cluster takes.
const meterSpan = 30 * time.Second

// look takes a count of a stage. If it is of another stage than the last one, that one has ended, and this one begun,
// at the time of the last count of that one.
func (t *tracker) look(stage, unit string, c count) (now figures, ended *figures) {
	if t.stage != stage {
		began := c.at
		if t.stage != "" {
			ended, began = t.end(t.last.at), t.last.at
		}
		*t = tracker{stage: stage, unit: unit, began: began}
	}
	t.last = c
	t.points = append(t.points, c)
	for len(t.points) > 2 && t.points[1].at <= c.at-meterSpan {
		t.points = t.points[1:]
	}
	return t.figures(), ended
}

// end returns what the stage came to, with the rates of all of it.
func (t *tracker) end(at time.Duration) *figures {
	t.last.at = max(at, t.last.at)
	t.last.total = t.last.done
	f := t.figures()
	f.ended, f.rate, f.byteRate = true, -1, -1
	if s := f.elapsed().Seconds(); s > 0 {
		f.rate, f.byteRate = float64(f.done-f.before)/s, float64(f.bytes)/s
	}
	return &f
}

func (t *tracker) figures() figures {
	f := figures{stage: t.stage, unit: t.unit, count: t.last, began: t.began, rate: -1, byteRate: -1}
	first := count{at: t.began}
	if len(t.points) > 0 && t.points[0].at < t.last.at-meterSpan/2 {
		first = t.points[0]
	}
	if s := (t.last.at - first.at).Seconds(); s > 0 {
		f.rate, f.byteRate = max(0, float64(t.last.done-t.last.before-first.done+first.before)/s), max(0, float64(t.last.bytes-first.bytes)/s)
	}
	return f
}

// sentence says what a stage came to.
func (f *figures) sentence() string {
	there := ""
	if f.before > 0 {
		there = fmt.Sprintf(" (%d were there before)", f.before)
	}
	return fmt.Sprintf("%s: %s%s in %s%s", f.stage, f.counted(), there, clock(f.elapsed()), strings.Join(append([]string{""}, f.speed()...), ", "))
}

// counted is what is done, in words.
func (f *figures) counted() string {
	text := printable.Count(f.done, strings.TrimSuffix(f.unit, "s"))
	if f.total > 0 && !f.ended {
		text = fmt.Sprintf("%d of %d %s", f.done, f.total, f.unit)
	}
	if f.about {
		text = "about " + text
	}
	return text
}

// speed has the rates, and the failures if there are any.
func (f *figures) speed() (list []string) {
	if f.rate > 0 {
		list = append(list, perSecond(f.rate, f.unit))
	}
	if f.byteRate > 0 {
		list = append(list, dataset.Bytes(int64(f.byteRate))+"/s")
	}
	if f.failed > 0 {
		list = append(list, fmt.Sprintf("%d failed", f.failed))
	}
	return list
}

func perSecond(rate float64, unit string) string {
	switch {
	case rate < 0.1:
		return fmt.Sprintf("%.1f %s/min", 60*rate, unit)
	case rate < 9.95:
		return fmt.Sprintf("%.1f %s/s", rate, unit)
	}
	return fmt.Sprintf("%.0f %s/s", rate, unit)
}

// clock is a duration in whole seconds, 1h2m3s.
func clock(d time.Duration) string { return d.Round(time.Second).String() }

// head begins the line of a stage on a terminal.
func (f *figures) head() string {
	if p := f.percent(); p >= 0 {
		return fmt.Sprintf("%-5s %3d%%", f.stage, p)
	}
	return f.stage
}

// line is the whole line.
func (f *figures) line() string {
	rest, _ := f.fit(math.MaxInt)
	return f.head() + rest
}

// fit returns the rest of the line in as many columns as there are, and whether nothing is left out. What matters
// least is left out first: the note, the count, the elapsed time, the bytes, the failures, the rate.
func (f *figures) fit(columns int) (text string, whole bool) {
	fields := []struct {
		text string
		rank int // the greatest goes first
	}{{f.counted(), 5}, {"", 1}, {"", 3}, {"", 2}, {"", 0}, {clock(f.elapsed()), 4}, {printable.Line(f.note), 6}}
	if f.rate > 0 {
		fields[1].text = perSecond(f.rate, f.unit)
	}
	if f.byteRate > 0 {
		fields[2].text = dataset.Bytes(int64(f.byteRate)) + "/s"
	}
	if f.failed > 0 {
		fields[3].text = fmt.Sprintf("%d failed", f.failed)
	}
	if left, ok := f.eta(); ok {
		fields[4].text = clock(left) + " left"
	}
	for rank := len(fields); rank >= 0; rank-- {
		var b strings.Builder
		for _, field := range fields {
			if field.text != "" && field.rank < rank {
				b.WriteString("  " + field.text)
			}
		}
		if utf8.RuneCountInString(b.String()) <= columns {
			return b.String(), rank == len(fields)
		}
	}
	return "", false
}
