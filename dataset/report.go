package dataset

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

var reportTemplate = template.Must(template.New("report.html").ParseFS(templateFiles, "templates/report.html"))

// Bounds of report.html.
const (
	reportFailures = 200
	reportPictures = 12
	reportClasses  = 2000
)

type reportData struct {
	*Manifest
	Methods  []reportMethod
	Failures []premix.Failure
	More     int64 // failures that are not shown
	Classes  []reportClass
	Pictures []reportPicture
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

// writeReport writes report.html of a split, which needs no other file and no network.
func writeReport(ctx context.Context, out string, format shard.Format, m *Manifest, classes []string, failures []premix.Failure) error {
	d := reportData{Manifest: m, Failures: failures, More: m.Counts.Failed - int64(len(failures))}
	for _, s := range m.Statistics {
		d.Methods = append(d.Methods, reportMethod{s, histogram(s.LamDrawn.Histogram), histogram(s.Lam.Histogram)})
	}
	var err error
	if d.Classes, err = classCounts(ctx, out, m, classes); err != nil {
		return err
	}
	if d.Pictures, err = pictures(ctx, out, format, m, classes); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := reportTemplate.Execute(&b, &d); err != nil {
		return fmt.Errorf("dataset: report: %w", err)
	}
	if err := blob.WriteFile(ctx, Meta(out, m.Shape.Split, ReportFile), htmlSeal.seal(b.Bytes())); err != nil {
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

// classCounts counts targets and sources by class in the first replica. The other replicas have the
// same images.
func classCounts(ctx context.Context, out string, m *Manifest, classes []string) ([]reportClass, error) {
	if len(m.Replicas) == 0 || len(classes) > reportClasses || slices.Contains(m.Lost, LostPlan) {
		return nil, nil
	}
	counts := make([]reportClass, len(classes))
	for i, c := range classes {
		counts[i] = reportClass{Index: i, Name: c}
	}
	shards := m.Replicas[0].Shards
	parts := make([]map[int]*reportClass, len(shards))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16) // each is one request to an object store
	for i, s := range shards {
		g.Go(func() (err error) {
			parts[i], err = planClasses(gctx, Meta(out, m.Shape.Split, PlanName(s.Name)), len(classes))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
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
	return counts, nil
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
	err := ReadBriefs(ctx, uri, func(b Brief) error {
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

// pictures returns the first samples of the first shard.
func pictures(ctx context.Context, out string, format shard.Format, m *Manifest, classes []string) ([]reportPicture, error) {
	if len(m.Replicas) == 0 || len(m.Replicas[0].Shards) == 0 {
		return nil, nil
	}
	uri := blob.Join(out, m.Replicas[0].Shards[0].Name)
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
			return nil, fmt.Errorf("dataset: report: %s: %w", uri, err)
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
