package dataset

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

var reportTemplate = template.Must(template.New("report.html").Funcs(template.FuncMap{"line": printable.Line}).ParseFS(templateFiles, "templates/report.html"))

// Bounds of report.html.
const (
	reportFailures = 200
	reportPictures = 12
	reportClasses  = 2000
	reportPlans    = 64   // that classes are counted in
	reportShards   = 2000 // that are listed
)

type reportData struct {
	*Manifest
	Methods  []reportMethod
	Failures []premix.Failure
	More     int64 // failures that are not shown
	Classes  []reportClass
	Counted  int // the plans that Classes were counted in
	Pictures []reportPicture
	Unread   []string // what the report lacks because it could not be read, and why
}

type reportMethod struct {
	MethodSummary
	Drawn, Final template.HTML // histograms
}

type reportClass struct {
	Index          int
	Name           string
	Target, Source int64 // samples in which it is one
	Share          float64
	Bar            float64 // percent of the largest
}

type reportPicture struct {
	Src  template.URL
	Text string
}

// A report is report.html of a split, which needs no other file and no network. It is drawn from what
// can be read, and says what cannot: whether an output is complete does not depend on it.
type report struct {
	out    string
	format shard.Format
	data   reportData
	// damaged has the shards whose content, or whose plan's content, turned out to be wrong.
	damaged []DamagedShard
}

// gather reads what the report shows. The error is that of ctx.
func (r *report) gather(ctx context.Context, m *Manifest, classes []string, failures []premix.Failure) error {
	d := &r.data
	d.Manifest, d.Failures, d.More = m, failures, m.Counts.Failed-int64(len(failures))
	for _, s := range m.Statistics {
		d.Methods = append(d.Methods, reportMethod{s, histogram(s.LamDrawn.Histogram), histogram(s.Lam.Histogram)})
	}
	r.countClasses(ctx, classes)
	r.takePictures(ctx, classes)
	return context.Cause(ctx)
}

// unread notes that a part of the report lacks what shard n of the first replica should have given.
func (r *report) unread(what string, n int64, err error) {
	replica := r.data.Manifest.Replicas[0]
	name := replica.Shards[n].Name
	r.data.Unread = append(r.data.Unread, fmt.Sprintf("%s, because of %s: %v", what, name, err))
	if Damaged(err) || errors.Is(err, fs.ErrNotExist) {
		r.damaged = append(r.damaged, DamagedShard{replica.Replica, n, name, err})
	}
}

// write writes report.html.
func (r *report) write(ctx context.Context) error {
	var b bytes.Buffer
	if err := reportTemplate.Execute(&b, &r.data); err != nil {
		return fmt.Errorf("dataset: report: %w", err)
	}
	if err := blob.WriteFile(ctx, Meta(r.out, r.data.Shape.Split, ReportFile), htmlSeal.seal(b.Bytes())); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// histogram draws bins as bars of an SVG.
func histogram(bins [lambdaBins]int64) template.HTML {
	const w, h = 300, 90
	top := max(slices.Max(bins[:]), 1)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" width="%d" height="%d" role="img">`, w, h+14, w, h+14)
	for i, n := range bins {
		bar := float64(n) / float64(top) * h
		fmt.Fprintf(&b, `<rect x="%d" y="%.1f" width="%d" height="%.1f"><title>%.2f–%.2f: %d</title></rect>`,
			i*w/lambdaBins+1, h-bar, w/lambdaBins-2, bar, float64(i)/lambdaBins, float64(i+1)/lambdaBins, n)
	}
	fmt.Fprintf(&b, `<path d="M0 %d.5H%d"/><text x="0" y="%d">0</text><text x="%d" y="%d" text-anchor="middle">0.5</text>`+
		`<text x="%d" y="%d" text-anchor="end">1</text></svg>`, h, w, h+12, w/2, h+12, w, h+12)
	return template.HTML(b.String())
}

// Listed are the replicas whose shards the page lists: all, unless these are too many for a page.
func (d *reportData) Listed() []Replica {
	n := 0
	for _, r := range d.Replicas {
		n += len(r.Shards)
	}
	if n > reportShards {
		return nil
	}
	return d.Replicas
}

// countClasses counts targets and sources by class in shards of the first replica, which are spread evenly: each
// shard is a drawn part of the images, and the other replicas have the same ones. If a plan cannot be read, there is
// no table.
func (r *report) countClasses(ctx context.Context, classes []string) {
	m := r.data.Manifest
	if len(m.Replicas) == 0 || len(classes) > reportClasses || slices.Contains(m.Lost, LostPlan) {
		return
	}
	counts := make([]reportClass, len(classes))
	for i, c := range classes {
		counts[i] = reportClass{Index: i, Name: c}
	}
	shards := m.Replicas[0].Shards
	r.data.Counted = min(len(shards), reportPlans)
	chosen := func(i int) int { return i * len(shards) / r.data.Counted }
	parts := make([]map[int]*reportClass, r.data.Counted)
	errs := make([]error, len(parts))
	var g errgroup.Group
	g.SetLimit(16) // each is one request to an object store
	for i := range parts {
		g.Go(func() error {
			parts[i], errs[i] = planClasses(ctx, Meta(r.out, m.Shape.Split, PlanName(shards[chosen(i)].Name)), len(classes))
			return nil
		})
	}
	g.Wait()
	for i, err := range errs {
		if err != nil {
			r.unread("The table of classes", int64(chosen(i)), err)
		}
	}
	if len(r.data.Unread) > 0 {
		return
	}
	for _, part := range parts {
		for label, c := range part {
			counts[label].Target += c.Target
			counts[label].Source += c.Source
			counts[label].Share += c.Share
		}
	}
	var top float64
	for _, c := range counts {
		top = max(top, c.Share)
	}
	for i := range counts {
		if top > 0 {
			counts[i].Bar = 100 * counts[i].Share / top
		}
	}
	r.data.Classes = counts
}

// planClasses counts the labels of one plan.
func planClasses(ctx context.Context, uri string, classes int) (map[int]*reportClass, error) {
	counts := map[int]*reportClass{}
	count := func(label int32) *reportClass {
		c := counts[int(label)]
		if c == nil {
			c = &reportClass{}
			counts[int(label)] = c
		}
		return c
	}
	err := readBriefs(ctx, uri, labelColumns, func(b Brief) error {
		if min(b.TargetLabel, b.SourceLabel) < 0 || int(max(b.TargetLabel, b.SourceLabel)) >= classes {
			return fmt.Errorf("dataset: %s: labels %d and %d of %d classes", uri, b.TargetLabel, b.SourceLabel, classes)
		}
		target, source := count(b.TargetLabel), count(b.SourceLabel)
		target.Target++
		source.Source++
		target.Share += b.Lam
		source.Share += 1 - b.Lam
		return nil
	})
	return counts, err
}

// takePictures shows the first samples of the first shard.
func (r *report) takePictures(ctx context.Context, classes []string) {
	m := r.data.Manifest
	if len(m.Replicas) == 0 || len(m.Replicas[0].Shards) == 0 {
		return
	}
	uri := blob.Join(r.out, m.Replicas[0].Shards[0].Name)
	var err error
	if r.data.Pictures, err = pictures(ctx, r.format, uri, classes); err != nil {
		r.unread("The first samples", 0, err)
	}
}

// pictures returns the first samples of a shard. If one cannot be read, it returns those before it
// and an error.
func pictures(ctx context.Context, format shard.Format, uri string, classes []string) ([]reportPicture, error) {
	r, closer, err := OpenShard(ctx, format, uri, shard.ReadOptions{})
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	var pics []reportPicture
	var rec shard.Record
	for len(pics) < reportPictures {
		err := r.Next(&rec)
		if err == io.EOF {
			break
		}
		if err != nil {
			return pics, err
		}
		kind := "jpeg"
		if rec.ImageFormat == "png" {
			kind = "png"
		}
		text := fmt.Sprintf("%s: %s", rec.Key, ClassName(classes, rec.LabelA))
		if rec.Mixed {
			text = fmt.Sprintf("%s: %.3f %s + %.3f %s, box %v", rec.Key, rec.Lam, ClassName(classes, rec.LabelA),
				1-rec.Lam, ClassName(classes, rec.LabelB), rec.Box)
		}
		pics = append(pics, reportPicture{Text: text,
			Src: template.URL("data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(rec.Image))})
	}
	return pics, nil
}

// ClassName returns the name of a class, or its number if it has none.
func ClassName(classes []string, label int) string {
	if label < 0 || label >= len(classes) {
		return fmt.Sprint(label)
	}
	return classes[label]
}
