package inspect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"io"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
)

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{.Title}}</title>
<style>body { font: 15px/1.4 system-ui, sans-serif; margin: 2em } pre { font-size: 13px; white-space: pre-wrap } img { max-width: 100% }</style>
</head>
<body>
<h1>{{.Title}}</h1>
{{if .Sheet}}<p><img src="{{.Sheet}}" alt=""></p>{{end}}
<pre>{{.Text}}</pre>
<details><summary>JSON</summary><pre>{{.JSON}}</pre></details>
</body>
</html>
`))

// A Described is a report or a sample.
type Described interface{ WriteText(io.Writer) error }

// WriteHTML writes a page that opens offline: the text, the sheet if it is not nil, and the JSON.
func WriteHTML(w io.Writer, title string, d Described, sheet image.Image) error {
	var text, picture bytes.Buffer
	if err := d.WriteText(&text); err != nil {
		return err
	}
	raw, err := dataset.Encode(d)
	if err != nil {
		return err
	}
	data := struct {
		Title, Text, JSON string
		Sheet             template.URL
	}{Title: printable.Name(title), Text: text.String(), JSON: printable.JSON(string(raw))}
	if sheet != nil {
		if err := WritePNG(&picture, sheet); err != nil {
			return err
		}
		data.Sheet = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.Bytes()))
	}
	if err := page.Execute(w, data); err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	return nil
}
