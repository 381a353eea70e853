package main

import (
	"bytes"
	"io"
	"os"
	"text/template"

	"github.com/google/safetext/yamltemplate"

	"oracle/config"
)

type executable interface {
	Execute(out io.Writer, data any) error
}

func rendered(asked request, data any) ([]byte, error) {
	config.Seed(1)
	parsed, err := parsed(asked)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func parsed(asked request) (executable, error) {
	functions := config.GetFuncs(os.DirFS(asked.Folder))
	if asked.Checked {
		return yamltemplate.New("template").Funcs(functions).Parse(asked.Text)
	}
	functions["StructuralData"] = func(value any) any { return value }
	return template.New("template").Funcs(template.FuncMap(functions)).Parse(asked.Text)
}
