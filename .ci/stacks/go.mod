// The runner of make stacks. The servers have modules of their own.
module fmaspec-stacks

go 1.26
