// The runner of make peers.
module fmaspec-peers

go 1.26
