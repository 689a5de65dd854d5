package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/pipeline"
)

func newCacheCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache ls | prune",
		Short: "Show or remove cached peaks",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("premix cache %s: use premix cache ls, or premix cache prune", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dir string
	cmd.PersistentFlags().StringVar(&dir, "cache", "", "folder of the cache (default: the user's cache folder)")
	place := func() (string, error) {
		if dir != "" {
			return dir, nil
		}
		dir, err := cache.DefaultDir()
		if err != nil {
			return "", usagef("%v", err)
		}
		return dir, nil
	}
	ls := &cobra.Command{
		Use: "ls", Short: "List what the cache holds", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			uri, err := place()
			if err != nil {
				return err
			}
			infos, err := cache.Caches(cmd.Context(), uri)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stderr, "premix: %s\n", uri)
			a.listCaches(infos)
			return nil
		},
	}
	var days int
	var all, dryRun bool
	prune := &cobra.Command{
		Use: "prune", Short: "Remove peaks that were not used for some time", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			uri, err := place()
			if err != nil {
				return err
			}
			if days < 0 {
				return usagef("--days %d: want a number of days", days)
			}
			age := time.Duration(days) * 24 * time.Hour
			if all {
				age = 0
			}
			if dryRun {
				infos, err := cache.Caches(cmd.Context(), uri)
				if err != nil {
					return err
				}
				var old []cache.Info
				for _, i := range infos {
					if time.Since(i.Used) >= age {
						old = append(old, i)
					}
				}
				a.listCaches(old)
				return nil
			}
			gone, err := cache.Prune(cmd.Context(), uri, age)
			a.listCaches(gone)
			if err == nil {
				fmt.Fprintf(a.stderr, "premix: removed %d of the caches in %s\n", len(gone), uri)
			}
			return err
		},
	}
	prune.Flags().IntVar(&days, "days", 30, "remove what was not used for so many days")
	prune.Flags().BoolVar(&all, "all", false, "remove everything")
	prune.Flags().BoolVar(&dryRun, "dry-run", false, "only list what would be removed")
	cmd.AddCommand(ls, prune)
	return cmd
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no %q: the folder is given with --cache", cmd.CommandPath(), args[0])
	}
	return nil
}

// listCaches prints a line for each fingerprint, with the settings that are not the default.
func (a *app) listCaches(infos []cache.Info) {
	config := pipeline.Default()
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FINGERPRINT\tROWS\tCHUNKS\tSIZE\tUSED\tSETTINGS")
	for _, i := range infos {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\n", i.Fingerprint, i.Rows, i.Chunks, dataset.Bytes(i.Bytes), i.Used.Format("2006-01-02"),
			settingsText(config.PeaksSettings(), i))
	}
	w.Flush()
}

// settingsText tells in what the settings of a cache differ from the default, and what is wrong
// with it.
func settingsText(usual []byte, i cache.Info) string {
	var words []string
	versions := false
	for _, d := range dataset.RecipeDiff(usual, i.Settings) {
		name, change, _ := strings.Cut(d, ": ")
		_, now, _ := strings.Cut(change, " → ")
		switch {
		case strings.HasSuffix(name, "-version"):
			versions = true
		case now != "-" && now != "(absent)": // what other settings make meaningless
			words = append(words, name+" "+now)
		}
	}
	if len(words) == 0 {
		words = []string{"default"}
	}
	if versions {
		words = append(words, "of another version of premix, which this one does not use")
	}
	if i.Damaged > 0 {
		words = append(words, plural(int64(i.Damaged), "damaged chunk"))
	}
	return strings.Join(words, ", ")
}
