package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"fmaspec/conformance/signature"
)

// pair returns a private key as a file holds it, and its public half.
func pair(t *testing.T, key crypto.Signer, passphrase string) (private, public []byte) {
	t.Helper()
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	require.NoError(t, err)
	half, err := ssh.NewPublicKey(key.Public())
	require.NoError(t, err)
	return pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(half)
}

func ed25519Key(t *testing.T) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key
}

func signed(t *testing.T, private []byte, text string) []byte {
	t.Helper()
	signer, err := signature.NewSigner(private)
	require.NoError(t, err)
	out, err := signer.Sign(func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	require.NoError(t, err)
	return out
}

func TestVerifyTakesWhatSignMakesWithEachKindOfKey(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ecdsaKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, key := range map[string]crypto.Signer{"ssh-ed25519": ed25519Key(t), "ssh-rsa": rsaKey,
		"ecdsa-sha2-nistp256": ecdsaKey} {
		t.Run(name, func(t *testing.T) {
			private, public := pair(t, key, "")
			_, foreign := pair(t, ed25519Key(t), "")
			keys, err := signature.Keys(append([]byte("\xef\xbb\xbf# two keys\r\n\r\n"),
				append(foreign, bytes.ReplaceAll(public, []byte("\n"), []byte(" me@here\r\n"))...)...))
			require.NoError(t, err)
			require.Len(t, keys, 2)
			by, err := signature.Verify([]byte("a record"), signed(t, private, "a record"), keys)
			require.NoError(t, err)
			require.Equal(t, keys[1], by)
			require.Contains(t, by.String(), "("+name+")")
		})
	}
}

func TestVerifyRefusesWhatWasNotSignedAndSaysWhy(t *testing.T) {
	key := ed25519Key(t)
	private, public := pair(t, key, "")
	_, foreign := pair(t, ed25519Key(t), "")
	good := signed(t, private, "a record")
	own, err := ssh.NewSignerFromSigner(key)
	require.NoError(t, err)
	elsewhere, err := sshsig.Sign(strings.NewReader("a record"), own, sshsig.HashSHA512, "git")
	require.NoError(t, err)
	// altered returns the signature with the last byte of its blob turned.
	altered := func() []byte {
		block, _ := pem.Decode(good)
		block.Bytes[len(block.Bytes)-1] ^= 1
		return pem.EncodeToMemory(block)
	}
	for _, row := range []struct {
		why       string
		record    string
		signature []byte
		keys      []byte
		want      string
	}{
		{"a byte more", "a record\n", good, public, "changed after signing"},
		{"a byte less", "a recor", good, public, "changed after signing"},
		{"an empty record", "", good, public, "changed after signing"},
		{"another signature value", "a record", altered(), public, "changed after signing"},
		{"another key", "a record", good, foreign, "signed by another key, SHA256:"},
		{"a signature over a commit", "a record", sshsig.Armor(elsewhere), public, `for the namespace "git"`},
		{"a cut signature", "a record", good[:len(good)/2], public, "damaged"},
		{"a cut blob", "a record", []byte("-----BEGIN SSH SIGNATURE-----\n" +
			base64.StdEncoding.EncodeToString([]byte("SSHSIG\x00\x00\x00\x01")) + "\n-----END SSH SIGNATURE-----\n"),
			public, "damaged"},
		{"an empty file", "a record", nil, public, "it has no signature"},
		{"a key in place of a signature", "a record", private, public, "it has no signature"},
	} {
		t.Run(row.why, func(t *testing.T) {
			keys, err := signature.Keys(row.keys)
			require.NoError(t, err)
			_, err = signature.Verify([]byte(row.record), row.signature, keys)
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestKeysRefusesWhatItWouldNotHeed(t *testing.T) {
	private, public := pair(t, ed25519Key(t), "")
	for _, row := range []struct{ text, want string }{
		{"", "it has no public key"},
		{"# none\n", "it has no public key"},
		{string(private), "has a private key"},
		{"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", `a PEM block "PUBLIC KEY"`},
		{"ssh-ed25519 AAAA\n", "line 1: not a public key"},
		{string(public) + "what is this\n", "line 2: not a public key"},
		{`namespaces="git" ` + string(public), "line 1: options before the key are not supported"},
		{"me@example.com " + string(public), "line 1: options before the key are not supported"},
	} {
		_, err := signature.Keys([]byte(row.text))
		require.ErrorContains(t, err, row.want, row.text)
	}
}

func TestNewSignerSaysWhyAKeyCannotSign(t *testing.T) {
	key := ed25519Key(t)
	locked, public := pair(t, key, "a passphrase")
	for _, text := range [][]byte{locked, public} {
		_, err := signature.NewSigner(text)
		var why *signature.LockedError
		require.True(t, errors.As(err, &why), "%v", err)
		require.Equal(t, string(public), string(why.Public))
	}
	for _, row := range []struct{ text, want string }{
		{"", "it has no private key"},
		{"no key", "it has no private key"},
		{string(locked[:len(locked)/2]), "it has no private key"},
		{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"},
	} {
		_, err := signature.NewSigner([]byte(row.text))
		require.ErrorContains(t, err, row.want)
	}
}

func TestFromAgentSignsWithTheKeyThatTheAgentHolds(t *testing.T) {
	key := ed25519Key(t)
	_, public := pair(t, key, "")
	_, foreign := pair(t, ed25519Key(t), "")
	ring := agent.NewKeyring()
	require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: key}))
	connect := func() net.Conn {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { ours.Close() })
		go agent.ServeAgent(ring, theirs)
		return ours
	}

	_, held, err := signature.FromAgent(connect(), foreign)
	require.NoError(t, err)
	require.False(t, held)
	signer, held, err := signature.FromAgent(connect(), public)
	require.NoError(t, err)
	require.True(t, held)
	text, err := signer.Sign(func(w io.Writer) error { _, err := io.WriteString(w, "a record"); return err })
	require.NoError(t, err)
	_, err = signature.Verify([]byte("a record"), text, []signature.Key{signer.Key()})
	require.NoError(t, err)

	// The agent lets go of the key: what is to be written is written all the same.
	require.NoError(t, ring.RemoveAll())
	var out strings.Builder
	_, err = signer.Sign(func(w io.Writer) error {
		_, err := io.WriteString(io.MultiWriter(&out, w), "a record")
		return err
	})
	require.Error(t, err)
	require.Equal(t, "a record", out.String())
}

func TestSignFailsWithWhatItSigns(t *testing.T) {
	private, _ := pair(t, ed25519Key(t), "")
	signer, err := signature.NewSigner(private)
	require.NoError(t, err)
	broken := errors.New("the disk is full")
	_, err = signer.Sign(func(w io.Writer) error {
		io.WriteString(w, "half")
		return broken
	})
	require.ErrorIs(t, err, broken)
}

// keygen returns a function that runs ssh-keygen, or skips where there is none and
// the environment does not ask for it.
func keygen(t *testing.T) func(stdin string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("ssh-keygen")
	if err != nil {
		if os.Getenv("FMASPEC_SSH_KEYGEN") == "required" {
			t.Fatalf("FMASPEC_SSH_KEYGEN=required: %v; install it (Debian: openssh-client)", err)
		}
		t.Skipf("SKIPPED: ssh-keygen was not asked: %v; install it (Debian: openssh-client), and set "+
			"FMASPEC_SSH_KEYGEN=required to never miss it", err)
	}
	return func(stdin string, args ...string) string {
		t.Helper()
		run := exec.CommandContext(t.Context(), path, args...)
		run.Stdin = strings.NewReader(stdin)
		out, err := run.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
}

func TestSshKeygenVerifiesWhatSignMakes(t *testing.T) {
	run, dir := keygen(t), t.TempDir()
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		t.Run(kind, func(t *testing.T) {
			file := filepath.Join(dir, kind)
			run("", "-q", "-t", kind, "-N", "", "-f", file)
			private, err := os.ReadFile(file)
			require.NoError(t, err)
			public, err := os.ReadFile(file + ".pub")
			require.NoError(t, err)
			allowed, at := filepath.Join(dir, kind+".allowed"), filepath.Join(dir, kind+".sig")
			require.NoError(t, os.WriteFile(allowed, append([]byte("ci@example.com "), public...), 0o600))
			require.NoError(t, os.WriteFile(at, signed(t, private, "a record"), 0o600))
			out := run("a record", "-Y", "verify", "-f", allowed, "-I", "ci@example.com", "-n", signature.Namespace,
				"-s", at)
			require.Contains(t, out, "Good")
		})
	}
}

func TestVerifyTakesWhatSshKeygenSigns(t *testing.T) {
	run, dir := keygen(t), t.TempDir()
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		for _, hash := range []string{"sha256", "sha512"} {
			t.Run(kind+" "+hash, func(t *testing.T) {
				file, record := filepath.Join(dir, kind+hash), filepath.Join(dir, kind+hash+".json")
				run("", "-q", "-t", kind, "-N", "", "-f", file)
				require.NoError(t, os.WriteFile(record, []byte("a record"), 0o600))
				run("", "-Y", "sign", "-f", file, "-n", signature.Namespace, "-O", "hashalg="+hash, record)
				text, err := os.ReadFile(record + signature.Suffix)
				require.NoError(t, err)
				public, err := os.ReadFile(file + ".pub")
				require.NoError(t, err)
				keys, err := signature.Keys(public)
				require.NoError(t, err)
				_, err = signature.Verify([]byte("a record"), text, keys)
				require.NoError(t, err)
				_, err = signature.Verify([]byte("another"), text, keys)
				require.ErrorContains(t, err, "changed after signing")
			})
		}
	}
}
