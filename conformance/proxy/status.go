package proxy

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed status.html
var statusText string

var statusPage = template.Must(template.New("status").Parse(statusText))

// A state is what the status page shows.
type state struct {
	Upstream, Mode string
	Counts         Counts
	Recent         []Recent
}

// Status returns a handler of the pages about the proxy: /-/ for people, /-/metrics for
// Prometheus, and /-/healthz. It is not part of what the proxy serves.
func (p *Proxy) Status() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/{$}", p.status)
	mux.Handle("GET /-/metrics", p.metrics())
	mux.HandleFunc("GET /-/healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux
}

func (p *Proxy) status(w http.ResponseWriter, _ *http.Request) {
	s := state{Upstream: p.options.Upstream.Redacted(), Mode: "observe"}
	if p.options.Enforce {
		s.Mode = "enforce"
	}
	s.Counts, s.Recent = p.tally.look()
	for i, r := range s.Recent {
		if u, err := url.Parse(r.URL); err == nil {
			s.Recent[i].URL = u.EscapedPath() // a query may hold what is nobody's business
		}
	}
	var b bytes.Buffer
	if err := statusPage.Execute(&b, s); err != nil {
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b.Bytes())
}
