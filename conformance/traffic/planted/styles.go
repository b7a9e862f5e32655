package planted

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"fmaspec/conformance/record"
)

// An object is an object of JSON whose members have an order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", m.name)
		raw, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(raw)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// recodes reports whether a style writes the fields of a content coding although the body is, or
// can be, decoded.
func (s Style) recodes(x record.Exchange) bool {
	return x.Response != nil && len(x.Response.Body) > 0 && s.coding() != ""
}

func (s Style) coding() string {
	return map[string]string{"charles": "gzip", "chrome": "gzip", "firefox": "gzip", "proxyman": "br"}[s.Name]
}

// small reports whether names of fields are in small letters: as in HTTP/2.
func (s Style) small() bool { return s.Name == "chrome" || s.Name == "mitmproxy" }

func (s Style) proto(x record.Exchange) string {
	switch s.Name {
	case "chrome":
		return "http/2.0"
	case "mitmproxy":
		return "HTTP/2.0"
	}
	return "HTTP/1.1"
}

// keepsHeader returns the fields of a request as a reader is to return them.
func (s Style) keepsHeader(header []record.Field) []record.Field {
	out := []record.Field{}
	if s.Name == "insomnia" {
		return out
	}
	for _, f := range header {
		if s.small() {
			f.Name = strings.ToLower(f.Name)
		}
		if s.Name == "chrome" && f.Name == "host" {
			f.Name = "Host" // from :authority
		}
		out = append(out, f)
	}
	return out
}

// pair returns the object of a header, a parameter or the like.
func pair(name, value string) object { return object{{"name", name}, {"value", value}} }

// requestHeader returns the headers of a request as the style has them.
func (p *plant) requestHeader(x record.Exchange) []object {
	out := []object{}
	if p.style.Name == "insomnia" {
		return out
	}
	for i, f := range x.Request.Header {
		name := f.Name
		if p.style.small() {
			name = strings.ToLower(name)
		}
		switch {
		case p.style.Name == "chrome" && name == "host":
			name = ":authority"
		case p.style.Name == "proxyman" && i%2 == 1:
			out = append(out, object{{"value", f.Value}, {"name", name}})
			continue
		}
		out = append(out, pair(name, f.Value))
	}
	if u, err := url.Parse(x.Request.URL); err == nil && p.style.Name == "chrome" {
		out = append(out, pair(":method", x.Request.Method), pair(":path", u.RequestURI()), pair(":scheme", u.Scheme))
	}
	return out
}

// responseHeader returns the headers of an answer as the style has them.
func (p *plant) responseHeader(x record.Exchange) []object {
	header := x.Response.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if p.style.recodes(x) {
		header.Set("Content-Encoding", p.style.coding())
		header.Del("Content-Length")
		if p.style.Name == "proxyman" {
			header.Set("Transfer-Encoding", "chunked")
		} else {
			header.Set("Content-Length", strconv.Itoa(len(packed(x.Response.Body))))
		}
	}
	out := []object{}
	for i, name := range slices.Sorted(maps.Keys(header)) {
		values := header[name]
		if p.style.small() || p.style.Name == "playwright" {
			name = strings.ToLower(name)
		}
		if p.style.Name == "chrome" { // joins values
			values = []string{strings.Join(values, "\n")}
		}
		for _, value := range values {
			if p.style.Name == "proxyman" && i%2 == 1 {
				out = append(out, object{{"value", value}, {"name", name}})
				continue
			}
			out = append(out, pair(name, value))
		}
	}
	return out
}

func packed(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(body) // into memory, where nothing fails
	w.Close()
	return b.Bytes()
}

// query returns the parameters of a URL.
func query(raw string) []object {
	out := []object{}
	u, err := url.Parse(raw)
	if err != nil || u.RawQuery == "" {
		return out
	}
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		out = append(out, pair(name, value))
	}
	return out
}

func mediaOf(x record.Exchange) string {
	if v := record.HeaderValue(x.Request.Header, "Content-Type"); v != nil {
		return *v
	}
	return ""
}

func (p *plant) ms(x record.Exchange, layout string, zone *time.Location) string {
	return x.Started.In(zone).Truncate(p.style.unit).Format(layout)
}

const isoZ = "2006-01-02T15:04:05.000Z"

// milliseconds returns the time of an exchange as a whole number of them.
func milliseconds(x record.Exchange) int64 { return x.Elapsed.Milliseconds() }

// content returns the content of an answer: its size and media type, and its text, in base64
// where it is no text.
func content(x record.Exchange, more ...member) object {
	r := x.Response
	media := r.Header.Get("Content-Type")
	out := object{{"size", len(r.Body)}, {"mimeType", media}}
	out = append(out, more...)
	if utf8.Valid(r.Body) {
		return append(out, member{"text", string(r.Body)})
	}
	return append(out, member{"text", base64.StdEncoding.EncodeToString(r.Body)}, member{"encoding", "base64"})
}

// file keeps a body as a file, and returns its name.
func (p *plant) file(body []byte, ending string) string {
	name := fmt.Sprintf("%040x.%s", len(p.files)+1, ending)
	p.files[name] = body
	return name
}

func chrome(x record.Exchange, p *plant) object {
	request := object{{"method", x.Request.Method}, {"url", x.Request.URL}, {"httpVersion", "http/2.0"},
		{"headers", p.requestHeader(x)}, {"queryString", query(x.Request.URL)}, {"cookies", []int{}},
		{"headersSize", -1}, {"bodySize", len(x.Request.Body)}}
	if len(x.Request.Body) > 0 {
		request = append(request, member{"postData", object{{"mimeType", mediaOf(x)},
			{"text", string(x.Request.Body)}}})
	}
	response := object{{"status", 0}, {"statusText", ""}, {"httpVersion", ""}, {"headers", []int{}},
		{"cookies", []int{}}, {"content", object{{"size", 0}, {"mimeType", "x-unknown"}}}, {"redirectURL", ""},
		{"headersSize", -1}, {"bodySize", -1}, {"_transferSize", 0}, {"_error", x.Error}}
	if x.Response != nil {
		response = object{{"status", x.Response.Status}, {"statusText", ""}, {"httpVersion", "http/2.0"},
			{"headers", p.responseHeader(x)}, {"cookies", []int{}}, {"content", content(x)}, {"redirectURL", ""},
			{"headersSize", -1}, {"bodySize", -1}, {"_transferSize", 253}, {"_error", nil}}
	}
	return object{{"_initiator", object{{"type", "other"}}}, {"_priority", "High"}, {"_resourceType", "fetch"},
		{"cache", object{}}, {"pageref", "page_1"}, {"request", request}, {"response", response},
		{"serverIPAddress", "203.0.113.1"}, {"startedDateTime", p.ms(x, isoZ, time.UTC)},
		{"time", float64(milliseconds(x)) + 0.000031866133}, {"timings", object{{"blocked", 5.39}, {"dns", -1},
			{"ssl", -1}, {"connect", -1}, {"send", 0.23}, {"wait", 7.33}, {"receive", 1.7},
			{"_blocked_queueing", 3.29}}}}
}

func firefox(x record.Exchange, p *plant) object {
	request := object{{"bodySize", len(x.Request.Body)}, {"method", x.Request.Method}, {"url", x.Request.URL},
		{"httpVersion", "HTTP/1.1"}, {"headers", p.requestHeader(x)}, {"cookies", []int{}},
		{"queryString", query(x.Request.URL)}, {"postData", object{{"mimeType", mediaOf(x)}, {"params", []int{}},
			{"text", string(x.Request.Body)}}}, {"headersSize", 576}}
	response := object{{"status", 0}, {"statusText", x.Error}, {"httpVersion", ""}, {"headers", nil},
		{"content", nil}, {"headersSize", -1}, {"bodySize", -1}}
	if x.Response != nil {
		response = object{{"status", x.Response.Status}, {"statusText", http.StatusText(x.Response.Status)},
			{"httpVersion", "HTTP/1.1"}, {"headers", p.responseHeader(x)}, {"cookies", []int{}},
			{"content", content(x)}, {"redirectURL", ""}, {"headersSize", 256}, {"bodySize", len(x.Response.Body)}}
	}
	zone := time.FixedZone("", 2*60*60)
	return object{{"pageref", "page_3"}, {"startedDateTime", p.ms(x, "2006-01-02T15:04:05.000-07:00", zone)},
		{"time", milliseconds(x)}, {"request", request}, {"response", response}, {"cache", object{}},
		{"timings", object{{"blocked", 45}, {"dns", 0}, {"connect", 45}, {"ssl", 0}, {"send", 0}, {"wait", 50},
			{"receive", 0}}}, {"serverIPAddress", "203.0.113.1"}, {"connection", "80"}}
}

func charles(x record.Exchange, p *plant) object {
	request := object{{"method", x.Request.Method}, {"url", x.Request.URL}, {"httpVersion", "HTTP/1.1"},
		{"cookies", []int{}}, {"headers", p.requestHeader(x)}, {"queryString", query(x.Request.URL)}}
	if len(x.Request.Body) > 0 {
		request = append(request, member{"postData", charlesPost(x)})
	}
	request = append(request, member{"headersSize", 576}, member{"bodySize", len(x.Request.Body)})
	response := object{{"_charlesStatus", "FAILED"}, {"status", 0}, {"statusText", x.Error}, {"httpVersion", nil},
		{"cookies", []int{}}, {"headers", []int{}}, {"content", object{{"size", 0}, {"mimeType", nil}}},
		{"redirectURL", nil}, {"headersSize", -1}, {"bodySize", -1}}
	if x.Response != nil {
		coded := []byte{}
		if p.style.recodes(x) {
			coded = packed(x.Response.Body)
		}
		response = object{{"_charlesStatus", "COMPLETE"}, {"status", x.Response.Status},
			{"statusText", http.StatusText(x.Response.Status)}, {"httpVersion", "HTTP/1.1"}, {"cookies", []int{}},
			{"headers", p.responseHeader(x)}, {"content", object{{"size", len(x.Response.Body)},
				{"mimeType", x.Response.Header.Get("Content-Type")},
				{"text", base64.StdEncoding.EncodeToString(coded)}, {"encoding", "base64"}}},
			{"redirectURL", nil}, {"headersSize", 185}, {"bodySize", len(coded)}}
	}
	zone := time.FixedZone("", 2*60*60)
	return object{{"startedDateTime", p.ms(x, "2006-01-02T15:04:05.000-07:00", zone)}, {"time", milliseconds(x)},
		{"request", request}, {"response", response}, {"serverIPAddress", "203.0.113.1"}, {"cache", object{}},
		{"timings", object{{"dns", -1}, {"connect", -1}, {"ssl", -1}, {"send", 1}, {"wait", 52}, {"receive", 7}}}}
}

// charlesPost writes a form by its fields, and no text.
func charlesPost(x record.Exchange) object {
	media := mediaOf(x)
	if !strings.HasPrefix(strings.ToLower(media), "application/x-www-form-urlencoded") {
		return object{{"mimeType", media}, {"text", string(x.Request.Body)}}
	}
	params := []object{}
	for part := range strings.SplitSeq(string(x.Request.Body), "&") {
		name, value, _ := strings.Cut(part, "=")
		params = append(params, pair(name, value))
	}
	return object{{"mimeType", media}, {"params", params}}
}

func fiddler(x record.Exchange, p *plant) object {
	request := object{{"headersSize", 824}}
	if len(x.Request.Body) > 0 {
		request = append(request, member{"postData", object{{"text", string(x.Request.Body)},
			{"mimeType", mediaOf(x)}}})
	}
	request = append(request, object{{"queryString", query(x.Request.URL)}, {"headers", p.requestHeader(x)},
		{"bodySize", len(x.Request.Body)}, {"url", x.Request.URL}, {"cookies", []int{}},
		{"method", x.Request.Method}, {"httpVersion", "HTTP/1.1"}}...)
	response := object{{"bodySize", -1}, {"status", 0}, {"statusText", x.Error}, {"httpVersion", "HTTP/1.1"},
		{"headers", []int{}}}
	if x.Response != nil {
		response = object{{"headersSize", 300}, {"bodySize", len(x.Response.Body)}, {"content", content(x)},
			{"status", x.Response.Status}, {"statusText", http.StatusText(x.Response.Status)}, {"cookies", []int{}},
			{"redirectURL", ""}, {"httpVersion", "HTTP/1.1"}, {"headers", p.responseHeader(x)}}
	}
	zone := time.FixedZone("", 5*60*60+30*60)
	return object{{"time", milliseconds(x)}, {"serverIPAddress", "fe80::1234:5678:9ab:cdef%7"},
		{"connection", "ClientPort:4915;EgressPort:4916"}, {"request", request}, {"timings", object{{"blocked", -1},
			{"ssl", 0}, {"receive", 0}, {"wait", 1545}, {"dns", 0}, {"send", 0}, {"connect", 0}}},
		{"response", response}, {"startedDateTime", p.ms(x, "2006-01-02T15:04:05.0000000-07:00", zone)},
		{"cache", object{}}}
}

func mitmproxy(x record.Exchange, p *plant) object {
	request := object{{"method", x.Request.Method}, {"url", x.Request.URL}, {"httpVersion", "HTTP/2.0"},
		{"cookies", []int{}}, {"headers", p.requestHeader(x)}, {"queryString", query(x.Request.URL)},
		{"headersSize", 146}, {"bodySize", len(x.Request.Body)}}
	if slices.Contains([]string{"POST", "PUT", "PATCH"}, x.Request.Method) {
		params := []object{}
		if strings.HasPrefix(mediaOf(x), "application/x-www-form-urlencoded") {
			params = charlesPost(x)[1].value.([]object)
		}
		request = append(request, member{"postData", object{{"mimeType", mediaOf(x)},
			{"text", string(x.Request.Body)}, {"params", params}}})
	}
	response := object{{"status", 0}, {"statusText", ""}, {"httpVersion", ""}, {"headers", []int{}},
		{"cookies", []int{}}, {"content", object{}}, {"redirectURL", ""}, {"headersSize", -1}, {"bodySize", -1},
		{"_transferSize", 0}, {"_error", x.Error}}
	if x.Response != nil {
		response = object{{"status", x.Response.Status}, {"statusText", ""}, {"httpVersion", "HTTP/2.0"},
			{"cookies", []int{}}, {"headers", p.responseHeader(x)}, {"content", content(x, member{"compression", 0})},
			{"redirectURL", ""}, {"headersSize", 270}, {"bodySize", len(x.Response.Body)}}
	}
	return object{{"startedDateTime", p.ms(x, "2006-01-02T15:04:05.000000+00:00", time.UTC)},
		{"time", float64(milliseconds(x)) + 0.000031878662}, {"request", request}, {"response", response},
		{"cache", object{}}, {"timings", object{{"connect", 309.07583236694336}, {"ssl", 358.97}, {"send", 2.0},
			{"receive", 3.4}, {"wait", 3039.4}}}, {"serverIPAddress", "203.0.113.3"}}
}

func playwright(x record.Exchange, p *plant) object {
	request := object{{"method", x.Request.Method}, {"url", x.Request.URL}, {"httpVersion", "HTTP/1.1"},
		{"cookies", []int{}}, {"headers", p.requestHeader(x)}, {"queryString", query(x.Request.URL)},
		{"headersSize", 326}, {"bodySize", len(x.Request.Body)}}
	if len(x.Request.Body) > 0 {
		request = append(request, member{"postData", object{{"mimeType", mediaOf(x)}, {"params", []int{}},
			{"_file", p.file(x.Request.Body, "json")}}})
	}
	response := object{{"status", -1}, {"statusText", ""}, {"httpVersion", "HTTP/1.1"}, {"cookies", []int{}},
		{"headers", []int{}}, {"content", object{{"size", -1}, {"mimeType", "x-unknown"}}}, {"headersSize", -1},
		{"bodySize", -1}, {"redirectURL", ""}, {"_transferSize", -1}, {"_failureText", x.Error}}
	if x.Response != nil {
		body := object{{"size", len(x.Response.Body)}, {"mimeType", x.Response.Header.Get("Content-Type")},
			{"compression", 0}}
		size := 0
		if len(x.Response.Body) > 0 {
			body = append(body, member{"_file", p.file(x.Response.Body, "json")})
			size = len(x.Response.Body) + 59
		}
		response = object{{"status", x.Response.Status}, {"statusText", http.StatusText(x.Response.Status)},
			{"httpVersion", "HTTP/1.1"}, {"cookies", []int{}}, {"headers", p.responseHeader(x)}, {"content", body},
			{"headersSize", 64}, {"bodySize", size}, {"redirectURL", ""}, {"_transferSize", size}}
	}
	return object{{"_frameref", "frame@c7467fc0f1f86f09fc3b0d727a3862ea"}, {"_monotonicTime", 270572145.898},
		{"startedDateTime", p.ms(x, isoZ, time.UTC)}, {"time", float64(milliseconds(x)) + 0.000001},
		{"request", request}, {"response", response}, {"cache", object{{"beforeRequest", nil},
			{"afterRequest", nil}}}, {"timings", object{{"dns", -1}, {"connect", -1}, {"ssl", -1}, {"send", 0},
			{"wait", 8.286}, {"receive", -1}}}, {"pageref", "page@b17b177f1c2e66459db3dcbe44636ffd"},
		{"_securityDetails", object{}}}
}

func insomnia(x record.Exchange, p *plant) object {
	request := object{{"method", x.Request.Method}, {"url", x.Request.URL}, {"httpVersion", "HTTP/1.1"},
		{"cookies", []int{}}, {"headers", p.requestHeader(x)}, {"queryString", query(x.Request.URL)},
		{"postData", object{{"mimeType", mediaOf(x)}, {"text", string(x.Request.Body)}, {"params", []int{}}}},
		{"headersSize", -1}, {"bodySize", -1}, {"settingEncodeUrl", true}}
	response := object{{"status", 0}, {"statusText", x.Error}, {"httpVersion", "HTTP/1.1"}, {"headers", []int{}},
		{"content", object{{"size", 0}, {"mimeType", ""}, {"text", ""}}}, {"headersSize", -1}, {"bodySize", -1}}
	if x.Response != nil {
		response = object{{"status", x.Response.Status}, {"statusText", http.StatusText(x.Response.Status)},
			{"httpVersion", "HTTP/1.1"}, {"cookies", []int{}}, {"headers", p.responseHeader(x)},
			{"content", content(x)}, {"redirectURL", ""}, {"headersSize", -1}, {"bodySize", -1}}
	}
	return object{{"startedDateTime", p.ms(x, isoZ, time.UTC)}, {"time", float64(milliseconds(x)) + 0.0004},
		{"request", request}, {"response", response}, {"cache", object{}}, {"timings", object{{"blocked", -1},
			{"dns", -1}, {"connect", -1}, {"send", 0}, {"wait", 70.402}, {"receive", 0}, {"ssl", -1}}},
		{"comment", "planted"}}
}

func proxyman(x record.Exchange, p *plant) object {
	request := object{{"headersSize", 419}, {"url", x.Request.URL}, {"queryString", query(x.Request.URL)},
		{"method", x.Request.Method}, {"cookies", []int{}}, {"bodySize", len(x.Request.Body)}}
	if len(x.Request.Body) > 0 {
		request = append(request, member{"postData", object{{"text", string(x.Request.Body)}, {"params", nil},
			{"mimeType", mediaOf(x)}}})
	}
	request = append(request, member{"headers", p.requestHeader(x)}, member{"httpVersion", "HTTP/1.1"})
	response := object{{"headers", []int{}}, {"httpVersion", "HTTP/1.1"}, {"content", object{{"size", 0}}},
		{"status", 0}, {"statusText", x.Error}, {"bodySize", -1}}
	if x.Response != nil {
		response = object{{"headers", p.responseHeader(x)}, {"httpVersion", "HTTP/1.1"},
			{"content", content(x, member{"compression", 0})}, {"status", x.Response.Status},
			{"statusText", http.StatusText(x.Response.Status)}, {"cookies", []int{}}, {"redirectURL", ""},
			{"headersSize", 490}, {"bodySize", len(x.Response.Body)}}
	}
	return object{{"request", request}, {"_remoteDeviceIP", nil}, {"_isHTTPS", true}, {"_id", "121"},
		{"serverIPAddress", "203.0.113.1"}, {"_clientAddress", "127.0.0.1"}, {"startedDateTime",
			p.ms(x, isoZ, time.UTC)}, {"timings", object{{"connect", 1}, {"receive", -1}, {"send", -1},
			{"blocked", -1}, {"wait", -1}, {"ssl", -1}, {"dns", -1}}}, {"_clientName", "Safari"}, {"cache", object{}},
		{"time", float64(milliseconds(x)) + 0.00000095}, {"_isIntercepted", true}, {"_webSocketMessages", nil},
		{"comment", ""}, {"response", response}, {"_serverPort", 443}, {"_name", "121"}}
}
