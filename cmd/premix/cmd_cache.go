package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/pipeline"
)

// cacheOptions are the options of premix cache and of the commands below it.
type cacheOptions struct {
	dir         string
	days        int
	all, dryRun bool
}

// AddFlags defines the flags of all commands of the cache.
func (o *cacheOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.dir, "cache", "", "folder of the cache (default: the user's cache folder)")
}

// AddPruneFlags defines the flags of prune.
func (o *cacheOptions) AddPruneFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.days, "days", 30, "remove peaks not used for N days")
	fs.BoolVar(&o.all, "all", false, "remove everything")
	fs.BoolVar(&o.dryRun, "dry-run", false, "list what would be removed, and remove nothing")
}

// place is the folder of the cache.
func (o *cacheOptions) place() (string, error) {
	if o.dir != "" {
		return o.dir, nil
	}
	dir, err := cache.DefaultDir()
	if err != nil {
		return "", usagef("%v", err)
	}
	return dir, nil
}

func newCacheCommand(a *app) *cobra.Command {
	var o cacheOptions
	cmd := &cobra.Command{
		Use:   "cache ls | prune",
		Short: "Show or remove cached peaks",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command \"cache %s\": use premix cache ls, or premix cache prune", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	o.AddFlags(cmd.PersistentFlags())
	ls := &cobra.Command{
		Use: "ls", Short: "List what the cache holds", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCacheList(cmd.Context(), a, o) },
	}
	prune := &cobra.Command{
		Use: "prune", Short: "Remove peaks that have not been used for some time", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCachePrune(cmd.Context(), a, o) },
	}
	o.AddPruneFlags(prune.Flags())
	cmd.AddCommand(ls, prune)
	return cmd
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument %q: give the folder with --cache", cmd.CommandPath(), args[0])
	}
	return nil
}

func runCacheList(ctx context.Context, a *app, o cacheOptions) error {
	uri, err := o.place()
	if err != nil {
		return err
	}
	infos, err := cache.Caches(ctx, uri)
	if err != nil {
		return err
	}
	a.say("%s", uri)
	listCaches(a.stdout, infos)
	return nil
}

func runCachePrune(ctx context.Context, a *app, o cacheOptions) error {
	uri, err := o.place()
	if err != nil {
		return err
	}
	if o.days < 0 {
		return usagef("--days %d is negative: give a number of days", o.days)
	}
	age := time.Duration(o.days) * 24 * time.Hour
	if o.all {
		age = 0
	}
	if o.dryRun {
		infos, err := cache.Caches(ctx, uri)
		if err != nil {
			return err
		}
		listCaches(a.stdout, slices.DeleteFunc(infos, func(i cache.Info) bool { return time.Since(i.Used) < age }))
		return nil
	}
	gone, err := cache.Prune(ctx, uri, age)
	listCaches(a.stdout, gone)
	if err == nil {
		a.say("removed %d of the caches in %s", len(gone), uri)
	}
	return err
}

// listCaches prints a line for each fingerprint, with the settings that are not the default.
func listCaches(out io.Writer, infos []cache.Info) {
	config := pipeline.Default()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FINGERPRINT\tROWS\tCHUNKS\tSIZE\tUSED\tSETTINGS")
	for _, i := range infos {
		printable.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\n", i.Fingerprint, i.Rows+i.Crops, i.Chunks+i.CropFiles, dataset.Bytes(i.Bytes), i.Used.Format("2006-01-02"),
			settingsText(config.PeaksSettings(), i))
	}
	w.Flush()
}

// settingsText says in what the settings of a cache differ from the default, and what is wrong
// with it.
func settingsText(usual []byte, i cache.Info) string {
	var words []string
	if i.CropFiles > 0 {
		words = append(words, "crops")
	}
	versions := false
	for _, d := range dataset.RecipeDiff(usual, i.Settings) {
		name, change, _ := strings.Cut(d, ": ")
		_, now, _ := strings.Cut(change, " → ")
		switch {
		case strings.HasSuffix(name, "-version"):
			versions = true
		case name == "kept":
		case now != "-" && now != "(absent)": // what other settings make meaningless
			words = append(words, name+" "+now)
		}
	}
	if len(words) == 0 {
		words = []string{"default"}
	}
	if i.Settings == nil {
		words, versions = []string{"unknown, since fingerprint.json is missing"}, false
	}
	if versions {
		words = append(words, "of another version of premix, which this one does not use")
	}
	if i.Damaged > 0 {
		words = append(words, printable.Count(int64(i.Damaged), "damaged chunk"))
	}
	return strings.Join(words, ", ")
}
