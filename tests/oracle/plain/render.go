package main

import (
	"bytes"
	"text/template"
)

func rendered(asked request, data any) ([]byte, error) {
	parsed, err := template.New("template").Parse(asked.Text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
