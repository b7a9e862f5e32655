package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
)

// watchPause is the time between two looks at the folders.
const watchPause = 300 * time.Millisecond

// A fileWatcher does something again whenever a file in some folders changes. It looks at the folders
// at intervals: that works in every file system, also in those that a container or a network
// mounts, where the system reports no changes.
type fileWatcher struct {
	folders []string
	pause   func(context.Context, time.Duration) error // an error ends the watching
}

// timer waits by the clock, until ctx ends at most.
func timer(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// A stamp is what changes of a file when it is written.
type stamp struct {
	size     int64
	modified time.Time
}

// look returns the stamps of all files. Hidden files and folders do not count, nor do the copies
// that editors keep. A folder that cannot be read has no files.
func (w *fileWatcher) look() map[string]stamp {
	files := map[string]stamp{}
	for _, folder := range w.folders {
		filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
			switch base := filepath.Base(name); {
			case err != nil:
				return nil
			case strings.HasPrefix(base, ".") && name != folder:
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			case d.IsDir(), strings.HasSuffix(base, "~"), strings.HasSuffix(base, ".swp"):
				return nil
			}
			if info, err := d.Info(); err == nil {
				files[name] = stamp{info.Size(), info.ModTime()}
			}
			return nil
		})
	}
	return files
}

// changed returns the names of the files that two looks show differently.
func changed(before, after map[string]stamp) (names []string) {
	for name, s := range after {
		if old, was := before[name]; !was || old != s {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, is := after[name]; !is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// next waits until files differ from a look, and then until they no longer change, so that what
// is written in several steps is one change. An error means that ctx ended.
func (w *fileWatcher) next(ctx context.Context, before map[string]stamp) ([]string, error) {
	last := before
	for {
		if err := w.pause(ctx, watchPause); err != nil {
			return nil, err
		}
		now := w.look()
		if names := changed(before, now); len(names) > 0 && maps.Equal(last, now) {
			return names, nil
		}
		last = now
	}
}

// repeat does something at once and again after each change, until ctx ends or it ends for good.
// The exit code is that of the last time.
func (w *fileWatcher) repeat(ctx context.Context, e *env, once func(ctx context.Context, times int) error) error {
	for times := 1; ; times++ {
		before := w.look() // so that a change during the run counts
		err := once(ctx, times)
		if w.ends(err, times) {
			return err
		}
		code := e.fail("run", err)
		if ctx.Err() != nil {
			return &exit{code: code}
		}
		fmt.Fprintf(e.stderr, "watching %s; interrupt to end\n", strings.Join(w.folders, ", "))
		names, err := w.next(ctx, before)
		if err != nil {
			return &exit{code: code}
		}
		io.WriteString(e.stderr, harmless(fmt.Sprintf("\nchanged: %s\n", firstOf(names, 3))))
	}
}

// ends reports whether an error will not be mended by a change of the files: a refusal for safety
// at any time, and misuse the first time, unless the files are what is wrong.
func (w *fileWatcher) ends(err error, times int) bool {
	var files *fixtureError
	var selection *conformance.UsageError // such as a pattern that matches no case yet
	switch exitCode(err) {
	case exitUnsafe:
		return true
	case exitMisuse:
		return times == 1 && !errors.As(err, &files) && !errors.As(err, &selection)
	}
	return false
}

// watching runs again whenever a file of -fixtures changes.
func (f *runFlags) watching(ctx context.Context, e *env) error {
	if err := f.watchable(); err != nil {
		return err
	}
	w := &fileWatcher{f.folders, f.pause}
	return w.repeat(ctx, e, func(ctx context.Context, times int) error {
		g := *f // whose flags a run completes, as by the seed
		g.again = times > 1
		return g.once(ctx, e)
	})
}

// watchable returns an error for flags that cannot be used with -watch.
func (f *runFlags) watchable() error {
	for _, s := range f.options.Settings {
		if s.Value == "-" {
			return fmt.Errorf("-watch: standard input of -%s can be read only once; name a file", s.Flag)
		}
	}
	switch {
	case len(f.folders) == 0:
		return errors.New("-watch: no folder to watch; add -fixtures with a folder of .http files")
	case f.list, f.safety.dryRun:
		return errors.New("-watch: nothing would be sent; drop -list and -dry-run")
	case f.underLoad.on(), f.explore.on, f.generate.phase == generateExplore:
		return errors.New("-watch repeats a run that ends; drop -duration and -generate explore")
	case f.baseline.update:
		return errors.New("-watch: each run would rewrite the baseline; drop -baseline-update")
	case f.sign.file != "", f.retry.file == "-":
		return errors.New("-watch: reports of a watched run are not signed, and -retry-failed must name a file; drop " +
			"-sign-key, or name the file")
	}
	return nil
}

// watchableAt returns an error if the target of a watched run is on another machine: each saved
// file would send requests that could take effect there.
func (f *runFlags) watchableAt(target conformance.Target) error {
	if !f.watch || target.Local() {
		return nil
	}
	return &conformance.SafetyError{Msg: fmt.Sprintf("-watch: %s is not loopback, and every saved file would send "+
		"requests to it; watch against a server on this machine, or drop -watch", target.URL)}
}
