package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// sshkey writes a private key and, as FILE.pub, its public half: sshkey FILE
// [PASSPHRASE]
func sshkey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: sshkey FILE [PASSPHRASE]")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	block, err := ssh.MarshalPrivateKey(private, "")
	if len(args) == 2 {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(args[1]))
	}
	ts.Check(err)
	half, err := ssh.NewPublicKey(public)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(block), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0])+".pub", ssh.MarshalAuthorizedKey(half), 0o644))
}

// sshagent starts an ssh-agent that holds keys and sets SSH_AUTH_SOCK: sshagent
// [FILE PASSPHRASE]
func sshagent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 && len(args) != 2 {
		ts.Fatalf("usage: sshagent [FILE PASSPHRASE]")
	}
	ring := agent.NewKeyring()
	if len(args) == 2 {
		key, err := ssh.ParseRawPrivateKeyWithPassphrase([]byte(ts.ReadFile(args[0])), []byte(args[1]))
		ts.Check(err)
		ts.Check(ring.Add(agent.AddedKey{PrivateKey: key}))
	}
	dir, err := os.MkdirTemp("", "agent") // the folder of a script may be too long for the name of a socket
	ts.Check(err)
	socket := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", socket)
	ts.Check(err)
	ts.Defer(func() {
		l.Close()
		os.RemoveAll(dir)
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				agent.ServeAgent(ring, c)
			}()
		}
	}()
	ts.Setenv("SSH_AUTH_SOCK", socket)
}
