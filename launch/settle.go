package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/premix/premix/internal/buildid"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// settled is a valid configuration: places are absolute, and what other files say is read.
type settled struct {
	config  pipeline.Config
	options Options
	start   time.Time
	cluster runners.Cluster
	workers buildid.ID
}

// settle completes the configuration and looks at the runner.
func settle(ctx context.Context, c pipeline.Config, o Options) (*settled, error) {
	s := &settled{config: c, options: o, start: time.Now()}
	if err := checkSecrets(&s.config); err != nil {
		return nil, err
	}
	if err := findPlaces(ctx, &s.config); err != nil {
		return nil, err
	}
	if err := makeAbsolute(&s.config); err != nil {
		return nil, err
	}
	if c.ClassFile != "" {
		list, err := readClasses(ctx, c.ClassFile)
		if err != nil {
			return nil, err
		}
		s.config.ClassList = list
	}
	var err error
	if s.config.LabelSums, err = labelSums(ctx, s.config.Labels); err != nil {
		return nil, err
	}
	if o.PeaksOnly && c.Out == "" {
		s.config.Out = "-"
	}
	if err := findDetectors(ctx, &s.config, knownMaps(&c, o)); err != nil {
		return nil, err
	}
	if c.Plan != "" && len(c.Variants) == 0 { // Validate refuses them together
		replayed, err := readPlan(ctx, s.config)
		if err != nil {
			return nil, err
		}
		s.config = *replayed
	}
	if err := s.config.Validate(); err != nil {
		return nil, err
	}
	if s.cluster, err = runners.Check(ctx, runnerOptions(&s.config, o, runners.Cluster{})); err != nil {
		return nil, err
	}
	s.workers, err = workersBuild(s.cluster)
	return s, err
}

// workersBuild is the build that the workers of a job must be: that of this program, or of the file that
// is sent to them, which must be of the same sources.
func workersBuild(c runners.Cluster) (buildid.ID, error) {
	switch {
	case !c.Elsewhere:
		return buildid.InProcess(), nil
	case c.WorkerBinary == "":
		return buildid.Own()
	}
	id, err := buildid.CheckFile(c.WorkerBinary)
	if err != nil {
		return id, usagef("--worker_binary: %v", err)
	}
	return id, nil
}

// findPlaces replaces data sets of the Hub by their folders in its local cache, and takes NAME=URI for a
// path where there is such a file: Spark and others call folders split=train.
func findPlaces(ctx context.Context, c *pipeline.Config) error {
	c.In = slices.Clone(c.In)
	for i, in := range c.In {
		name, uri := pipeline.SplitInput(in)
		switch {
		case strings.HasPrefix(uri, source.HubScheme):
			dir, err := source.HubFolder(ctx, uri)
			if err != nil {
				return err
			}
			if c.In[i] = dir; name != "" {
				c.In[i] = name + "=" + dir
			}
		case name != "" && exists(ctx, in):
			if exists(ctx, uri) {
				return usagef("--in %s: both %s and %s exist: write ./%s for the first, or %s=./%s for the second", in, in, uri, in, name, uri)
			}
			c.In[i] = "./" + in
		}
	}
	return nil
}

// exists reports whether a local path exists.
func exists(ctx context.Context, path string) bool {
	if !blob.IsLocal(path) {
		return false
	}
	_, err := blob.Stat(ctx, path)
	return err == nil
}

// makeAbsolute makes local paths absolute: workers may run elsewhere.
func makeAbsolute(c *pipeline.Config) error {
	for _, list := range []*[]string{&c.In, &c.Labels} {
		*list = slices.Clone(*list)
		for i, in := range *list {
			name, uri := pipeline.SplitInput(in)
			if !blob.IsLocal(uri) || strings.HasPrefix(uri, "synth:") {
				continue
			}
			abs, err := blob.Abs(uri)
			if err != nil {
				return err
			}
			if name != "" {
				abs = name + "=" + abs
			}
			(*list)[i] = abs
		}
	}
	for _, p := range []*string{&c.Out, &c.Cache} {
		if *p == "" || *p == pipeline.NoCache || !blob.IsLocal(*p) {
			continue
		}
		abs, err := blob.Abs(*p)
		if err != nil {
			return err
		}
		*p = abs
	}
	return nil
}

// findDetectors looks at the files that detectors of the configuration are, those of its variants included.
func findDetectors(ctx context.Context, c *pipeline.Config, known peakfile.Known) error {
	if err := c.Expand(); err != nil {
		return err
	}
	looked := map[string]*peakfile.Info{}
	for _, p := range c.EachPart() {
		if err := checkSecrets(p); err != nil {
			return err
		}
		info, ok := looked[p.Detector]
		if !ok {
			var err error
			if info, err = externalPeaks(ctx, p.Detector, known); err != nil {
				return err
			}
			looked[p.Detector] = info
		}
		p.External = info
	}
	return nil
}

// externalPeaks looks at the file, or the folder of maps, that --detector names, if it names none
// of the detectors.
func externalPeaks(ctx context.Context, detector string, known peakfile.Known) (*peakfile.Info, error) {
	if pipeline.KnownDetector(detector) {
		return nil, nil
	}
	uri, err := blob.Abs(detector)
	if err != nil {
		return nil, usagef("--detector %s: %v", detector, err)
	}
	info, err := peakfile.Look(ctx, uri, known)
	var wrong *peakfile.Error
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(detector, "/."):
		return nil, nil // a word: the configuration says which words there are
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("--detector %s: no such file of peaks or folder of gray maps", detector)
	case errors.As(err, &wrong):
		return nil, usagef("--detector: %v", err)
	case err != nil:
		return nil, fmt.Errorf("--detector: %w", err)
	}
	return &info, nil
}

// knownMaps is where it is kept what folders of maps hold: beside the default cache of peaks, wherever that of the
// job is.
func knownMaps(c *pipeline.Config, o Options) peakfile.Known {
	dir, err := cache.DefaultDir()
	if err != nil || c.Cache == pipeline.NoCache || c.Recheck { // without a home folder each start reads the maps
		return peakfile.Known{}
	}
	return peakfile.Known{Dir: filepath.Join(filepath.Dir(dir), "maps"), ReadOnly: o.DryRun}
}

// runnerOptions are those of the runner that the configuration names.
func runnerOptions(c *pipeline.Config, o Options, cluster runners.Cluster) runners.Options {
	r := runners.Options{
		Runner: c.Runner, JobName: jobName(c), Args: o.BeamArgs, Async: c.Async, PrismOpenPort: c.PrismOpenPort,
		Say: o.Reporter.Say, Warn: o.Reporter.Warn, Progress: o.Reporter.Status, Out: o.Out,
		Final: func(text string) bool { return stage.FindRefusal(errors.New(text)) != nil },
	}
	r.Flink.JobServer, r.Flink.REST, r.Flink.Parallelism, r.Flink.SDKWorkers = c.FlinkJobServer, c.FlinkREST, c.Parallelism, c.FlinkSDKWorkers
	if cluster.Slots > 0 {
		r.Flink.Parallelism = cluster.Slots
	}
	for _, in := range c.In {
		_, uri := pipeline.SplitInput(in)
		r.Remote = append(r.Remote, uri)
	}
	if !o.PeaksOnly {
		r.Remote = append(r.Remote, c.Out)
	}
	if c.Cache != "" && c.Cache != pipeline.NoCache {
		r.Remote = append(r.Remote, c.Cache)
	}
	for _, p := range c.EachPart() {
		if p.External != nil {
			r.Remote = append(r.Remote, p.External.URI)
		}
	}
	if c.Plan != "" {
		r.Remote = append(r.Remote, c.Plan)
	}
	return r
}
