// What Go itself renders: a JSON request a line on stdin, a JSON answer a line on stdout.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

type request struct {
	Text string          `json:"text"`
	Data json.RawMessage `json:"data"`
	// Checked asks for the protection against values that change the YAML, where this program has it.
	Checked bool `json:"checked"`
	// Folder is what files are included from, where this program includes any.
	Folder string `json:"folder"`
}

type answer struct {
	// Output is base64: Go text may be no UTF-8. Absent where Go refuses.
	Output *string `json:"output"`
	Error  string  `json:"error,omitempty"`
}

type executable interface {
	Execute(out io.Writer, data any) error
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		if err := out.Encode(answered(line)); err != nil {
			return
		}
	}
}

func answered(line []byte) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Error: fmt.Sprint(r)}
		}
	}()
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Error: err.Error()}
	}
	data, err := decoded(asked.Data)
	if err != nil {
		return answer{Error: err.Error()}
	}
	output, err := rendered(asked, data)
	if err != nil {
		return answer{Error: err.Error()}
	}
	encoded := base64.StdEncoding.EncodeToString(output)
	return answer{Output: &encoded}
}

func decoded(raw json.RawMessage) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return withNumbers(value), nil
}

// withNumbers makes int64 of what is written as a whole number, and float64 of the rest.
func withNumbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = withNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = withNumbers(v[k])
		}
	}
	return value
}

func rendered(asked request, data any) ([]byte, error) {
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
