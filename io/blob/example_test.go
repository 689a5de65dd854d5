package blob_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/premix/premix/io/blob"
)

// Write an object in pieces. Nobody sees it before Commit returns.
func ExampleCreate() {
	ctx := context.Background()
	write := func(uri string) error {
		w, err := blob.Create(ctx, uri)
		if err != nil {
			return err
		}
		defer w.Abort() // does nothing after Commit
		for n := range 3 {
			if _, err := fmt.Fprintf(w, "line %d\n", n); err != nil {
				return err
			}
		}
		return w.Commit()
	}
	if err := write("mem://example/lines.txt"); err != nil {
		log.Fatal(err)
	}
	text, err := blob.ReadAll(ctx, "mem://example/lines.txt", blob.MaxMeta)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	// Output:
	// line 0
	// line 1
	// line 2
}

// List a directory, and read a part of an object in it.
func Example() {
	ctx := context.Background()
	if err := blob.WriteFile(ctx, "mem://example/train/a.txt", []byte("0123456789")); err != nil {
		log.Fatal(err)
	}
	list, err := blob.List(ctx, "mem://example/train")
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range list {
		r, err := blob.OpenRange(ctx, o.URI, 2, 3)
		if err != nil {
			log.Fatal(err)
		}
		part, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.URI, o.Size, string(part))
	}
	// Output: mem://example/train/a.txt 10 234
}
