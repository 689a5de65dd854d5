package inspect

import (
	"context"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/dataset"
)

// A Use is a sample that holds an image.
type Use struct {
	Split  string        `json:"split"`
	Key    string        `json:"key"`
	Role   string        `json:"role"` // target, source, or both
	Weight dataset.Float `json:"weight"`
	Shard  string        `json:"shard"`
	Name   string        `json:"name"`
}

// Uses lists the samples that hold an image, in the order of the output, found in its plans. The
// name may be whole, or the last parts of a path with or without its extension.
func Uses(ctx context.Context, out, name string, o Options) ([]Use, error) {
	out, splits, err := firstOutput(ctx, out, &o)
	if err != nil {
		return nil, err
	}
	var uses []Use
	for _, split := range splits {
		config, err := dataset.HeldConfig(ctx, out, split)
		if err != nil {
			return nil, err
		}
		records, err := dataset.Records(ctx, out, split)
		if err != nil {
			return nil, err
		}
		found := make([][]Use, len(records))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(8)
		for i, rec := range records {
			g.Go(func() error {
				return briefs(gctx, out, config.Shape.Format, &rec, func(b dataset.Brief) error {
					if use, ok := usedAs(&b, name); ok {
						use.Split, use.Shard = split, rec.Path
						found[i] = append(found[i], use)
					}
					return nil
				})
			})
		}
		if err := g.Wait(); err != nil {
			return nil, fmt.Errorf("inspect: %w", err)
		}
		for _, f := range found {
			uses = append(uses, f...)
		}
	}
	return uses, nil
}

func usedAs(b *dataset.Brief, name string) (Use, bool) {
	target, source := sameName(b.TargetName, name), sameName(b.SourceName, name)
	use := Use{Key: b.Key, Name: b.TargetName}
	switch {
	case target && source:
		use.Role, use.Weight = "both", 1
	case target:
		use.Role, use.Weight = "target", dataset.Float(b.Lam)
	case source:
		use.Role, use.Weight, use.Name = "source", dataset.Float(1-b.Lam), b.SourceName
	default:
		return use, false
	}
	return use, true
}

// sameName reports whether asked is name, or its end from a slash on, with or without extension.
func sameName(name, asked string) bool {
	match := func(name string) bool {
		head, ok := strings.CutSuffix(name, asked)
		return ok && (head == "" || strings.HasSuffix(head, "/"))
	}
	return asked != "" && (match(name) || match(strings.TrimSuffix(name, path.Ext(name))))
}
