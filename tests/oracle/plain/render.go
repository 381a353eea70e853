package main

import "text/template"

func parsed(asked request) (executable, error) {
	return template.New("template").Parse(asked.Text)
}
