package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// A manifest describes a folder of saved pictures, for the peers and for loadPictures.
//
// SIDE.rgb and full.rgb hold Images images one after the other, packed RGB; KIND-NN.jpg is a file.
type manifest struct {
	Source string         `json:"source"`
	Images int            `json:"images"`
	Sides  []int          `json:"sides"`
	Full   [2]int         `json:"full"`  // width, height
	Boxes  [][4]int       `json:"boxes"` // x0, y0, x1, y1
	Files  map[string]int `json:"files"` // mean size in bytes by kind
}

func (p *pictures) save(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	m := manifest{Source: p.Source, Images: p.Images, Sides: sides, Full: [2]int{fullW, fullH}, Files: map[string]int{}}
	for _, b := range p.Boxes {
		m.Boxes = append(m.Boxes, [4]int{b.X0, b.Y0, b.X1, b.Y1})
	}
	write := func(name string, data []byte) error { return os.WriteFile(filepath.Join(dir, name), data, 0o666) }
	for _, side := range sides {
		if err := write(fmt.Sprintf("%d.rgb", side), joined(p.Squares[side])); err != nil {
			return err
		}
	}
	if err := write("full.rgb", joined(p.Full)); err != nil {
		return err
	}
	for kind, files := range p.Files {
		m.Files[kind] = meanSize(files)
		for i, data := range files {
			if err := write(fmt.Sprintf("%s-%02d.jpg", kind, i), data); err != nil {
				return err
			}
		}
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return write("manifest.json", append(data, '\n'))
}

func joined(images []imaging.Image) []byte {
	var all []byte
	for _, m := range images {
		all = append(all, m.Pix...)
	}
	return all
}

func loadPictures(dir string) (*pictures, error) {
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
	data, err := read("manifest.json")
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	p := &pictures{Source: m.Source, Images: m.Images, Squares: map[int][]imaging.Image{}, Files: map[string][][]byte{}}
	for _, b := range m.Boxes {
		p.Boxes = append(p.Boxes, premix.Box{X0: b[0], Y0: b[1], X1: b[2], Y1: b[3]})
	}
	images := func(name string, w, h int) ([]imaging.Image, error) {
		data, err := read(name)
		if err != nil {
			return nil, err
		}
		if len(data) != 3*w*h*m.Images {
			return nil, fmt.Errorf("%s: %d bytes, want %d images of %d×%d pixels", name, len(data), m.Images, w, h)
		}
		all := make([]imaging.Image, m.Images)
		for i := range all {
			all[i] = imaging.Image{W: w, H: h, Pix: data[3*w*h*i : 3*w*h*(i+1) : 3*w*h*(i+1)]}
		}
		return all, nil
	}
	for _, side := range m.Sides {
		if p.Squares[side], err = images(fmt.Sprintf("%d.rgb", side), side, side); err != nil {
			return nil, err
		}
	}
	if p.Full, err = images("full.rgb", m.Full[0], m.Full[1]); err != nil {
		return nil, err
	}
	for kind := range m.Files {
		for i := range m.Images {
			data, err := read(fmt.Sprintf("%s-%02d.jpg", kind, i))
			if err != nil {
				return nil, err
			}
			p.Files[kind] = append(p.Files[kind], data)
		}
	}
	return p, nil
}
