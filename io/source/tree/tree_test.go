package tree

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// folders builds a tree of "PATH N" parts with N images in a folder, "PATH N*" with N other files, or
// "PATH 0" with nothing; parts are separated by commas, and {a,b} in a path is each of both. A path of
// . is the root.
func folders(t testing.TB, text string) *Folder {
	t.Helper()
	root := &Folder{}
	for part := range strings.SplitSeq(text, ";") {
		i := strings.LastIndexByte(part, ' ')
		paths := expand(strings.TrimSpace(part[:i]))
		count, other := strings.CutSuffix(part[i+1:], "*")
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatalf("%q: %v", part, err)
		}
		for _, path := range paths {
			if path == "." {
				path = ""
			} else {
				root.Dir(path)
			}
			for i := range n {
				ext := ".jpg"
				if other {
					ext = ".txt"
				}
				root.Add(join(path, fmt.Sprintf("%s_%d%s", last(path), i, ext)), !other)
			}
		}
	}
	return root
}

func expand(path string) []string {
	open := strings.IndexByte(path, '{')
	if open < 0 {
		return []string{path}
	}
	end := open + strings.IndexByte(path[open:], '}')
	var all []string
	for alt := range strings.SplitSeq(path[open+1:end], ",") {
		all = append(all, expand(path[:open]+alt+path[end+1:])...)
	}
	return all
}

const (
	wnids   = "{n01440764,n02102040,n02979186,n03000684}"
	cifar   = "{aquatic_mammals/beaver,aquatic_mammals/dolphin,people/baby,people/boy}"
	places  = "data_large/{a/abbey,a/airfield,a/apartment_building/outdoor,b/bakery/shop,b/beach} 4; val_large 3"
	caltech = "{001.ak47,002.american-flag,003.backpack,198.spider,257.clutter,056.dog} 4; 056.dog/greg/vision309 1; 198.spider 1*"
	ten     = "{1,2,3,4,5,6,7,8,9,10} 2"
)

func offset(n int) *int { return &n }

// layouts are those of published data sets, and what is right for each. Where words is set, the
// doubts (if refused) or the warnings and unused folders match it.
var layouts = []struct {
	name    string
	folders string
	o       Options
	base    string
	classes string
	images  int
	refused bool
	words   string
}{
	{name: "splits", folders: "train/" + wnids + " 4; val/" + wnids + " 3; . 1*", base: "train", classes: "n01440764|n02102040|n02979186|n03000684", images: 16},
	{name: "another split", folders: "train/" + wnids + " 4; val/" + wnids + " 3", o: Options{Split: "validation"}, base: "val", classes: "n01440764|n02102040|n02979186|n03000684", images: 12},
	{name: "no such split", folders: "train/" + wnids + " 4; val/" + wnids + " 3", o: Options{Split: "test"}, refused: true, words: "split test"},
	{name: "classes alone", folders: wnids + " 4; . 1*", classes: "n01440764|n02102040|n02979186|n03000684", images: 16},
	{name: "MNIST", folders: "training/{0,1,2} 2; testing/{0,1,2} 1", o: Options{Split: "test"}, base: "testing", classes: "0|1|2", images: 3},
	{name: "a class called train", folders: "{apple,bus,train,woman} 4", classes: "apple|bus|train|woman", images: 16},
	{name: "stations of Places365", folders: "{tower,train_interior,train_station-platform,valley} 4", classes: "tower|train_interior|train_station-platform|valley", images: 16},
	{name: "a class called dev", folders: "{dev,office,store} 4", classes: "dev|office|store", images: 12},
	{name: "classes with parts", folders: "{lamp,test_tube,training_shoe} 4", classes: "lamp|test_tube|training_shoe", images: 12},
	{name: "images in each class", folders: "{daisy,roses}/images 4", classes: "daisy|roses", images: 8},
	{name: "names of classes again", folders: "cat/cat_images 4; dog/dog_images 4", classes: "cat|dog", images: 8},
	{name: "one name below all", folders: "{cat,dog}/original 4; bird 4", classes: "bird|cat|dog", images: 12},
	{name: "odd names", folders: "{1,2,10 cents,-3} 4", classes: "-3|1|10 cents|2", images: 16},

	{name: "EuroSAT", folders: "2750/{AnnualCrop,Forest,River} 4", base: "2750", classes: "AnnualCrop|Forest|River", images: 12},
	{name: "EuroSAT at depth 1", folders: "2750/{AnnualCrop,Forest,River} 4", o: Options{Depth: 1}, classes: "2750", images: 12},
	{name: "a deep wrapper", folders: "ds/images/sentinel_2/tif/{AnnualCrop,Forest} 4", base: "ds/images/sentinel_2/tif", classes: "AnnualCrop|Forest", images: 8},
	{name: "a wrapper around splits", folders: "car_data/train/{a,b} 4; car_data/test/{a,b} 3; . 2*", base: "car_data/train", classes: "a|b", images: 8},
	{name: "one letter", folders: "{train,val}/n/" + wnids + " 4", base: "train/n", classes: "n01440764|n02102040|n02979186|n03000684", images: 16},
	{name: "a wrapper with an image", folders: "flowers/{daisy,rose} 4; flowers 1", refused: true, words: "class-depth"},
	{name: "side folders", folders: "images/{apple_pie,baklava} 4; meta 3*", base: "images", classes: "apple_pie|baklava", images: 8, words: `\bmeta\b`},
	{name: "side folders beside classes", folders: "{daisy,roses} 4; lists 2*", classes: "daisy|roses", images: 8, words: `\blists\b`},
	{name: "an empty class", folders: "{ash,birch,elm} 4; dogwood 0", classes: "ash|birch|dogwood|elm", images: 12, words: "dogwood"},

	{name: "splits and another folder", folders: "Train/{0,1,2} 4; Test 2; Meta 3", base: "Train", classes: "0|1|2", images: 12, words: `\bMeta\b`},
	{name: "splits and a copy", folders: "{train,val,chest_xray/train,chest_xray/val}/{NORMAL,PNEUMONIA} 3", base: "train", classes: "NORMAL|PNEUMONIA", images: 6, words: "chest_xray"},
	{name: "splits as parts", folders: "seg_{train/seg_train,test/seg_test}/{forest,glacier} 4", o: Options{Split: "test"}, base: "seg_test/seg_test", classes: "forest|glacier", images: 8},
	{name: "splits as parts and another", folders: "seg_{train/seg_train,test/seg_test}/{forest,glacier} 4; seg_pred/seg_pred 2", refused: true, words: "(?s)seg_pred.*class-depth"},
	{name: "GTSRB", folders: "Final_Training/Images/{00000,00001} 4; Final_Test/Images 2", base: "Final_Training/Images", classes: "00000|00001", images: 8},
	{name: "a split twice", folders: "{train,Train,test}/{a,b} 4", refused: true, words: "both the split train"},
	{name: "splits that are classes", folders: "{train,test} 4", o: Options{SplitNames: true}, classes: "test|train", images: 8},

	{name: "CIFAR-100", folders: cifar + " 4", refused: true, words: `(?s)--class-depth 1.*aquatic_mammals.*--class-depth 2.*baby, beaver, boy, dolphin`},
	{name: "CIFAR-100 at depth 1", folders: cifar + " 4", o: Options{Depth: 1}, classes: "aquatic_mammals|people", images: 16},
	{name: "CIFAR-100 at depth 2", folders: cifar + " 4", o: Options{Depth: 2}, classes: "baby|beaver|boy|dolphin", images: 16},
	{name: "CIFAR-100 at depth 3", folders: cifar + " 4", o: Options{Depth: 3}, refused: true, words: "no image is in a folder at depth 3: the first is aquatic_mammals/beaver/beaver_0.jpg"},
	{name: "CIFAR-100 by path", folders: cifar + " 4", o: Options{Depth: Leaf}, classes: "aquatic_mammals/beaver|aquatic_mammals/dolphin|people/baby|people/boy", images: 16},
	{name: "ImageNet-C", folders: "{fog,noise}/{1,2,3}/" + wnids + " 2", refused: true, words: "class-depth 3"},
	{name: "ImageNet-C at depth 3", folders: "{fog,noise}/{1,2,3}/" + wnids + " 2", o: Options{Depth: 3}, classes: "n01440764|n02102040|n02979186|n03000684", images: 48},
	{name: "Office-Home", folders: "{Art,Clipart}/{Alarm_Clock,Backpack} 3", refused: true, words: "class-depth 2"},
	{name: "patients", folders: "p1/NORMAL 3; p2/PNEUMONIA 3; p3/NORMAL 3", refused: true, words: "class-depth 2"},
	{name: "Places365", folders: places, refused: true, words: "class-depth leaf"},
	{name: "Places365 by path", folders: "{a/abbey,a/apartment_building/outdoor,b/bakery/shop} 4", o: Options{Depth: Leaf}, classes: "a/abbey|a/apartment_building/outdoor|b/bakery/shop", images: 12},
	{name: "Caltech-256", folders: caltech, classes: "001.ak47|002.american-flag|003.backpack|056.dog|198.spider|257.clutter", images: 25, words: `056\.dog/greg`},
	{name: "ImageNet-21k", folders: "imagenet21k_{train,val}/" + wnids + " 4; imagenet21k_small_classes/n00004475 4", refused: true, words: "class-depth"},

	{name: "Pets", folders: "images 12; annotations/trimaps 12; annotations 2*", refused: true, words: "(?s)--labels.*class-names"},
	{name: "Pets, accepted", folders: "images 12; annotations/trimaps 12", o: Options{ClassNames: true}, classes: "annotations|images", images: 24},
	{name: "VOC", folders: "VOC2012/{JPEGImages,SegmentationClass} 4; VOC2012/Annotations 4*", refused: true, words: "(?s)JPEGImages.*SegmentationClass.*--labels"},
	{name: "parts with a container's word", folders: "ham/HAM10000_images_part_{1,2} 4", refused: true, words: "(?s)--labels.*class-names"},
	{name: "parts of a split", folders: "train_{1,2} 4", refused: true, words: "differ in a number alone"},
	{name: "parts, accepted", folders: "batch_{1,2} 4", o: Options{ClassNames: true}, classes: "batch_1|batch_2", images: 8},
	{name: "splits in one word", folders: "{TrainImages,TestImages} 4", refused: true, words: "(?s)TrainImages.*split-names"},
	{name: "splits in one word, accepted", folders: "{trainset,testset} 4", o: Options{SplitNames: true}, classes: "testset|trainset", images: 8},
	{name: "one word that begins as a split", folders: "{testimonial,trainer,valley} 4", classes: "testimonial|trainer|valley", images: 12},
	{name: "pictures and their truth", folders: "{rgb,ground_truth} 4", refused: true, words: "(?s)ground_truth.*class-names"},
	{name: "faces with a mask", folders: "{mask,no_mask} 4", classes: "mask|no_mask", images: 8},
	{name: "classes with numbers", folders: "{class_1,class_2,class_10} 4", classes: "class_1|class_10|class_2", images: 12},
	{name: "a part among classes", folders: "{data_1,data_2,noise} 4", classes: "data_1|data_2|noise", images: 12},
	{name: "images and masks", folders: "{COVID,Normal}/{images,masks} 4", classes: "COVID|Normal", images: 16, words: "COVID has images in the folders images, masks"},
	{name: "a line feed", folders: "{car,old\ncar} 4", refused: true, words: `old\\ncar.*control`},

	{name: "numbers", folders: "{0,1,2,10} 4", classes: "0|1|10|2", images: 16, words: "class-order number"},
	{name: "numbers in order", folders: "{0,1,2} 4", classes: "0|1|2", images: 12},
	{name: "numbers by number", folders: "{0,1,3,10} 4", o: Options{ByNumber: true}, classes: "0|1|2|3|4|5|6|7|8|9|10", images: 16},
	{name: "numbers from 1", folders: ten, o: Options{ByNumber: true}, refused: true, words: "label-offset"},
	{name: "numbers from 1, said", folders: ten, o: Options{ByNumber: true, Offset: offset(1)}, classes: "1|2|3|4|5|6|7|8|9|10", images: 20},
	{name: "padded numbers", folders: "{000,001,003} 4", o: Options{ByNumber: true}, classes: "000|001|002|003", images: 12},
	{name: "one number twice", folders: "{0,1,01} 4", o: Options{ByNumber: true}, refused: true, words: "one number"},
	{name: "a number too far", folders: "{0,20241231} 4", o: Options{ByNumber: true}, refused: true, words: "limit"},
	{name: "a name among numbers", folders: "{0,x} 4", o: Options{ByNumber: true}, refused: true, words: "not a number"},
	{name: "numbers with a list", folders: "{0,1,2,10} 4", o: Options{Listed: true}, classes: "0|1|10|2", images: 16},
	{name: "nothing", folders: "meta 3*", refused: true, words: "no folder holds an image"},
}

func TestRead(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			o := l.o
			if o.Split == "" {
				o.Split = "train"
			}
			r := Read(folders(t, l.folders), o)
			var doubts, notes []string
			for _, d := range r.Doubts {
				doubts = append(doubts, d.String())
			}
			if refused := len(doubts) > 0; refused != l.refused {
				t.Fatalf("refused is %v: %s", refused, strings.Join(doubts, "\n"))
			}
			notes = append(notes, r.Warnings...)
			for _, u := range r.Unused {
				notes = append(notes, u.Path)
			}
			if l.refused {
				notes = doubts
			}
			if text := strings.Join(notes, "\n"); !regexp.MustCompile(l.words).MatchString(text) {
				t.Errorf("%q does not match %s", text, l.words)
			}
			if l.words == "" && len(r.Warnings) > 0 {
				t.Errorf("warned of %q", r.Warnings)
			}
			if l.refused {
				return
			}
			images := 0
			for _, c := range r.Classes {
				images += c.Images
			}
			if got := strings.Join(classNames(r.Classes), "|"); got != l.classes || r.Base != l.base || images != l.images {
				t.Errorf("%s in %q with %d images, want %s in %q with %d", got, r.Base, images, l.classes, l.base, l.images)
			}
		})
	}
}

func TestFlat(t *testing.T) {
	for _, text := range []string{". 6", "train2017 4; val2017 1; annotations 2*", "train 8; test1 2"} {
		r := Read(folders(t, text), Options{Split: "train"})
		if !r.Flat || len(r.Doubts) > 0 || len(r.Classes) > 0 {
			t.Errorf("%s: flat %v, doubts %v", text, r.Flat, r.Doubts)
		}
	}
}

func TestLinks(t *testing.T) {
	root := folders(t, "{couch,lamp,sofa} 4")
	root.Dir("couch").Identity, root.Dir("sofa").Identity = "1:2", "1:2"
	if r := Read(root, Options{Split: "train"}); len(r.Doubts) != 1 || !strings.Contains(r.Doubts[0].Text, "couch and sofa are one folder") {
		t.Errorf("two links to one folder: %v", r.Doubts)
	}
	root = folders(t, "{couch,lamp} 4; everything 1")
	root.Dir("everything").Up = true
	if r := Read(root, Options{Split: "train"}); len(r.Doubts) != 1 || !strings.Contains(r.Doubts[0].Text, "everything is a link") {
		t.Errorf("a link upwards: %v", r.Doubts)
	}
	root = folders(t, "{couch,lamp} 4; couch/more/again 1")
	root.Dir("couch/more/again").Up = true
	if r := Read(root, Options{Split: "train", Depth: 1}); len(r.Doubts) != 1 || !strings.Contains(r.Doubts[0].Text, "couch/more/again is a link") {
		t.Errorf("a link upwards in a class: %v", r.Doubts)
	}
	root = folders(t, "{couch,lamp} 4; lists 2*")
	root.Dir("lists/latest").Up = true
	if r := Read(root, Options{Split: "train"}); len(r.Doubts) != 0 || len(r.Classes) != 2 {
		t.Errorf("a link upwards in a side folder: %v", r.Doubts)
	}
}

// TestOrder adds files in another order and expects the same reading.
func TestOrder(t *testing.T) {
	paths := []string{"b/2.jpg", "a/x.txt", "b/1.jpg", "c/3.jpg", "b/deep/0.jpg"}
	read := func(paths []string) string {
		root := &Folder{}
		for _, p := range paths {
			root.Add(p, strings.HasSuffix(p, ".jpg"))
		}
		return fmt.Sprintf("%+v", *Read(root, Options{Split: "train"}))
	}
	want := read(paths)
	for i := range paths {
		if got := read(append(append([]string(nil), paths[i:]...), paths[:i]...)); got != want {
			t.Errorf("from %d on: %s, want %s", i, got, want)
		}
	}
}
