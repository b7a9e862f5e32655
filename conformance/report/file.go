package report

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"fmaspec/conformance"
)

// WriteFile writes the report into a file, wholly or not at all: it goes to a
// new file in the same folder, which takes the old one's place when its bytes
// are on the disk. Links are followed. A device or a pipe is written to
// directly. An error names the path.
func WriteFile(path string, f Format, r *conformance.Report) error {
	if err := writeFile(path, f, r); err != nil {
		return fmt.Errorf("%s: the %s report was not written: %w; name a file in a folder that can be written to", path, f.Name, err)
	}
	return nil
}

func writeFile(path string, f Format, r *conformance.Report) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := fs.FileMode(0o644)
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a folder")
	case !info.Mode().IsRegular(): // replacing /dev/null by a file would harm the whole machine
		return writeDirectly(path, f, r)
	default:
		mode = info.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close() // a second close does no harm
			os.Remove(temp.Name())
		}
	}()
	if err := write(temp, f, r); err != nil {
		return err
	}
	if err := temp.Chmod(mode); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

func writeDirectly(path string, f Format, r *conformance.Report) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(file, f, r), file.Close())
}

func write(file *os.File, f Format, r *conformance.Report) error {
	buffered := bufio.NewWriter(file)
	if err := f.Write(buffered, r, Style{}); err != nil {
		return err
	}
	return buffered.Flush()
}
