package httpfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Read parses a file of a folder, with its included files in its folder or below. Its errors
// are those of [Parse]; display is the name in them.
func Read(fsys fs.FS, name, display string) (*File, error) {
	data, err := Bytes(fsys, name, MaxFile)
	if err != nil {
		return nil, &Error{display, 1, err.Error()}
	}
	return parse(display, data, func(rel string) ([]byte, error) { return include(fsys, path.Dir(name), rel) })
}

// Bytes returns the content of a plain file, or of one that a link leads to, and one byte more
// than limit where it is longer. A file that could block, such as a named pipe or a device, is
// not opened.
func Bytes(fsys fs.FS, name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w; make the file readable", bare(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is %s, not a plain file; put a plain file in its place, or take it away",
			kind(info.Mode()))
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w; make the file readable", bare(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%w; make the file readable", bare(err))
	}
	return data, nil
}

// bare returns an error without the path and the system call.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	}
	return "something else"
}

// include returns a file that a case in a folder names. It must be inside the folder: neither
// its name nor a link may lead out.
func include(fsys fs.FS, folder, name string) ([]byte, error) {
	clean := path.Clean(strings.TrimPrefix(name, "./"))
	switch {
	case strings.Contains(name, "{{"):
		return nil, errors.New("a name with variables is not read; write the name itself")
	case strings.ContainsAny(name, "\\:") || path.IsAbs(name) || strings.HasPrefix(name, "~"):
		return nil, errors.New("it is no name relative to this file; write one such as ./body.json, with / between " +
			"folders")
	case !fs.ValidPath(clean) || clean == ".":
		return nil, errors.New("it leads out of the folder of this file; put the file into the same folder or below")
	}
	at := folder
	for part := range strings.SplitSeq(clean, "/") {
		at = path.Join(at, part)
		info, err := fs.Lstat(fsys, at)
		if err != nil {
			return nil, fmt.Errorf("%w; name a file in the same folder or below", bare(err))
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil, errors.New("a link leads there; put the file itself in its place")
		}
	}
	data, err := Bytes(fsys, at, MaxFile)
	if err == nil && len(data) > MaxFile {
		return nil, fmt.Errorf("the file has more than %d bytes; make it smaller, or use {{repeat N TEXT}}", MaxFile)
	}
	return data, err
}
