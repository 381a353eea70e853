package main

import (
	"os"
	"text/template"

	"github.com/google/safetext/yamltemplate"

	"oracle/config"
)

func parsed(asked request) (executable, error) {
	config.Seed(1)
	functions := config.GetFuncs(os.DirFS(asked.Folder))
	if asked.Checked {
		return yamltemplate.New("template").Funcs(functions).Parse(asked.Text)
	}
	functions["StructuralData"] = func(value any) any { return value }
	return template.New("template").Funcs(template.FuncMap(functions)).Parse(asked.Text)
}
