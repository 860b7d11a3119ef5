// The compile stage of Go: `build MAINFILE` makes ./a.out of the main file and the Go files beside it; with a go.mod, of
// the module. A main file that is not named *.go gets that ending. It becomes `go build`, which is found by PATH.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: build MAINFILE")
	}
	sources, err := sourcesOf(os.Args[1])
	if err != nil {
		fail(err)
	}
	compiler, err := exec.LookPath("go")
	if err != nil {
		fail(err)
	}
	argv := append([]string{"go", "build", "-o", "a.out"}, sources...)
	fail(syscall.Exec(compiler, argv, os.Environ()))
}

// What `go build` is to compile: paths from the submission folder, which is the working directory.
func sourcesOf(main string) ([]string, error) {
	if !strings.HasSuffix(main, ".go") {
		if err := os.Rename(main, main+".go"); err != nil {
			return nil, err
		}
		main += ".go"
	}
	if info, err := os.Stat("go.mod"); err == nil && info.Mode().IsRegular() {
		return []string{"."}, nil
	}
	folder, file := filepath.Split(filepath.Clean(main))
	beside, err := os.ReadDir("./" + folder)
	if err != nil {
		return nil, err
	}
	// As paths, since a name may look like an option.
	sources := []string{"./" + folder + file}
	for _, entry := range beside {
		name := entry.Name()
		isSource := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		if isSource && name != file && !strings.HasPrefix(name, ".") {
			sources = append(sources, "./"+folder+name)
		}
	}
	return sources, nil
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, "build:", reason)
	os.Exit(1)
}
