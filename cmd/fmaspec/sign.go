package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/signature"
)

// agentVariable names the socket of the user's ssh-agent.
const agentVariable = "SSH_AUTH_SOCK"

// signFlags name the key that signs the reports of a run.
type signFlags struct {
	file   string
	signer *signature.Signer // nil where nothing is signed
	done   func()            // ends the connection to the agent
}

func (f *signFlags) flags(set *flag.FlagSet) {
	set.StringVar(&f.file, "sign-key", "", "sign each JSON report that goes to a file with the SSH private key in a "+
		"`FILE`, into a file in the same folder whose name ends in "+signature.Suffix+"; with a public key or one "+
		"that has a passphrase, ssh-agent signs")
}

// signed reports whether an output gets a signature.
func (f *signFlags) signed(o output) bool {
	return f.signer != nil && o.format.Name == "json" && o.file != "-"
}

// read gets the key, and checks that every report that the run writes can be signed.
func (f *signFlags) read(e *env, outputs []output, baseline string) error {
	if f.file == "" {
		return nil
	}
	records := slices.DeleteFunc(slices.Clone(outputs), func(o output) bool { return o.format.Name != "json" })
	if len(records) == 0 {
		return errors.New("-sign-key: only JSON reports are signed and none is written; add -report json=FILE")
	}
	for _, o := range records {
		switch {
		case o.file == "-":
			return errors.New("-sign-key: -report json=- writes to stdout, which cannot have a signature file; " +
				"name a file")
		case !regular(o.file):
			return fmt.Errorf("-sign-key: %s is not a regular file, so it cannot have a signature file; name another "+
				"with -report json=FILE", o.file)
		}
		place := o.file + signature.Suffix
		if info, err := os.Lstat(place); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("-sign-key: the signature of %s goes to %s, which is not a regular file; move it away, "+
				"or name another file with -report json=FILE", o.file, place)
		}
		for _, other := range outputs {
			if same(other.file, place) {
				return fmt.Errorf("-sign-key: the signature of %s goes to %s, and so does the %s report; name "+
					"another file", o.file, place, other.format.Name)
			}
		}
		for _, other := range []named{{"-baseline", baseline}, {"-sign-key", f.file}} {
			if same(other.value, place) || same(other.value, o.file) {
				return fmt.Errorf("-sign-key: the file of %s would be overwritten by %s or its signature; name "+
					"another file with -report json=FILE", other.flag, o.file)
			}
		}
	}
	text, err := readSmall("-sign-key", f.file, "the SSH private key")
	if err != nil {
		return err
	}
	f.signer, err = signature.NewSigner(text)
	var locked *signature.LockedError
	if errors.As(err, &locked) {
		return f.ask(e, locked)
	}
	if err != nil {
		return fmt.Errorf("-sign-key %s: %w; name an SSH private key, such as ssh-keygen -t ed25519 makes", f.file, err)
	}
	return nil
}

// ask sets the agent as signer, if it has the key.
func (f *signFlags) ask(e *env, locked *signature.LockedError) error {
	remedy := "run ssh-add with it first, or name a key without a passphrase"
	socket, set := e.lookup(agentVariable)
	switch {
	case locked.Public == nil:
		return fmt.Errorf("-sign-key %s: %s; name its public key to let ssh-agent sign, or a key without a passphrase",
			f.file, locked.Reason)
	case !set:
		return fmt.Errorf("-sign-key %s: %s, and there is no ssh-agent to sign (%s is not set); %s", f.file,
			locked.Reason, agentVariable, remedy)
	}
	connection, err := net.Dial("unix", socket)
	if err != nil {
		return fmt.Errorf("-sign-key %s: %s, and the ssh-agent that %s names cannot be reached: %w; %s", f.file,
			locked.Reason, agentVariable, reason(err), remedy)
	}
	signer, held, err := signature.FromAgent(connection, locked.Public)
	if err == nil && !held {
		err = errors.New("the ssh-agent does not have it")
	}
	if err != nil {
		connection.Close()
		return fmt.Errorf("-sign-key %s: %s, and %w; %s", f.file, locked.Reason, err, remedy)
	}
	f.signer, f.done = signer, func() { connection.Close() }
	return nil
}

// end closes the connection to the agent.
func (f *signFlags) end() {
	if f.done != nil {
		f.done()
	}
}

// clear removes the signatures of earlier reports. It runs before the first checkpoint, so
// that a killed run does not leave a report with the signature of another one.
func (f *signFlags) clear(outputs []output) error {
	for _, o := range outputs {
		if !f.signed(o) {
			continue
		}
		if err := os.Remove(o.file + signature.Suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &exit{exitUnjudged, fmt.Sprintf("-sign-key: the signature of an earlier report, %s, cannot be "+
				"removed: %v; remove it, or name another file with -report json=FILE. No case was sent", o.file+
				signature.Suffix, reason(err))}
		}
	}
	return nil
}

// write writes a report and then its signature, each atomically. It signs the bytes that it
// wrote, even if the file changes later.
func (f *signFlags) write(o output, r *record.Report) error {
	var text []byte
	var failed error
	signing := o.format
	signing.Write = func(w io.Writer, r *record.Report, s report.Style) error {
		var err error
		text, failed = f.signer.Sign(func(copied io.Writer) error {
			err = o.format.Write(io.MultiWriter(w, copied), r, s)
			return err
		})
		return err
	}
	if err := report.WriteFile(o.file, signing, r); err != nil {
		return err
	}
	place := o.file + signature.Suffix
	if failed == nil {
		failed = report.WriteWhole(place, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
	}
	if failed != nil {
		return fmt.Errorf("%s: the report was written, and its signature was not: %w; sign it with ssh-keygen -Y "+
			"sign -f KEY -n %s %s", place, failed, signature.Namespace, o.file)
	}
	return nil
}

// readSmall reads the file of a key or a signature.
func readSmall(flag, file, what string) ([]byte, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w; name a readable file that contains %s", flag, file, reason(err), what)
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s %s: it is a folder; name a file that contains %s", flag, file, what)
	}
	text, err := io.ReadAll(io.LimitReader(in, signature.Limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w; name a readable file that contains %s", flag, file, reason(err), what)
	case len(text) > signature.Limit:
		return nil, fmt.Errorf("%s %s: longer than %d KiB; name a file that contains %s", flag, file,
			signature.Limit>>10, what)
	}
	return text, nil
}

// keyFlags name the key whose signature a report must have.
type keyFlags struct{ key, signature string }

func (f *keyFlags) flags(set *flag.FlagSet) {
	set.StringVar(&f.key, "key", "", "check first that the report is signed by the SSH public key in a `FILE`, or "+
		"one of several, in the format of ssh-keygen's FILE.pub")
	set.StringVar(&f.signature, "signature", "", "the `FILE` of the signature; the default is the name of the "+
		"report and "+signature.Suffix)
}

// read returns a report and, if a key is named, the key that signed it. An error about the
// signature has exit code 1: the report is not the signed one.
func (f *keyFlags) read(e *env, name string) (r *record.Report, signer string, err error) {
	switch {
	case f.key == "" && f.signature != "":
		return nil, "", errors.New("-signature: a signature cannot be verified without the signer's key; pass -key")
	case f.key == "":
		r, err := e.readReport(name)
		return r, "", err
	case name == "-" && f.signature == "":
		return nil, "", errors.New("-key: standard input has no signature file; name one with -signature")
	case f.signature == "-":
		return nil, "", errors.New("-signature -: a signature is read from a file; name it")
	}
	text, err := readSmall("-key", f.key, "the SSH public key")
	if err != nil {
		return nil, "", err
	}
	keys, err := signature.Keys(text)
	if err != nil {
		return nil, "", fmt.Errorf("-key %s: %w", f.key, err)
	}
	r, err = e.readChecked(name, func(place string, data []byte) error {
		key, err := f.check(place, data, keys)
		signer = key
		return err
	})
	return r, signer, err
}

// check verifies the signature over the bytes of a report.
func (f *keyFlags) check(place string, data []byte, keys []signature.Key) (signer string, err error) {
	unsigned := func(format string, args ...any) error {
		return &exit{exitNotConformant, fmt.Sprintf(format, args...)}
	}
	file := f.signature
	if file == "" {
		file = place + signature.Suffix
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return "", unsigned("%s: the report is not signed: there is no %s; name its signature with -signature, or "+
			"have the run write it with -sign-key", place, file)
	}
	text, err := readSmall("-signature", file, "the signature of the report")
	if err != nil {
		return "", err
	}
	key, err := signature.Verify(data, text, keys)
	if err != nil {
		return "", unsigned("%s: the signature is not valid for %s: %v; get both again from the signer, or the right "+
			"key for -key %s", file, place, err, filepath.Base(f.key))
	}
	return key.String(), nil
}
