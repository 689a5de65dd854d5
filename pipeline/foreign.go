package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// foreignValues lists words that other programs have for a value of an option: ours, or, with a blank in it,
// why there is none.
var foreignValues = map[string]map[string]string{
	"format": {
		"wds": "webdataset", "tar": "webdataset", "tars": "webdataset", "webdatasets": "webdataset", "web-dataset": "webdataset", "shards": "webdataset",
		"tfrecords": "tfrecord", "tfr": "tfrecord", "record": "tfrecord", "records": "tfrecord", "tf": "tfrecord", "tensorflow": "tfds",
		"arrayrecord": "array_record", "array-record": "array_record", "grain": "array_record", "jax": "array_record", "riegeli": "array_record",
		"hf": "parquet", "huggingface": "parquet", "hugging-face": "parquet", "datasets": "parquet", "arrow": "parquet", "pq": "parquet",
		"imagefolder": noFolders, "folder": noFolders, "folders": noFolders, "files": noFolders, "jpg": noFolders, "jpeg": noFolders, "png": noFolders, "images": noFolders,
		"ffcv": "premix does not write FFCV", "beton": "premix does not write FFCV", "lmdb": "premix does not write LMDB", "hdf5": "premix does not write HDF5", "h5": "premix does not write HDF5",
		"mosaic": "mds", "mosaicml": "mds", "streaming": "mds", "streamingdataset": "mds", "zip": "premix does not write zip archives", "npz": "premix does not write NumPy files", "csv": "CSV holds no images",
	},
	"in-format": {
		"wds": "webdataset", "tar": "webdataset", "tars": "webdataset", "web-dataset": "webdataset", "tfrecords": "tfrecord", "tfr": "tfrecord",
		"hf": "parquet", "huggingface": "parquet", "arrow": "parquet", "folder": "imagefolder", "folders": "imagefolder", "directory": "imagefolder", "image-folder": "imagefolder",
		"imagenet": "ilsvrc", "imagenet2012": "ilsvrc", "ilsvrc2012": "ilsvrc", "lmdb": "premix does not read LMDB", "ffcv": "premix does not read FFCV", "csv": "give a list of classes with --labels FILE",
	},
	"geometry": {
		"randomresizedcrop": "rrc", "random-resized-crop": "rrc", "random": "rrc", "randomcrop": "pad:N", "random-crop": "pad:N", "reflect": "pad:N",
		"centercrop": "center", "center-crop": "center", "centre": "center", "resize": resizeWord, "stretch": "squash", "warp": "squash",
	},
	"method": {
		"saliency": "saliencymix", "saliency-mix": "saliencymix", "cut-mix": "cutmix", "mix-up": "mixup", "cut-out": "cutout", "randomerasing": "cutout", "resize-mix": "resizemix",
		"off": "none", "no": "none", "false": "none",
	},
	"detector": {
		"opencv": "finegrained", "fine-grained": "finegrained", "fine_grained": "finegrained", "spectral-residual": "spectral", "spectral_residual": "spectral", "sr": "spectral",
		"ft": "frequencytuned", "frequency-tuned": "frequencytuned", "random": "uniform", "none": "uniform", "centre": "center",
		"u2net": noNetwork, "basnet": noNetwork, "gradcam": noNetwork, "grad-cam": noNetwork, "cam": noNetwork, "dino": noNetwork, "network": noNetwork,
	},
	"interpolation": {
		"linear": "bilinear", "cubic": "bicubic", "lanczos3": "lanczos", "lanczos4": "lanczos", "nearest": "premix has no nearest filter", "box": "premix has no box filter", "area": "premix has no area filter",
	},
	"runner": {
		"local": "direct", "directrunner": "direct", "prismrunner": "prism", "portable": "prism", "flinkrunner": "flink", "dataflowrunner": "dataflow", "gcp": "dataflow",
		"spark": "premix has no runner for Spark", "sparkrunner": "premix has no runner for Spark", "ray": "premix has no runner for Ray", "dask": "premix has no runner for Dask",
	},
	"encode": {
		"jpg": "jpeg:95", "jpeg": "jpeg:95", "webp": "premix does not write WebP", "avif": "premix does not write AVIF", "raw": "png", "lossless": "png", "bmp": "png",
	},
	"indexes":   {"all": "dali,wids,timm", "off": "none", "no": "none"},
	"layout":    {"wds": "webdataset", "tar": "webdataset", "tfrecords": "tfrecord", "hf": "parquet", "huggingface": "parquet", "folder": "imagefolder", "folders": "imagefolder", "jpg": "imagefolder", "imagenet": "ilsvrc"},
	"on-bad":    {"ignore": "skip", "warn": "skip", "error": "fail", "raise": "fail", "abort": "fail", "stop": "fail"},
	"exif":      {"rotate": "apply", "transpose": "apply", "yes": "apply", "no": "ignore"},
	"truncated": {"allow": "accept", "ignore": "accept", "error": "fail"},
	"border":    {"crop": "clip", "move": "shift", "clamp": "shift"},
	"spool":     {"none": "off", "no": "off"},
	"progress":  {"off": "none", "no": "none", "quiet": "none", "text": "plain"},
}

const (
	noFolders  = "premix does not write folders of images"
	resizeWord = "center keeps the ratio and crops, as Resize(N) and CenterCrop of torchvision; squash resizes both sides, as Resize((H, W))"
	noNetwork  = "run the network yourself, and give its maps with --detector FOLDER"
)

// Unknown says that a word is not a value of an option, which values there are, and which one may be meant.
func Unknown(option, word string, values []string) string {
	list := Alternatives(values)
	meant := foreignValues[option][strings.ToLower(word)]
	if lower := strings.ToLower(word); meant == "" && slices.Contains(values, lower) {
		meant = lower
	}
	if meant == "" {
		meant = Nearest(word, values)
	}
	switch {
	case meant == "":
		return fmt.Sprintf("%q is unknown: use %s", word, list)
	case strings.Contains(meant, " "):
		return fmt.Sprintf("%q is unknown: %s; use %s", word, meant, list)
	}
	return fmt.Sprintf("%q is unknown: did you mean %s? Use %s", word, meant, list)
}

// Alternatives joins words as in "a, b or c".
func Alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
