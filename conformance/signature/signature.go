// Package signature signs records and verifies their signatures, in the format of ssh-keygen
// -Y (SSHSIG). A signature is detached: a separate text over the exact bytes of the record.
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

// Namespace is the namespace of signatures, the argument -n of ssh-keygen -Y. A signature over
// a commit, a login or another kind of file is not valid for a record.
const Namespace = "report@fmaspec.invalid"

// Suffix is the suffix that ssh-keygen -Y sign appends to a file name for the signature.
const Suffix = ".sig"

// Limit is the maximum size of a key or a signature in bytes. The largest in use have less
// than a fifth of it.
const Limit = 64 << 10

// Signer signs with one key.
type Signer struct{ key ssh.Signer }

// LockedError is the error for a private key that needs a passphrase, or for a file that has
// only the public key. The agent may hold the key: see [FromAgent].
type LockedError struct {
	Public []byte // the public key, for [FromAgent]; nil if the file does not have it
	Reason string
}

func (e *LockedError) Error() string { return e.Reason }

// NewSigner returns the signer of a private key in OpenSSH or PEM format. The error is a
// [*LockedError] if the key has a passphrase, or is a public key.
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
		return nil, errors.New("it has no private key")
	}
	return nil, fmt.Errorf("the key cannot be used: %s", strings.TrimPrefix(err.Error(), "ssh: "))
}

// FromAgent returns the signer for a public key whose private key an ssh-agent has, and
// reports whether it has it. The signer takes over the connection.
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

// Key returns the signer's public key.
func (s *Signer) Key() Key { return Key{s.key.PublicKey()} }

// Sign returns the signature over everything that write writes. It returns after write has
// returned.
func (s *Signer) Sign(write func(io.Writer) error) ([]byte, error) {
	from, to := io.Pipe()
	written := make(chan struct{})
	go func() {
		defer close(written)
		to.CloseWithError(write(to))
	}()
	signature, err := sshsig.Sign(from, s.key, sshsig.HashSHA512, Namespace)
	io.Copy(io.Discard, from) // write writes elsewhere too, even if signing fails
	<-written
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(signature), nil
}

// Key is a public key.
type Key struct{ key ssh.PublicKey }

// String returns the fingerprint and the type of the key, as ssh-keygen -l prints them.
func (k Key) String() string { return ssh.FingerprintSHA256(k.key) + " (" + k.key.Type() + ")" }

// Keys returns the public keys of a file in the format of ssh-keygen's FILE.pub: one per line,
// with type, key and comment. Empty lines and lines that begin with # are skipped.
func Keys(text []byte) (keys []Key, err error) {
	if block, _ := pem.Decode(text); block != nil {
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, errors.New("it has a private key; name the file of the public key, which ends in .pub")
		}
		return nil, fmt.Errorf("it has a PEM block %q; name the file of a public key, which ends in .pub", block.Type)
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
			return nil, fmt.Errorf("line %d: not a public key; want type, key and comment, as in ssh-keygen's "+
				"FILE.pub", n)
		case len(options) > 0:
			return nil, fmt.Errorf("line %d: options before the key are not supported; leave only type, key and "+
				"comment", n)
		case strings.Contains(key.Type(), "-cert-"):
			return nil, fmt.Errorf("line %d: certificates are not supported, because their restrictions would be "+
				"ignored; give the public key itself", n)
		}
		keys = append(keys, Key{key})
	}
	if len(keys) == 0 {
		return nil, errors.New("it has no public key; name a file such as ssh-keygen's FILE.pub")
	}
	return keys, nil
}

// Verify returns the one of the keys that made the signature over the record. Errors describe
// why the signature is not valid.
func Verify(record, signature []byte, keys []Key) (Key, error) {
	if !bytes.HasPrefix(signature, []byte("-----BEGIN SSH SIGNATURE-----")) {
		return Key{}, errors.New(`it has no signature, which begins with "-----BEGIN SSH SIGNATURE-----"`)
	}
	s, err := sshsig.Unarmor(signature)
	if err != nil {
		return Key{}, fmt.Errorf("the signature is damaged: %s", strings.TrimPrefix(err.Error(), "ssh: "))
	}
	if s.Namespace != Namespace {
		return Key{}, fmt.Errorf("the signature is for the namespace %q, and that of a report is for %q", s.Namespace,
			Namespace)
	}
	for _, k := range keys {
		if !bytes.Equal(k.key.Marshal(), s.PublicKey.Marshal()) {
			continue
		}
		if err := sshsig.Verify(bytes.NewReader(record), s, k.key, s.HashAlgorithm, Namespace); err != nil {
			return Key{}, errors.New("the report or the signature was changed after signing")
		}
		return k, nil
	}
	return Key{}, fmt.Errorf("it was signed by another key, %v", Key{s.PublicKey})
}
