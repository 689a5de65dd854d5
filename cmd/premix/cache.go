package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/premix/premix/io/cache"
)

func (a *app) cacheCommand() *cobra.Command {
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
		return cache.DefaultDir()
	}
	ls := &cobra.Command{
		Use: "ls", Short: "List what the cache holds", Args: cobra.NoArgs,
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
		Use: "prune", Short: "Remove peaks that were not used for some time", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			uri, err := place()
			if err != nil {
				return err
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

func (a *app) listCaches(infos []cache.Info) {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FINGERPRINT\tIMAGES\tCHUNKS\tSIZE\tUSED\tSETTINGS")
	for _, i := range infos {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\n", i.Fingerprint, i.Rows, i.Chunks, bytesText(i.Bytes), i.Used.Format("2006-01-02"), i.Settings)
	}
	w.Flush()
}
