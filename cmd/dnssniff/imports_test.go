package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// allowed says which of our own top-level directories each may import: capture <- decode <- analyze <- ui <- cmd, and pcaps is a leaf.
var allowed = map[string]string{
	"capture": "", "decode": "capture", "analyze": "capture decode", "ui": "capture decode analyze", "cmd": "capture decode analyze ui pcaps", "pcaps": "",
}

// TestImportsGoOneWay asks the go command for the imports of every package. Tests may import pcaps besides.
func TestImportsGoOneWay(t *testing.T) {
	const module = "github.com/dnssniff/dnssniff/"
	cmd := exec.CommandContext(t.Context(), "go", "list", "-pgo=off", "-json=ImportPath,Imports,TestImports,XTestImports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	check := func(from, to, also string) {
		pkg, ours := strings.CutPrefix(to, module)
		if !ours {
			return
		}
		layer, _, _ := strings.Cut(strings.TrimPrefix(from, module), "/")
		target, _, _ := strings.Cut(pkg, "/")
		may, known := allowed[layer]
		if !known {
			t.Errorf("%s is in none of the directories of the project's layout", from)
		} else if target != layer && !strings.Contains(" "+may+" "+also+" ", " "+target+" ") {
			t.Errorf("%s imports %s; %s may import only: %s", from, to, layer, may)
		}
	}
	packages := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; packages++ {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, to := range p.Imports {
			check(p.ImportPath, to, "")
		}
		for _, to := range p.TestImports {
			check(p.ImportPath, to, "pcaps")
		}
		for _, to := range p.XTestImports { // pcaps holds its captures to what the others make of them
			if !strings.HasPrefix(p.ImportPath, module+"pcaps") {
				check(p.ImportPath, to, "pcaps")
			}
		}
	}
	if packages < 5 {
		t.Errorf("only %d packages seen", packages)
	}
}
