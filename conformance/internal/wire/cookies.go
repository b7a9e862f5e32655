package wire

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"fmaspec/conformance/record"
)

// place is the URL that a request is about, as a cookie jar asks for it, or nil. Cookies for TLS alone count as well:
// what a server sets, it has to read, and on a connection without TLS only programs under test set such.
func (s Sending) place() *url.URL {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(s.Bytes)))
	if err != nil || r.Host == "" {
		return nil
	}
	return &url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path}
}

// keepCookies keeps the cookies that an answer sets, until the pool is closed.
func (p *Pool) keepCookies(s Sending, resp *record.Response) {
	if resp == nil || resp.Header["Set-Cookie"] == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	place := s.place()
	if place == nil {
		return
	}
	if p.jar == nil {
		p.jar, _ = cookiejar.New(nil) // which never fails
	}
	p.jar.SetCookies(place, (&http.Response{Header: resp.Header}).Cookies())
}

// Cookie is the value of the field Cookie that goes with a request, "" for none.
func (p *Pool) Cookie(s Sending) string {
	if !s.Cookies {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jar == nil {
		return ""
	}
	place := s.place()
	if place == nil {
		return ""
	}
	var pairs []string
	for _, cookie := range p.jar.Cookies(place) {
		if cookie.Valid() == nil {
			pairs = append(pairs, cookie.Name+"="+cookie.Value)
		}
	}
	return strings.Join(pairs, "; ")
}

// withField returns a request with one more field, or as it is where the value is "".
func withField(request []byte, name, value string) []byte {
	if value == "" {
		return request
	}
	head, body, whole := bytes.Cut(request, []byte("\r\n\r\n"))
	if !whole {
		return request
	}
	return bytes.Join([][]byte{head, []byte("\r\n" + name + ": " + value + "\r\n\r\n"), body}, nil)
}
