package inspect

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/shard"
)

// A Record is one sample. Its fields have the names that they have in the shards. Method is empty in a
// record of an input or of a cache, of which only some fields are known.
type Record struct {
	shard.Record              // without the bytes of the image
	Image        *Image       // describes them
	Crop         *premix.Crop // of a cache
	Flip         bool
	Failure      string
}

// entryJSON is a record of an input or a cache.
type entryJSON struct {
	Key     string          `json:"key,omitempty"`
	Name    string          `json:"name,omitempty"`
	Label   int             `json:"label"`
	Class   string          `json:"class,omitempty"`
	Image   *Image          `json:"image,omitempty"`
	Replica *int            `json:"replica,omitempty"`
	Crop    []dataset.Float `json:"crop,omitempty"`
	Flip    *bool           `json:"flip,omitempty"`
	Peak    *[2]int         `json:"peak,omitempty"`
	Flat    *bool           `json:"flat,omitempty"`
	Failure string          `json:"failure,omitempty"`
}

// sampleJSON is a record of an output, its fields as in the shards.
type sampleJSON struct {
	Key      string          `json:"key"`
	Label    int             `json:"label"`
	LabelA   int             `json:"label_a"`
	LabelB   int             `json:"label_b"`
	Lam      dataset.Float   `json:"lam"`
	LamDrawn dataset.Float   `json:"lam_drawn"`
	Box      [4]int          `json:"box"`
	SrcBox   [4]int          `json:"src_box"`
	Peak     [2]int          `json:"peak"`
	Flat     bool            `json:"flat"`
	Method   string          `json:"method"`
	Mixed    bool            `json:"mixed"`
	Replica  int             `json:"replica"`
	Target   string          `json:"target"`
	Source   string          `json:"source"`
	Class    string          `json:"class,omitempty"`
	Image    *Image          `json:"image,omitempty"`
	Soft     []dataset.Float `json:"soft_label,omitempty"`
}

// MarshalJSON gives a record the names of the output's fields; those of an input or a cache have
// others.
func (r Record) MarshalJSON() ([]byte, error) {
	if r.Method == "" {
		e := entryJSON{Key: r.Key, Name: r.Target, Label: r.Label, Class: r.Class, Image: r.Image, Failure: r.Failure}
		if r.Crop != nil {
			peak := xy(r.Peak)
			e.Crop = []dataset.Float{dataset.Float(r.Crop.X), dataset.Float(r.Crop.Y), dataset.Float(r.Crop.W), dataset.Float(r.Crop.H)}
			e.Replica, e.Flip, e.Peak, e.Flat = &r.Replica, &r.Flip, &peak, &r.Flat
		}
		return json.Marshal(e)
	}
	o := sampleJSON{r.Key, r.Label, r.LabelA, r.LabelB, dataset.Float(r.Lam), dataset.Float(r.LamDrawn), box(r.Box), box(r.SrcBox),
		xy(r.Peak), r.Flat, r.Method, r.Mixed, r.Replica, r.Target, r.Source, r.Class, r.Image, nil}
	for _, v := range r.Soft {
		o.Soft = append(o.Soft, dataset.Float(v))
	}
	return json.Marshal(o)
}

func box(b premix.Box) [4]int { return [4]int{b.X0, b.Y0, b.X1, b.Y1} }
func xy(p premix.Peak) [2]int { return [2]int{p.X, p.Y} }

// recordOf describes a record of a shard.
func recordOf(r *shard.Record) Record {
	record := Record{Record: *r, Image: describe(r.Image)}
	record.Record.Image, record.Soft = nil, nil // the reader uses this memory again
	return record
}

// cacheRecord describes a row of the cache.
func cacheRecord(s *premix.Sample) Record {
	r := Record{Record: shard.Record{Key: s.Key, Label: s.Label, Class: s.Class, Target: s.Name, Replica: s.Replica}}
	if s.Fault != nil {
		r.Failure = fmt.Sprintf("%s: %s", s.Fault.Kind, s.Fault.Reason)
		return r
	}
	crop := s.Crop
	r.Crop, r.Flip, r.Flat, r.Peak = &crop, s.Flip, s.Flat, s.Peak
	r.Image = &Image{Width: s.Width, Height: s.Height, Bytes: s.Location.Length, Digest: hex.EncodeToString(s.Digest[:])}
	return r
}

// describe reads the header of an image.
func describe(data []byte) *Image {
	sum := xxh3.Hash128(data).Bytes()
	i := &Image{Format: string(imaging.Sniff(data)), Bytes: int64(len(data)), Digest: hex.EncodeToString(sum[:])}
	config, err := imaging.DecodeConfig(data, imaging.DecodeParams{})
	if err != nil {
		i.Fault = err.Error()
		return i
	}
	i.Format, i.Width, i.Height = string(config.Format), config.W, config.H
	return i
}
