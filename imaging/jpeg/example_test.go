package jpeg_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/jpeg"
)

func ExampleDecoder() {
	data, err := os.ReadFile("testdata/420-17x33.jpg")
	if err != nil {
		log.Fatal(err)
	}
	// Learn what the image costs before it is decoded.
	h, err := jpeg.DecodeHeader(data)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d×%d pixels, %v\n", h.W, h.H, h.Model)

	var d jpeg.Decoder // reuse it for the next image
	pix, _, err := d.Decode(nil, data, jpeg.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(pix), "bytes of RGB")

	// Half of the file is a fault whose kind says what is wrong.
	_, _, err = d.Decode(pix, data[:len(data)/2], jpeg.Options{})
	var fault *premix.Fault
	if errors.As(err, &fault) {
		fmt.Println(fault.Kind)
	}
	// Output:
	// 17×33 pixels, YCbCr
	// 1683 bytes of RGB
	// truncated
}
