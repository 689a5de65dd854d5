// Package source reads image data sets in the layouts that people keep them in: folders of
// images, zip archives of them, WebDataset tars, the tars of ILSVRC2012, TFRecord, TFDS, Parquet, and images drawn by
// code (synth:N). Call [Discover] for what is in inputs, and [Split] and [Read] for their images:
//
//	[Discover]  lists containers: class folders, shards, inner tars
//	[Split]     cuts a container into chunks, of 1,000 to 2,000 images where it can be cut
//	[Read]      streams a chunk once and yields its entries
//
// Each step costs less than the next. [Fetch] reads one entry again from the Location that Read
// gave it, and a [Locator] reads entries by name.
//
// # Order and names
//
// Containers are in the bytewise order of their names, a container counting as a folder (see
// [Order]); entries of a folder by their path below it, entries of any other container in their
// own order. The name of an entry is its path below the root of its input, a container counting
// as a folder: n01440764/n01440764_10026.JPEG, train-000012.tar/n01440764_10026.jpg,
// train-00003-of-01024/000000417. Nothing in a name or in the order depends on where the root
// is, on the order of the inputs, or on how a container is cut.
//
// # What becomes of an entry
//
// Every entry ends as one [Entry]: bytes of an image with the label that the input states, a
// [premix.Fault] with its reason, or an ignored side file. An error of [Read] is one of the
// environment (a disk, a network), and the caller retries, or a [*UsageError]: the labels contradict
// what was found out about them. It is never one of a single entry.
package source

import (
	"github.com/premix/premix"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/source/tree"
)

// An Input is one --in [NAME=]URI. With a Name, all names below the root begin with NAME/.
type Input struct {
	Name string `json:"name,omitempty"`
	URI  string `json:"uri"`
}

// Options say how inputs are understood. The zero value detects everything.
type Options struct {
	// Format is auto (or empty), imagefolder, webdataset, tfrecord, tfds, ilsvrc, parquet or zip.
	Format string
	// Split is taken where an input holds several: train (the default), validation, test.
	Split string
	// Classes is the class list that overrides those of the inputs; it may be a subset. Only
	// Discover looks at it, and at Format, Split, LabelKey and LabelOffset.
	Classes []string
	// LabelKey is the key of the label in json members, TFRecord features or Parquet columns.
	LabelKey string
	// LabelOffset is the label of the first class where labels are numbers. If it is nil, it is 0,
	// and for TFRecords it is detected.
	LabelOffset *int
	// ClassDepth is the depth of the folder that is the class, counted from 1, or tree.Leaf for the
	// whole path; 0 understands the folders.
	ClassDepth int
	// ClassNumbers makes the numbers that class folders are called by their labels.
	ClassNumbers bool
	// Labels are lists with the classes of the images of inputs, by the name of the input.
	Labels []Input
	// Accept are the doubts that the user has settled, of Acceptable.
	Accept []string
	// AnyLabels says that Discover takes inputs whose first images have no label, or none of the class
	// list: those that are only looked at.
	AnyLabels bool
	// locate says that containers are looked for, and not classes: lists are not read.
	locate bool
	// ChunkImages is the size of a chunk that is aimed at, from two thirds to four thirds of it;
	// 0 means 1,500. It never changes an output.
	ChunkImages int
}

func (o Options) chunkImages() int {
	if o.ChunkImages <= 0 {
		return 1500
	}
	return o.ChunkImages
}

func (o Options) split() string {
	if o.Split == "" {
		return "train"
	}
	return canonicalSplit(o.Split)
}

// A Container is a set of entries that are listed and read together: a class folder, a shard,
// an inner tar. It is plain data that gob restores as it was, so that it travels through a pipeline.
//
// The IDs of its chunks are the keys of users' caches. They are hashes over the fields that change what
// entries are or how many there are: Layout, Name, Class, Label, Size and what the layout adds in its
// identity method. An input that was moved or touched keeps its IDs: URI, ModTime, ETag, Offset, Index,
// CountedBy, List.Kind and List.Files take no part. A field that is added must leave the IDs of the
// containers without it as they are.
type Container struct {
	Name    string // the path below the root, after NAME/ of the input; unique in a Catalog
	URI     string // where the container is at present
	Layout  string // how it is read, a key of layouts
	Class   string // the class of all entries in the folder layouts, as a name
	Direct  bool   // only the files in the folder itself are entries, and not those of folders below
	Label   int    // the 0-based class index of all entries, or −1
	Size    int64  // in bytes; 0 for folders
	ModTime int64  // in nanoseconds of Unix time; 0 where it is not known
	ETag    string // that of an object store
	Offset  int64  // where an inner container begins in the object at URI

	Compression string // of the whole file: gzip, zlib, zstd or bzip2; empty if there is none
	Index       string // the URI of DALI's index of the file; empty if there is none
	Samples     int64  // how many entries the container should have
	CountedBy   string // the side file that says so, or "its index"; empty if Samples is not known

	// What a single layout needs; the others leave it at its zero value.
	List       labelFiles       // flatfolder and listtar
	WebDataset webdatasetLabels // webdataset
	Record     *recordKeys      // tfrecord and arrayrecord; nil if no record could be read, and shared within an input
	Parquet    parquetColumns   // parquet
	Zip        zipFolder        // zip, which has also List or WebDataset
}

// A Catalog is what [Discover] found.
type Catalog struct {
	Containers []Container // in canonical order
	// Classes is the class list of the output, index by index: Options.Classes, or that of the
	// inputs; nil if it is known only after the scan.
	Classes []string
	Own     []string // the class list that indexes in the inputs refer to; nil if unknown
	Layout  string   // of the inputs; "mixed" if they differ
	// Ignored counts side files outside of the containers; IgnoredNames are the first few.
	Ignored      int64
	IgnoredNames []string
	// Cut says why Classes cannot be trusted, and what to do: they are those of a listing that is
	// damaged, and no other list is known. Usually it is empty. CutIn names the damaged container.
	Cut, CutIn string
	// Notes say how inputs were understood, Warnings what of it may surprise: a line each.
	Notes, Warnings []string
	// Unused are folders that are not used, with what is in them.
	Unused []string
	// Images counts the images of classes, as far as names say; nil if they do not say.
	Images map[string]int64
	// Example is an image with the label that the input states; without a name if none was looked at.
	Example premix.Sample
	// ByName says that the names of folders tell which classes have images.
	ByName bool
	// OneClass is the only class that has images, as far as names say; or empty.
	OneClass string
	// Doubts are reasons to refuse the input: as it is understood, labels may be wrong.
	Doubts []tree.Doubt
	// Failures are entries outside of any container, as loose images beside class folders.
	Failures  []premix.Failure
	NotChosen []Container // of classes that Options.Classes does not have: they are not read
	Absent    []string    // the classes of Options.Classes that no input has
	Inputs    []string    // the layout of each input, a line for people
}

const maxIgnoredNames = 10

func (c *Catalog) ignore(name string) {
	c.Ignored++
	if len(c.IgnoredNames) < maxIgnoredNames {
		c.IgnoredNames = append(c.IgnoredNames, name)
	}
}

func (c *Catalog) fail(name string, stage premix.Stage, kind premix.FaultKind, reason string) {
	c.Failures = append(c.Failures, premix.Failure{Name: name, Stage: stage, Kind: kind, Reason: reason})
}

// A Chunk is the unit of work, of caching and of resume: a range of a container. It is plain
// data; with its names it stays below 100 KB.
type Chunk struct {
	Container Container
	Seq       int // counts the chunks of the container from 0
	// ID is the identity of what the chunk holds, wherever it is: a hash over layout, name,
	// range and sizes, in 32 hex digits.
	ID string
	// Stamp is a hash over modification times or etags. Where the ID is the same and the Stamp
	// differs, the chunk was copied or touched, and probably not changed.
	Stamp       string
	First, Last string // names of entries, for messages
	// Offset and End are the half-open range of the container: bytes in tars and TFRecords,
	// row groups in Parquet, positions in synth.
	Offset, End int64
	// First record of a TFRecord chunk, sample of a tar or row of a Parquet chunk, counted in the
	// container.
	Base int64
	// Names are the entries of a folder, below it, in order.
	Names []string
	// Unreadable says for each of Names why it cannot be read, or is empty; it is nil if all can be.
	Unreadable []string
	EstImages  int // about how many images to expect; 0 if unknown
	// Guessed says that EstImages follows from the size alone: images may be ten times larger, or smaller.
	Guessed bool
	// Doubt is what a Read of the chunk has returned as an error; or nil.
	Doubt *Doubt
}

// An Entry is one thing that a chunk holds.
type Entry struct {
	// Sample has Key, Name, Location, Digest, Label and Class set, and Fault with FaultStage if
	// the entry failed. Label is −1 where the input states a name.
	Sample   premix.Sample
	Data     []byte // encoded, valid until yield returns; nil for faults and side files
	Ignored  bool   // the entry is a side file: no image by name nor by bytes
	Outside  bool   // the entry is ignored although it is an image: it lies beside the folders that are used
	Seekable bool   // Fetch can read the bytes again; otherwise they must be spooled
	place    string // in the container, for messages
}

// Order is the sort key of containers: the bytewise order of the names of their entries.
func Order(name string) string { return name + "/" }

// A UsageError is a mistake of the user's, with what to do about it in the same line.
type UsageError struct {
	Message string
	Lines   bool // the message has several lines, whose names are printable
}

func (e *UsageError) Error() string { return e.Message }

func usagef(format string, args ...any) error {
	return &UsageError{Message: printable.Line(printable.Sprintf(format, args...))}
}
