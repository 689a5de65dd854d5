package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/premix/premix/pipeline"
)

// A foreignName is a flag that other programs have. Its names are in lower case, with dashes, and without
// those in front.
type foreignName struct {
	names string
	// flag is ours for it; the name is unknown to commands that lack it. Empty: there is none.
	flag string
	text string // what to write, or why there is no such flag
}

// foreignFlags lists flags of torchvision, timm, PyTorch, webdataset and others.
var foreignFlags = []foreignName{
	{"image-size img-size imgsz input-size crop-size target-size resolution train-crop-size", "size", "use --size, the side of the square crop in pixels"},
	{"crop-pct crop-ratio", "resize", "use --geometry center --resize N, with N = size / crop-pct, rounded down as in timm"},
	{"resize-size val-resize-size", "resize", "use --resize, the shorter side before the crop"},
	{"scale crop-scale", "rrc-scale", "use --rrc-scale LOW,HIGH, the share of the image's area"},
	{"ratio aspect-ratio crop-aspect", "rrc-scale", "the crop's aspect ratio is 3/4 to 4/3, as in torchvision; --rrc-scale sets its area"},
	{"flip horizontal-flip flip-prob random-flip", "hflip", "use --hflip, the probability of a mirrored crop"},
	{"vflip vertical-flip", "hflip", "premix mirrors left to right only; use --hflip, or flip while training"},
	{"mixup-prob cutmix-prob mix-prob saliencymix-prob", "prob", "use --prob, the probability that a sample is mixed"},
	{"mixup-alpha cutmix-alpha beta", "alpha", "use --alpha, as in --method cutmix --alpha 1.0"},
	{"cutmix mixup", "method", "use --method with timm's number as --alpha, as in --method cutmix --alpha 1.0; for both, --method mixup:0.5:alpha=0.8,cutmix:0.5:alpha=1"},
	{"cutout resizemix saliencymix", "method", "use --method, as in --method cutout"},
	{"mixup-switch-prob switch-prob", "method", "use a list with weights, as in --method mixup:0.5,cutmix:0.5"},
	{"mixup-off-epoch", "prob", "write the last epochs into another --out, with --prob 0 and --first-replica, or train them on a pack of the same images (premix pack)"},
	{"mixup-mode cutmix-minmax", "method", "premix draws one λ for each sample; --min-lambda and --max-lambda bound it"},
	{"mix augmentation augment", "method", "use --method NAME, as in --method saliencymix"},
	{"saliency saliency-method saliency-map", "detector", "use --detector, as in --detector spectral"},
	{"label-smoothing", "smoothing", "use --smoothing, with --label-form dense"},
	{"num-workers n-workers jobs num-jobs threads num-threads processes num-proc nproc j", "workers", "use --workers, the images worked on at once"},
	{"epochs num-epochs n-epochs copies repeat", "replicas", "use --replicas, one for each epoch to be made"},
	{"batch-size batchsize batch b", "", "premix writes single samples; set the batch size in your data loader"},
	{"drop-last pin-memory prefetch-factor persistent-workers", "", "that is an option of your data loader; premix only writes the samples that it reads"},
	{"lr learning-rate model arch optimizer weight-decay momentum pretrained amp", "", "premix does not train; it writes the data set to train with"},
	{"device gpu gpus cuda", "", "premix works on CPUs; --workers sets how many images at once"},
	{"mean std normalize", "", "premix writes pixels as they are; normalize them while training"},
	{"color-jitter auto-augment aa randaugment reprob random-erase", "", "premix crops, flips and mixes; add other augmentations while training"},
	{"input inputs input-dir data data-dir data-path dataset src source train-dir root i", "in", "use --in URI"},
	{"val-dir valid-dir validation-dir test-dir", "in", "write a validation or test set with a run of its own: premix pack --in URI --out FOLDER"},
	{"output output-dir outdir out-dir output-path dest save-dir target o", "out", "use --out FOLDER"},
	{"input-format", "in-format", "use --in-format"},
	{"output-format out-format fmt", "format", "use --format, as in --format webdataset"},
	{"webdataset wds tfrecord tfds array-record arrayrecord parquet mds", "format", "use --format, as in --format webdataset"},
	{"num-shards n-shards shard-count", "shards", "use --shards"},
	{"maxcount max-count shard-size samples-per-file", "samples-per-shard", "use --samples-per-shard, or --shards"},
	{"maxsize max-size", "samples-per-shard", "shards are not cut by bytes; use --samples-per-shard"},
	{"num-samples max-samples num-images max-images subset n", "limit", "use --limit, the number of images to use"},
	{"num-classes n-classes", "classes", "classes are found in the input; use --classes FILE to choose some"},
	{"class-map class-names class-list", "classes", "use --classes FILE, one name a line"},
	{"annotations annotation-file label-file csv metadata", "labels", "use --labels FILE, a list of images and classes"},
	{"val-split train-split valid-split subset-name", "split", "use --split NAME, one split for each run"},
	{"quality jpeg-quality codec image-format", "encode", "use --encode, as in --encode jpeg:95 or --encode png"},
	{"compression compress gzip", "encode", "shards are not compressed, since their images are; use --encode"},
	{"random-seed rng-seed random-state", "seed", "use --seed"},
	{"shuffle no-shuffle shuffle-seed", "seed", "samples are always shuffled, in the order that --seed draws"},
	{"resume continue restart", "recheck", "run the same command again to continue; --recheck also reads the shards that exist"},
	{"force f clobber delete-existing", "overwrite", "use --overwrite"},
	{"cache-dir", "cache", "use --cache FOLDER"},
	{"no-cache", "cache", "use --cache none"},
	{"memory max-ram memory-limit ram", "max-memory", "use --max-memory, as in --max-memory 2GiB"},
	{"skip-errors ignore-errors on-error strict", "on-bad", "use --on-bad skip or --on-bad fail, and --max-bad"},
	{"dryrun simulate check", "dry-run", "use --dry-run"},
	{"quiet q silent no-progress", "progress", "use --progress none"},
	{"verbose v debug log-level", "progress", "there is one level of messages; --progress plain or json shows more"},
	{"distributed world-size rank nodes num-nodes local-rank", "runner", "use --runner flink or --runner dataflow for a cluster"},
}

// ourFlag finds the answer to a foreign name.
func ourFlag(cmd *cobra.Command, name string) (text string, ok bool) {
	have := flagNames(cmd)
	if !slices.Contains(have, "in-format") {
		return "", false // only jobs: elsewhere a name may mean something else
	}
	for _, f := range foreignFlags {
		switch {
		case !slices.Contains(strings.Fields(f.names), name):
		case f.flag == "" || slices.Contains(have, f.flag):
			return f.text, true
		default:
			return elsewhere(cmd, f.flag), true
		}
	}
	return "", false
}

// elsewhere says which commands have a flag that cmd lacks; empty if none has it.
func elsewhere(cmd *cobra.Command, flag string) string {
	owners := withFlag(cmd.Root(), flag)
	have := "has"
	switch len(owners) {
	case 0:
		return ""
	case 1:
	default:
		last := len(owners) - 1
		owners, have = []string{strings.Join(owners[:last], ", ") + " and " + owners[last]}, "have"
	}
	text := fmt.Sprintf("premix %s %s --%s, and %s does not", owners[0], have, flag, cmd.CommandPath())
	if flag == "seed" && slices.Contains(flagNames(cmd), "crop-seed") {
		text += "; use --crop-seed, the seed of crops and flips"
	}
	return text
}

// aboutFlag says what to do about a flag that a command does not have. name is without dashes in front.
func aboutFlag(cmd *cobra.Command, name string) string {
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	have := flagNames(cmd)
	if slices.Contains(have, plain) {
		return "did you mean --" + plain + "?"
	}
	if text, ok := ourFlag(cmd, plain); ok {
		return text
	}
	if text := elsewhere(cmd, plain); text != "" {
		return text
	}
	if n := pipeline.Nearest(plain, have); n != "" {
		return "did you mean --" + n + "?"
	}
	return cmd.CommandPath() + " " + helpFlag(cmd) + " lists the flags"
}

// withFlag names the commands that have a flag.
func withFlag(root *cobra.Command, name string) []string {
	var owners []string
	for _, c := range commands(root) {
		if c.Flags().Lookup(name) != nil && name != "help" {
			owners = append(owners, strings.TrimPrefix(c.CommandPath(), "premix "))
		}
	}
	return owners
}

// helpFlag lists all flags of a command.
func helpFlag(cmd *cobra.Command) string {
	if cmd.Flags().Lookup("help-all") != nil {
		return "--help-all"
	}
	return "--help"
}

var (
	shorthand  = regexp.MustCompile(`^unknown shorthand flag: '(.+)' in (-\S*)`)
	noValue    = regexp.MustCompile(`^flag needs an argument: (--\S+)`)
	parseError = regexp.MustCompile(`^strconv\.Parse(Int|Bool): parsing (".*"): (.*)$`)
)

// flagError turns pflag's error of a flag into a message of ours.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		return usagef("unknown flag --%s: %s", name, aboutFlag(cmd, name))
	}
	if m := shorthand.FindStringSubmatch(text); m != nil {
		long := strings.TrimLeft(m[2], "-")
		if name, _, _ := strings.Cut(long, "="); slices.Contains(flagNames(cmd), name) {
			return usagef("unknown flag -%s: write --%s, with two dashes", long, name)
		}
		return usagef("unknown flag -%s: %s", m[1], aboutFlag(cmd, m[1]))
	}
	if m := noValue.FindStringSubmatch(text); m != nil {
		return usagef("%s has no value: write %[1]s VALUE", m[1])
	}
	if strings.HasPrefix(text, "invalid argument ") {
		// pflag says: invalid argument "x" for "--size" flag: reason
		if _, rest, ok := strings.Cut(text, `" for "`); ok {
			if flag, reason, ok := strings.Cut(rest, `" flag: `); ok {
				return usagef("%s: %s", flag[strings.LastIndexByte(flag, ' ')+1:], plainReason(reason))
			}
		}
	}
	return usagef("%s: %s %s lists the flags", text, cmd.CommandPath(), helpFlag(cmd))
}

// plainReason says in words why strconv could not read a value.
func plainReason(reason string) string {
	m := parseError.FindStringSubmatch(reason)
	switch {
	case m == nil:
		return reason
	case m[1] == "Bool":
		return m[2] + " is neither true nor false"
	case strings.Contains(m[3], "range"):
		return m[2] + " is too large"
	}
	return m[2] + " is not a whole number"
}

// foreignCommands are words for commands that other programs have.
var foreignCommands = map[string]string{
	"run": "mix", "convert": "mix", "create": "mix", "build": "mix", "make": "mix", "start": "mix", "saliencymix": "mix", "cutmix": "mix",
	"check": "verify", "validate": "verify", "test": "verify", "fsck": "verify",
	"show": "inspect", "info": "inspect", "view": "inspect", "describe": "inspect", "stat": "inspect",
	"ls": "cache ls", "prune": "cache prune", "clean": "cache prune", "gc": "cache prune",
	"generate": "synth", "draw": "synth", "index": "reindex", "repair": "reindex", "saliency": "peaks", "precompute": "peaks", "shard": "pack",
}

// findCommand refuses a first word that is not a command before its flags are looked at.
func findCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || slices.Contains([]string{"help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0]) {
		return nil
	}
	if c, _, _ := root.Find(args); c == root {
		return unknownCommand(root, args[0])
	}
	return nil
}

// unknownCommand says what to run in the place of a word that is not a command.
func unknownCommand(root *cobra.Command, word string) error {
	if to := foreignCommands[strings.ToLower(word)]; to != "" {
		return usagef("unknown command %q: use premix %s", word, to)
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	if n := pipeline.Nearest(word, names); n != "" {
		return usagef("unknown command %q: did you mean %s?", word, n)
	}
	return usagef("unknown command %q: premix --help lists the commands", word)
}
