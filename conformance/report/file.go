package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"fmaspec/conformance/record"
)

// WriteFile writes the report into a file atomically, as [WriteWhole] does. An error names the
// path.
func WriteFile(path string, f Format, r *record.Report) error {
	if err := WriteWhole(path, func(w io.Writer) error { return f.Write(w, r, Style{}) }); err != nil {
		return fmt.Errorf("%s: the %s report was not written: %w; name a file in a folder that can be written to", path,
			f.Name, err)
	}
	return nil
}

// WriteWhole writes a file atomically: it writes a new file in the same folder, syncs it and
// renames it to the old name. Links are followed. A device or a pipe is written to directly.
func WriteWhole(path string, write func(io.Writer) error) (err error) {
	return writeWhole(path, 0o644, write)
}

// WritePrivate is [WriteWhole] for a file that is its owner's alone where it is new.
func WritePrivate(path string, write func(io.Writer) error) (err error) {
	return writeWhole(path, 0o600, write)
}

// writeWhole writes a file, which has the mode where it is new.
func writeWhole(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a folder")
	case !info.Mode().IsRegular(): // replacing /dev/null by a file would break the machine
		return writeDirectly(path, write)
	default:
		mode = info.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close() // a second close is harmless
			os.Remove(temp.Name())
		}
	}()
	if err := buffered(temp, write); err != nil {
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

func writeDirectly(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(buffered(file, write), file.Close())
}

func buffered(file *os.File, write func(io.Writer) error) error {
	b := bufio.NewWriter(file)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}
