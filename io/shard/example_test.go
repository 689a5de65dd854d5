package shard_test

import (
	"bytes"
	"fmt"
	"io"
	"log"

	"github.com/premix/premix"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// Write a shard, and read it back.
func Example() {
	format, err := formats.ByName("webdataset")
	if err != nil {
		log.Fatal(err)
	}
	spec := shard.Spec{
		Name: "flowers", Split: "train", Replica: -1, Shards: 1, Classes: []string{"daisy", "rose"},
		LabelForm: shard.Pair, ImageFormat: "jpg", Size: premix.Size{H: 224, W: 224},
	}

	var file bytes.Buffer
	w := format.NewWriter(&file, spec)
	for _, key := range []string{"000000000", "000000001"} {
		err := w.Write(&shard.Record{
			Key: key, Image: []byte("the bytes of a JPEG file"), ImageFormat: "jpg",
			Label: 1, LabelA: 1, LabelB: 0, Lam: 0.75, LamDrawn: 0.7, Method: "saliencymix", Mixed: true,
			Target: "rose/1.jpg", Source: "daisy/2.jpg",
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(format.ShardPath(spec, 0))

	r := format.NewReader(bytes.NewReader(file.Bytes()), shard.ReadOptions{})
	var record shard.Record
	for {
		err := r.Next(&record)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record.Key, record.Target, record.Lam)
	}
	// Output:
	// flowers-train-000000.tar
	// 000000000 rose/1.jpg 0.75
	// 000000001 rose/1.jpg 0.75
}
