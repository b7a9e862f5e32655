package reference

import (
	"bytes"
	"net"
	"net/http"
)

// A muteHandler has a listener whose connections drop the 100 (Continue) of package net/http. It answers all.
type muteHandler struct{ http.Handler }

// Listen returns a listener whose connections drop each 100 (Continue).
func (muteHandler) Listen(l net.Listener) net.Listener { return muteListener{l} }

type muteListener struct{ net.Listener }

// Accept returns the next connection.
func (l muteListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return muteConn{conn}, nil
}

type muteConn struct{ net.Conn }

// Write writes all but a 100 (Continue), which the server writes by itself.
func (c muteConn) Write(b []byte) (int, error) {
	if bytes.Equal(b, []byte("HTTP/1.1 100 Continue\r\n\r\n")) {
		return len(b), nil
	}
	return c.Conn.Write(b)
}
