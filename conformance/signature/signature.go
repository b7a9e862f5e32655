// Package signature signs records and verifies their signatures, in the format
// of ssh-keygen -Y (SSHSIG). A signature is detached: a text beside the record,
// over exactly its bytes.
package signature

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Namespace is what a signature is made for, as ssh-keygen -Y takes it with -n: a
// signature over a commit, a login or another kind of file does not count for a
// record.
const Namespace = "report@fmaspec.invalid"

// Suffix is what ssh-keygen -Y sign appends to the name of a file for that of its
// signature.
const Suffix = ".sig"

// Limit bounds what is read of a key or a signature, in bytes. The largest in use
// have less than a fifth of it.
const Limit = 64 << 10

// Signer signs with one key.
type Signer struct{ key ssh.Signer }

// LockedError says that a private key cannot be used without its passphrase, or
// that the file holds only the public half. The agent may hold the key: see
// [FromAgent].
type LockedError struct {
	Public []byte // the public half, as [FromAgent] takes it; nil where the file does not say it
	Reason string
}

func (e *LockedError) Error() string { return e.Reason }

// NewSigner returns the signer of a private key in OpenSSH's or in PEM's form. The
// error is a [*LockedError] where the key has a passphrase, or is a public one.
func NewSigner(key []byte) (*Signer, error) {
	signer, err := ssh.ParsePrivateKey(key)
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return &Signer{signer}, nil
	case errors.As(err, &locked):
		e := &LockedError{Reason: "the key has a passphrase"}
		if locked.PublicKey != nil {
			e.Public = ssh.MarshalAuthorizedKey(locked.PublicKey)
		}
		return nil, e
	}
	if block, _ := pem.Decode(key); block == nil {
		if keys, err := Keys(key); err == nil && len(keys) == 1 {
			return nil, &LockedError{Public: ssh.MarshalAuthorizedKey(keys[0].key), Reason: "it is a public key"}
		}
		return nil, errors.New("no private key is in it")
	}
	return nil, fmt.Errorf("the key cannot be used: %s", strings.TrimPrefix(err.Error(), "ssh: "))
}

// FromAgent returns the signer of the key that an ssh-agent holds for a public
// one, and whether it holds it. The connection is the signer's from then on.
func FromAgent(connection io.ReadWriter, public []byte) (*Signer, bool, error) {
	want, _, _, _, err := ssh.ParseAuthorizedKey(public)
	if err != nil {
		return nil, false, fmt.Errorf("the public key cannot be read: %w", err)
	}
	held, err := agent.NewClient(connection).Signers()
	if err != nil {
		return nil, false, fmt.Errorf("the agent does not answer: %w", err)
	}
	for _, s := range held {
		if bytes.Equal(s.PublicKey().Marshal(), want.Marshal()) {
			return &Signer{s}, true, nil
		}
	}
	return nil, false, nil
}

// Key returns the public half of the signer's key.
func (s *Signer) Key() Key { return Key{s.key.PublicKey()} }

// Sign returns the signature over everything that a function writes, as a file
// holds it. It returns when the function has.
func (s *Signer) Sign(write func(io.Writer) error) ([]byte, error) {
	from, to := io.Pipe()
	written := make(chan struct{})
	go func() {
		defer close(written)
		to.CloseWithError(write(to))
	}()
	signature, err := sshsig.Sign(from, s.key, sshsig.HashSHA512, Namespace)
	io.Copy(io.Discard, from) // the function writes elsewhere too, whatever becomes of the signature
	<-written
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(signature), nil
}

// Key is a public key.
type Key struct{ key ssh.PublicKey }

// String returns the type and the fingerprint of the key, as ssh-keygen -l prints
// them.
func (k Key) String() string { return ssh.FingerprintSHA256(k.key) + " (" + k.key.Type() + ")" }

// Keys returns the public keys of a file as ssh-keygen writes FILE.pub: one a line,
// each its type, the key and a comment. Empty lines and lines that begin with #
// are skipped.
func Keys(text []byte) (keys []Key, err error) {
	if block, _ := pem.Decode(text); block != nil {
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, errors.New("it holds a private key; name the file of the public one, which ends in .pub")
		}
		return nil, fmt.Errorf("it holds a PEM block %q; name the file of a public key as ssh-keygen writes it, which ends in .pub", block.Type)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' {
			continue
		}
		key, _, options, _, err := ssh.ParseAuthorizedKey(line)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: no public key; a line holds the type, the key and a comment, as ssh-keygen writes them into FILE.pub", n)
		case len(options) > 0:
			return nil, fmt.Errorf("line %d: something stands before the key, which would not be heeded; leave the type, the key and a comment", n)
		case strings.Contains(key.Type(), "-cert-"):
			return nil, fmt.Errorf("line %d: a certificate, whose limits would not be heeded; give the public key itself", n)
		}
		keys = append(keys, Key{key})
	}
	if len(keys) == 0 {
		return nil, errors.New("no public key is in it; name a file as ssh-keygen writes FILE.pub")
	}
	return keys, nil
}

// Verify returns the key of those given that made a signature over a
// record. Errors say what is wrong with the signature.
func Verify(record, signature []byte, keys []Key) (Key, error) {
	if !bytes.HasPrefix(signature, []byte("-----BEGIN SSH SIGNATURE-----")) {
		return Key{}, errors.New(`no signature is in it: one begins with "-----BEGIN SSH SIGNATURE-----"`)
	}
	s, err := sshsig.Unarmor(signature)
	if err != nil {
		return Key{}, fmt.Errorf("the signature is damaged: %s", strings.TrimPrefix(err.Error(), "ssh: "))
	}
	if s.Namespace != Namespace {
		return Key{}, fmt.Errorf("the signature was made for %q, and that of a report is made for %q", s.Namespace, Namespace)
	}
	for _, k := range keys {
		if !bytes.Equal(k.key.Marshal(), s.PublicKey.Marshal()) {
			continue
		}
		if err := sshsig.Verify(bytes.NewReader(record), s, k.key, s.HashAlgorithm, Namespace); err != nil {
			return Key{}, errors.New("the report is not what was signed, or the signature was altered")
		}
		return k, nil
	}
	return Key{}, fmt.Errorf("it was signed by another key, %v", Key{s.PublicKey})
}
