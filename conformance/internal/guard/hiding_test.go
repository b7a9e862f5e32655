package guard

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// hiding is how many requests TestNothingHiddenTakesEffect makes up.
var hiding = flag.Int("hiding", 5_000, "how many requests with a hidden action are shown to the guard")

// What a lenient server may act on: the user's own, and somebody else's.
const (
	ownMachine, ownFile     = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07", "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
	otherMachine, otherFile = "fb9ab6be3965095a09c057be7c90f0a2", "d9bc6a846d7863e7c58930a230e557e09d1ab259"
	goodToken               = "token-0123456789"
)

// A draft is a request in the making.
type draft struct {
	*rand.Rand
	method, target, version string
	end                     string // of a line
	header                  []string
	body                    []byte
	framing                 string // "length", "chunked", "none" or "given", in the header
	behind                  []byte // the end that the framing gives
	front                   string // before the first line
	machine, file           string
}

func pick[T any](d *rand.Rand, of ...T) T { return of[d.IntN(len(of))] }

// newDraft is a request that has nothing to hide: of any harmless shape, or one
// that acts.
func newDraft(r *rand.Rand) *draft {
	d := &draft{Rand: r, method: "POST", version: "HTTP/1.1", end: "\r\n", framing: "length", machine: InertPrefix +
		"aaaaaaaaaaaaaaaaaaaaaa", file: inertFile}
	if r.IntN(6) == 0 {
		d.machine = pick(r, ownMachine, otherMachine)
	}
	if r.IntN(6) == 0 {
		d.file = pick(r, ownFile, otherFile)
	}
	if r.IntN(8) == 0 {
		d.machine, d.file = ownMachine, ownFile
	}
	d.target = "/testwdatppreview/machines/" + d.machine + "/" + pick(r, "requestSample", "stopAndQuarantineFile")
	d.body = fmt.Appendf(nil, `{"Comment": "fmaspec-%016x", "Sha1": "%s"}`, r.Uint64(), d.file)
	d.header = []string{"Host: tenant.example", "User-Agent: fmaspec", "Accept: application/json"}
	authorization, media := "Authorization: Bearer "+goodToken, "Content-Type: application/json"
	switch r.IntN(9) {
	case 0:
		authorization = ""
	case 1:
		authorization = "Authorization: " + pick(r, "Bearer", "Basic dXNlcjpwYXNz", "Bearer reader-0123456789",
			"Bearer invalid-0123456789", goodToken, "Bearer"+goodToken, "")
	case 2:
		media = "Content-Type: " + pick(r, otherMedia...)
	case 3:
		d.body = pick(r, []byte("{"), []byte(""), []byte("null"), []byte("[]"), append(d.body, '}'),
			d.body[:len(d.body)-2], []byte(`{"Sha1": "`+d.file+`"}`), []byte(`{"Comment": "x"}`))
	case 4, 5:
		d.method = pick(r, otherMethods...)
	case 6:
		d.method, d.target, d.body, d.framing, media = pick(r, safeMethods...),
			pick(r, "/healthz", "/", "/testwdatppreview/machines"), nil, "none", ""
	case 7:
		d.framing = "chunked"
		authorization = ""
	}
	for _, f := range []string{authorization, media} {
		if f != "" {
			d.header = append(d.header, f)
		}
	}
	return d
}

// bytes are the draft as it goes out.
func (d *draft) bytes() []byte {
	header, body := slices.Clone(d.header), d.body
	switch d.framing {
	case "length":
		header = append(header, fmt.Sprintf("Content-Length: %d", len(d.body)))
	case "chunked":
		header = append(header, "Transfer-Encoding: chunked")
		body = chunks(d.Rand, d.body)
	}
	head := d.front + d.method + " " + d.target
	if d.version != "" {
		head += " " + d.version
	}
	for _, f := range header {
		head += d.end + f
	}
	return slices.Concat([]byte(head+d.end+d.end), body, d.behind)
}

func chunks(r *rand.Rand, body []byte) (out []byte) {
	for len(body) > 0 {
		n := 1 + r.IntN(len(body))
		out = fmt.Appendf(out, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return append(out, "0\r\n\r\n"...)
}

// action is a whole request that acts, for somewhere in another one.
func (d *draft) action() string {
	body := `{"Comment": "x", "Sha1": "` + d.someFile() + `"}`
	line := pick(d.Rand, "POST", "post", "PUT") + " /testwdatppreview/machines/" + d.someMachine() + "/requestSample" +
		pick(d.Rand, " HTTP/1.1", " HTTP/1.0", " http/1.1", "", "  HTTP/1.1", "\tHTTP/1.1")
	end := pick(d.Rand, "\r\n", "\n", "\r")
	return line + end + "Host: tenant.example" + end + "Authorization: Bearer " + goodToken + end +
		fmt.Sprintf("Content-Length: %d", len(body)) + end + end + body
}

// someFile and someMachine are somebody's, plain or in disguise.
func (d *draft) someFile() string { return disguised(d.Rand, pick(d.Rand, ownFile, otherFile)) }
func (d *draft) someMachine() string {
	return pick(d.Rand, ownMachine, otherMachine, strings.ToUpper(otherMachine))
}

// disguised writes an id so that it does not show.
func disguised(r *rand.Rand, id string) string {
	each := func(format string, part func(byte) bool) string {
		var b strings.Builder
		for i := range len(id) {
			if part(id[i]) {
				fmt.Fprintf(&b, format, id[i])
			} else {
				b.WriteByte(id[i])
			}
		}
		return b.String()
	}
	some := func(byte) bool { return r.IntN(3) == 0 }
	all := func(byte) bool { return true }
	switch r.IntN(26) {
	case 0:
		return each(`\u%04x`, some)
	case 1:
		return each(`\u%04X`, all)
	case 2:
		return each(`%%%02x`, some)
	case 3:
		return strings.ReplaceAll(each(`%%%02X`, all), "%", "%25")
	case 4:
		return each(`&#%d;`, some)
	case 5:
		return each(`&#x%x;`, all)
	case 6:
		return each(`\x%02x`, some)
	case 7:
		return each(`\\u%04x`, some)
	case 8:
		return base64.StdEncoding.EncodeToString([]byte(id))
	case 9:
		return base64.URLEncoding.EncodeToString([]byte(`{"Sha1":"` + id + `"}`))
	case 10:
		return strings.ToUpper(id)
	case 11:
		return id[:13] + pick(r, " ", "-", ":", "\u200b", "\u00ad", "\ufeff", `\n`, "\t", "\u2060") + id[13:]
	case 12:
		return each("%c\u200b", some)
	case 13:
		return strings.Map(func(c rune) rune { return c - '!' + 0xFF01 }, id)
	case 14:
		return each("%c\x00", all)
	case 15:
		return each("\x00%c", all)
	case 16:
		return each(`\%03o`, some)
	case 17:
		return id[:20] + "<!-- -->" + id[20:]
	case 18:
		return "<![CDATA[" + id[:7] + "]]><![CDATA[" + id[7:] + "]]>"
	case 19:
		units := utf16.Encode([]rune(id[:9]))
		var wide []byte
		for _, u := range units {
			wide = append(wide, byte(u>>8), byte(u))
		}
		return "+" + base64.RawStdEncoding.EncodeToString(wide) + "-" + id[9:]
	case 20:
		return each(`\u{%x}`, some)
	case 21:
		return each(`%%u%04x`, some)
	case 22:
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(id))))
	case 23:
		return id + "0"
	case 24:
		text, _ := json.Marshal(`{"Sha1":"` + id + `"}`)
		return strings.Trim(string(text), `"`)
	}
	return id
}

// wide writes text in UTF-16.
func wide(text []byte, big bool) (out []byte) {
	for _, b := range text {
		if big {
			out = append(out, 0, b)
		} else {
			out = append(out, b, 0)
		}
	}
	return out
}

func (d *draft) field(f string) {
	at := d.IntN(len(d.header) + 1)
	d.header = slices.Insert(d.header, at, f)
}

// A hiding is a way to hide an action in a request.
type hidingPlace struct {
	name string
	hide func(*draft)
}

func hidingPlaces() []hidingPlace {
	named := func(d *draft, member, value string) {
		d.body = fmt.Appendf(nil, pick(d.Rand, `{"Comment": "x", %q: "%s"}`,
			`{%[1]q: "%[2]s", "Comment": "c", "Sha1": "`+inertFile+`"}`, `{"Comment": "c", "Sha1": "`+inertFile+
				`", %[1]q: "%[2]s"}`,
			`{"Comment": {%q: "%s"}}`, `[{"Comment": "c", %q: "%s"}]`, `"{\"Comment\": \"c\", \"%s\": \"%s\"}"`,
			`%s=%s&Comment=c`, `<Request><%[1]s>%[2]s</%[1]s></Request>`, `{"Comment": "c", %q: "%s"`,
			`{Comment: 'c', %s: '%s'}`), member, value)
	}
	return []hidingPlace{
		{"a second request as the body", func(d *draft) { d.body = []byte(d.action()) }},
		{"a second request behind the body", func(d *draft) {
			d.body = append(d.body,
				pick(d.Rand, "", "\r\n", "\n", "\r\n\r\n")+d.action()...)
		}},
		{"a second request behind the end", func(d *draft) {
			d.behind = []byte(pick(d.Rand, "", "\r\n", "\n") +
				d.action())
		}},
		{"a body without a length", func(d *draft) { d.framing = "none"; d.body = append(d.body, d.action()...) }},
		{"a length of nothing", func(d *draft) {
			d.framing = "given"
			d.field("Content-Length: 0")
			d.body = []byte(pick(d.Rand, "", "\r\n") + d.action())
		}},
		{"a length that is wrong", func(d *draft) {
			d.framing = "given"
			d.field(fmt.Sprintf("Content-Length: %d", max(0, len(d.body)+d.IntN(80)-40)))
			d.behind = pick(d.Rand, nil, []byte(d.action()))
		}},
		{"a length written oddly", func(d *draft) {
			n := len(d.body)
			d.framing = "given"
			d.field(pick(d.Rand, "Content-Length: +%d", "Content-Length: 0%d", "Content-Length: %d, %[1]d",
				"Content-Length: 0x%x", "Content-Length:  %d", "Content-Length:%d", "Content-Length: %d ",
				"Content-Length: -%d", "Content-Length : %d", "Content_Length: %d", " Content-Length: %d",
				"Content-Length: %d.0", "Content-Length: 1e%d", "content-length: %d", "X: y\r\n Content-Length: %d",
				"Content-Length:\t%d", "Content-Length: %d\x00", "Content-Length: %d\x0b",
				"Content-Length: 0\r\nContent-Length: %d"))
			at := slices.IndexFunc(d.header, func(f string) bool { return strings.Contains(f, "%") })
			d.header[at] = fmt.Sprintf(d.header[at], n)
			d.behind = pick(d.Rand, nil, []byte(d.action()))
		}},
		{"two framings", func(d *draft) {
			d.field(pick(d.Rand, "Transfer-Encoding: chunked", "Content-Length: 0", "Content-Length: 5",
				"Transfer-Encoding: identity", "Transfer-Encoding: Chunked", "Transfer-Encoding: xchunked",
				"Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip, chunked",
				"Transfer-Encoding:\tchunked", "Transfer-Encoding : chunked", "Transfer_Encoding: chunked",
				" Transfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\x00",
				"Transfer-Encoding:\x0bchunked", "Transfer-Encoding: \"chunked\""))
			if d.IntN(2) == 0 {
				d.body = []byte("0\r\n\r\n" + d.action())
			}
		}},
		{"chunks that end before the bytes", func(d *draft) {
			d.framing = "given"
			d.field(pick(d.Rand, "Transfer-Encoding: chunked", "transfer-encoding: chunked",
				"Transfer-Encoding: CHUNKED"))
			d.body = []byte(pick(d.Rand, "0\r\n\r\n", "1\r\nx\r\n0\r\n\r\n", "0\r\nX: y\r\n\r\n", "00\r\n\r\n",
				"0;x=y\r\n\r\n", "0\n\n", "0\r\n", "\r\n0\r\n\r\n", " 0\r\n\r\n") + pick(d.Rand, d.action(), ""))
		}},
		{"chunks written oddly", func(d *draft) {
			d.framing = "given"
			d.field("Transfer-Encoding: chunked")
			n := len(d.body)
			d.body = fmt.Appendf(nil, pick(d.Rand, "%x;ext=\"\n"+d.action()+"\"\r\n%s\r\n0\r\n\r\n",
				"0%x\r\n%s\r\n0\r\n\r\n", "0x%x\r\n%s\r\n0\r\n\r\n", "%X\r\n%s\r\n0\r\n\r\n", "%x \r\n%s\r\n0\r\n\r\n",
				"%x\n%s\n0\n\n", "%x\r\n%s0\r\n\r\n", "+%x\r\n%s\r\n0\r\n\r\n", "%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n",
				"%x\r%s\r0\r\r", "-%x\r\n%s\r\n0\r\n\r\n"), n, d.body)
		}},
		{"a line end in a field", func(d *draft) {
			d.field("X-Note: a" + pick(d.Rand, "\r\n", "\n", "\r", "\r\n\r\n", "\n\n", "\x0b", "\x0c", "\x00", "\x85",
				"\u2028", "\x1e", "\u0085") + pick(d.Rand, d.action(), "X-HTTP-Method-Override: POST",
				"Content-Length: 0"))
		}},
		{"a line end in a listed field", func(d *draft) {
			at := d.IntN(len(d.header))
			d.header[at] += pick(d.Rand, "\r\n", "\n", "\r", "\n\n", "\r\n\r\n", "\x85", "\x00\n") +
				pick(d.Rand, d.action(), "Transfer-Encoding: chunked", "Content-Length: 0", "X-Machine-Id: "+
					otherMachine)
		}},
		{"a line end behind the target", func(d *draft) {
			d.target += pick(d.Rand, " HTTP/1.1\r\n\r\n", "\n", "\r\n", "\r", " HTTP/1.1\nHost: tenant.example\n\n",
				"\x0b", "\t", "\x00") + pick(d.Rand, "", d.action())
		}},
		{"something before the first line", func(d *draft) {
			d.front = pick(d.Rand, "\r\n", "\n", " ", "\t", "\x00",
				d.action(), "\xef\xbb\xbf")
		}},
		{"a first line written oddly", func(d *draft) {
			d.method = pick(d.Rand, d.method+" ", d.method+"\t", strings.ToLower(d.method), " "+d.method, d.method)
			d.version = pick(d.Rand, "HTTP/1.0", "", "http/1.1", "HTTP/2.0", "HTTP/1.1 ", " HTTP/1.1", "HTTP/0.9",
				"HTTP/1.1\r", "HTTP/1.1")
		}},
		{"lines that end oddly", func(d *draft) { d.end = pick(d.Rand, "\n", "\r", "\r\r\n", "\n\r", "\r\n ") }},
		{"a folded field", func(d *draft) {
			d.field("Accept-Language: de,\r\n" + pick(d.Rand, " ", "\t") +
				pick(d.Rand, "en", "X-HTTP-Method-Override: POST", d.action()))
		}},
		{"a very long field", func(d *draft) {
			d.field(pick(d.Rand, "X-Long: ", "Accept-Language: ", "User-Agent: ") +
				strings.Repeat(pick(d.Rand, "a", " "), pick(d.Rand, 100, 1000, 4096, 8192, 65536)) +
				pick(d.Rand, d.action(), "a", "POST /testwdatppreview/machines/"+otherMachine+"/requestSample"))
		}},
		{"another method in a field", func(d *draft) {
			d.field(pick(d.Rand, "X-HTTP-Method-Override", "x-http-method", "X-Method-Override",
				"X_HTTP_Method_Override", "X-Http-Method-Override ", "_method") + ": " + pick(d.Rand, "POST", "post",
				"DELETE"))
			if d.IntN(2) == 0 {
				d.method = pick(d.Rand, safeMethods...)
			}
			d.target = "/testwdatppreview/machines/" + d.someMachine() + "/requestSample"
		}},
		{"another target in a field", func(d *draft) {
			d.field(pick(d.Rand, "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Original-URI",
				"Destination", "X-Forwarded-Uri") + ": /testwdatppreview/machines/" + d.someMachine() +
				"/requestSample")
		}},
		{"a machine in a field", func(d *draft) {
			d.field(pick(d.Rand, "X-Machine-Id", "Machine", "X-Machine", "X_Machine_Id") + ": " + d.someMachine())
		}},
		{"a file in a field", func(d *draft) { d.field(pick(d.Rand, "X-Sha1", "Sha1") + ": " + d.someFile()) }},
		{"another host", func(d *draft) {
			d.header[0] = "Host: " + pick(d.Rand, "other.example", "tenant.example, other.example",
				"other.example@tenant.example", "tenant.example:81", "TENANT.example:80", "tenant.example.", "")
		}},
		{"two hosts", func(d *draft) { d.field("Host: " + pick(d.Rand, "other.example", "tenant.example")) }},
		{"an absolute target", func(d *draft) {
			d.target = pick(d.Rand, "http://tenant.example", "http://other.example",
				"http://tenant.example@other.example", "HTTP://TENANT.EXAMPLE", "https://tenant.example",
				"//other.example", "http:") + d.target
		}},
		{"a machine behind escapes", func(d *draft) {
			id := d.someMachine()
			d.target = "/testwdatppreview/machines/" + pick(d.Rand, fmt.Sprintf("%%%02x%s", id[0], id[1:]),
				fmt.Sprintf("%%25%02x%s", id[0], id[1:]), d.machine+"/../"+id, d.machine+"%2f..%2f"+id, d.machine+
					"%2F%2E%2e/"+id, d.machine+`\..\`+id, d.machine+";x/../"+id, d.machine+"/./../"+id,
				d.machine+"/%2e%2e/"+id, id+";"+d.machine, d.machine+"%00"+id, d.machine+"/machines/"+id, d.machine+
					"%3b/../"+id) + "/requestSample"
		}},
		{"an operation in other letters", func(d *draft) {
			d.target = pick(d.Rand, "/testwdatppreview//machines/", "/TESTWDATPPREVIEW/Machines/",
				"/./testwdatppreview/machines/", "/x/../testwdatppreview/machines/", "/v1/testwdatppreview/machines/",
				"/testwdatppreview/machines//") + d.someMachine() + pick(d.Rand, "/REQUESTSAMPLE", "/request%53ample",
				"/requestSample/", "/requestSample;x", "//requestSample", "/requestSample%20", "/requestSample/.",
				"/requestSample#")
		}},
		{"a query", func(d *draft) {
			d.target += pick(d.Rand, "?machine=", "?id=", "?x=y&machineId=", "?_method=POST&id=", "?sha1="+d.someFile()+
				"&id=", "%3fid=", ";id=", "?%69d=") + d.someMachine()
		}},
		{"a fragment", func(d *draft) { d.target += "#/../../" + d.someMachine() + "/requestSample" }},
		{"a file in the body", func(d *draft) {
			named(d, pick(d.Rand, "Sha1", "sha1", "SHA1", "Comment", "hash", `S\u0068a1`), d.someFile())
		}},
		{"a machine in the body", func(d *draft) {
			named(d, pick(d.Rand, "machine", "machineId", "MachineId", "id", "device"), d.someMachine())
		}},
		{"a method in the body", func(d *draft) {
			named(d, pick(d.Rand, "_method", "method", "X-HTTP-Method-Override"), "POST")
			d.target = "/testwdatppreview/machines/" + d.someMachine() + "/requestSample"
		}},
		{"a file in pieces", func(d *draft) {
			id := pick(d.Rand, ownFile, otherFile)
			d.body = []byte(pick(d.Rand, `{"Comment": "c", "Sha1": ["`+id[:20]+`", "`+id[20:]+`"]}`,
				`{"Comment": "c", "Sha1": "`+id[:20]+`\`+"\n"+id[20:]+`"}`, `{"Comment": "c", "Sha1": "`+id[:20]+
					`" + "`+id[20:]+`"}`, `{"Comment": "c", "Sha1": "`+id[:9]+`-`+id[9:19]+`-`+id[19:]+`"}`))
		}},
		{"a member twice", func(d *draft) {
			d.body = []byte(`{"Comment": "c", "Sha1": "` + d.someFile() + `", "Sha1": "` + inertFile +
				`", "Comment": ` + pick(d.Rand, `7`, `"c"`) + `}`)
		}},
		{"a packed body", func(d *draft) {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write([]byte(`{"Comment": "c", "Sha1": "` + otherFile + `"}`))
			z.Close()
			d.body = b.Bytes()
			if d.IntN(2) == 0 {
				d.body = []byte(`{"Comment": "` + base64.StdEncoding.EncodeToString(b.Bytes()) + `"}`)
			}
			if d.IntN(2) == 0 {
				d.field("Content-Encoding: gzip")
			}
		}},
		{"a wide body", func(d *draft) {
			d.body = wide([]byte(`{"Comment": "c", "Sha1": "`+otherFile+`"}`), d.IntN(2) == 0)
			if d.IntN(2) == 0 {
				d.body = append([]byte(pick(d.Rand, "\xff\xfe", "\xfe\xff", "\xef\xbb\xbf")), d.body...)
			}
			d.charset()
		}},
		{"another charset", (*draft).charset},
		{"a form of parts", func(d *draft) {
			coding, file := "", d.someFile()
			if d.IntN(2) == 0 {
				coding = "Content-Transfer-Encoding: quoted-printable\r\n"
				file = fmt.Sprintf("=%02X%s", otherFile[0], otherFile[1:])
			}
			d.body = []byte("--b\r\nContent-Disposition: form-data; name=\"Sha1\"\r\n" + coding + "\r\n" + file +
				"\r\n--b--\r\n")
			d.header = append(d.header, "Content-Type: multipart/form-data; boundary=b")
		}},
		{"entities of its own", func(d *draft) {
			d.body = []byte(`<!DOCTYPE r [<!ENTITY a "` + otherFile[:20] + `"><!ENTITY b "` + otherFile[20:] +
				`">]><r><Sha1>&a;&b;</Sha1></r>`)
		}},
		{"credentials elsewhere", func(d *draft) {
			d.header = slices.DeleteFunc(d.header, func(f string) bool { return strings.HasPrefix(f, "Authorization") })
			switch d.IntN(5) {
			case 0:
				d.field(pick(d.Rand, "Cookie: token=", "X-Auth-Token: ", "Proxy-Authorization: Bearer ",
					"authorization: bearer ", "Authorization: BEARER  ", "Authorization:\tBearer\t",
					"Authorization: Basic x, Bearer ", "Authorization: Bearer x, Bearer ", "User-Agent: ") + goodToken)
			case 1:
				d.field("Authorization: Basic x")
				d.field("Authorization: Bearer " + goodToken)
			case 2:
				d.target += "?access_token=" + goodToken
			case 3:
				d.body = []byte("access_token=" + goodToken + "&Comment=c&Sha1=" + inertFile)
			case 4:
				d.field("Authorization: Bearer " + pick(d.Rand, "another-token", `"`+goodToken+`"`, goodToken+",",
					goodToken+" "))
			}
		}},
		{"a connection that names fields", func(d *draft) {
			d.field("Connection: " + pick(d.Rand, "close, Content-Length", "keep-alive, Host", "Authorization", "close",
				"Transfer-Encoding", "Upgrade, HTTP2-Settings"))
		}},
		{"a change of protocol", func(d *draft) {
			d.field(pick(d.Rand, "Upgrade: h2c", "HTTP2-Settings: AAMAAABk", "TE: trailers", "Trailer: Host",
				"Expect: 200-ok", "Expect: 100-continue"))
		}},
	}
}

func (d *draft) charset() {
	for i, f := range d.header {
		if strings.HasPrefix(f, "Content-Type:") {
			d.header[i] += pick(d.Rand, "; charset=utf-16", "; charset=utf-16le", "; charset=utf-7",
				"; charset=\"utf-16\"", ";charset=UTF-32", "; Charset=ibm037", "; charset=utf-8",
				"; x=\"; charset=utf-16", "; charset*=utf-8''utf-16")
		}
	}
}

// A listener hands a server connections that hold all that was sent, one after the
// other.
type memoryListener chan net.Conn

func (l memoryListener) Accept() (net.Conn, error) {
	if c, open := <-l; open {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l memoryListener) Close() error   { return nil }
func (l memoryListener) Addr() net.Addr { return &net.TCPAddr{} }

type memoryConn struct {
	*bytes.Reader
	once  sync.Once
	done  chan struct{}
	acted []action
	sure  int // requests that a server acts on which checks everything
}

func (c *memoryConn) Write(b []byte) (int, error)      { return len(b), nil }
func (c *memoryConn) Close() error                     { c.once.Do(func() { close(c.done) }); return nil }
func (c *memoryConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *memoryConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *memoryConn) SetDeadline(time.Time) error      { return nil }
func (c *memoryConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memoryConn) SetWriteDeadline(time.Time) error { return nil }

type memoryKey struct{}

// standardServer is net/http with a handler that acts on whatever it finds.
func standardServer(t testing.TB) func([]byte) *memoryConn {
	l := make(memoryListener)
	server := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, memoryKey{},
				c)
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := r.Context().Value(memoryKey{}).(*memoryConn)
			body, _ := io.ReadAll(r.Body)
			one := letter{method: r.Method, targets: []string{r.RequestURI, r.URL.Path}, bodies: [][]byte{body}}
			for name, values := range r.Header {
				for _, v := range values {
					one.header = append(one.header, [2]string{strings.ReplaceAll(strings.ToLower(name), "_", "-"), v})
				}
			}
			c.acted = append(c.acted, one.actions()...)
			if surely(r, body) {
				c.sure++
			}
		}),
	}
	go server.Serve(l)
	t.Cleanup(func() { close(l); server.Close() })
	return func(b []byte) *memoryConn {
		c := &memoryConn{Reader: bytes.NewReader(b), done: make(chan struct{})}
		l <- c
		<-c.done
		return c
	}
}

// surely reports whether a server that checks everything accepts the request.
func surely(r *http.Request, body []byte) bool {
	var usable struct{ Comment, Sha1 string }
	media := strings.ToLower(r.Header.Get("Content-Type"))
	return r.Method == "POST" && strings.HasPrefix(r.URL.Path, "/testwdatppreview/machines/") &&
		slices.Contains(strings.Fields(r.Header.Get("Authorization")), goodToken) &&
		strings.HasPrefix(strings.ToLower(r.Header.Get("Authorization")), "bearer ") &&
		(media == "" || strings.HasPrefix(media, "application/json")) && json.Unmarshal(body, &usable) == nil &&
		strings.TrimSpace(usable.Comment) != "" && len(usable.Sha1) == hashDigits
}

// TestNothingHiddenTakesEffect shows the guard requests that hide an action in every
// way that is known here, and has two lenient servers read what it lets pass: no
// server may find an action on a machine or a file of somebody's that is not in the
// journal.
func TestNothingHiddenTakesEffect(t *testing.T) {
	const workers = 2
	places := hidingPlaces()
	type count struct{ made, passed, recorded, acting int }
	counts := make([]count, workers)
	ways := make([]map[string]int, workers)
	var all sync.WaitGroup
	for w := range workers {
		serve := standardServer(t)
		ways[w] = map[string]int{}
		all.Go(func() {
			n := &counts[w]
			guards := []*Guard{remoteGuardOf(false), remoteGuardOf(true)}
			for i := w; i < *hiding && !t.Failed(); i += workers {
				r := rand.New(rand.NewPCG(41, uint64(i)))
				d := newDraft(r)
				used := ""
				for range r.IntN(4) {
					place := places[r.IntN(len(places))]
					place.hide(d)
					used += place.name + ", "
				}
				sent := d.bytes()
				n.made++
				g := guards[i/workers%2]
				var entry *record.JournalEntry
				g.journal = func(e record.JournalEntry) error { entry = &e; return nil }
				_, werr := g.Permit(wire.Sending{Method: d.method, Bytes: sent})
				if werr != nil {
					if i%64 < workers && len(allActions(sent)) > 0 {
						n.acting++
					}
					continue
				}
				n.passed++
				c := serve(sent)
				acted := append(c.acted, allActions(sent)...)
				switch {
				case entry == nil && len(acted) > 0:
					t.Errorf("input %d (%s): a lenient server did %+v, and the journal does not know:\n%q", i, used,
						acted, sent)
				case entry == nil && c.sure > 0:
					t.Errorf("input %d (%s): nothing but made-up ids keeps this from taking effect:\n%q", i, used, sent)
				case entry != nil:
					n.recorded++
					for _, a := range acted {
						if a.operation != entry.Operation || len(a.machines) > 0 &&
							!slices.Equal(a.machines, []string{entry.Machine}) || len(a.files) > 0 &&
							!slices.Equal(a.files, []string{entry.File}) {
							t.Errorf("input %d (%s): a lenient server did %+v, and the journal has %+v:\n%q", i, used,
								a, *entry, sent)
							break
						}
					}
				}
				if used == "" {
					used = "nothing, "
				}
				ways[w][used]++
			}
		})
	}
	all.Wait()
	var sum count
	for _, n := range counts {
		sum = count{sum.made + n.made, sum.passed + n.passed, sum.recorded + n.recorded, sum.acting + n.acting}
	}
	t.Logf("%d requests made up in %d ways: the guard let %d pass, %d of them on record; of every 32nd that it "+
		"withheld, a lenient server would have acted on %d", sum.made, len(places), sum.passed, sum.recorded,
		sum.acting)
	require.Greater(t, sum.passed, sum.made/20, "want what is harmless to pass, or else nothing is tried")
	require.Greater(t, sum.recorded, sum.made/1000, "want what is armed to pass")
	require.Greater(t, sum.acting, sum.made/200, "want what is withheld to be dangerous")
}

// remoteGuardOf returns a guard for a target that is not loopback, which may have
// requestSample armed.
func remoteGuardOf(armed bool) *Guard {
	var names []string
	if armed {
		names = []string{"requestSample"}
	}
	return guardOf(Target{
		Endpoint: wire.Endpoint{URL: "http://tenant.example"}, Token: goodToken, InvalidToken: "invalid-0123456789",
		UnprivilegedToken: "reader-0123456789", Machine: ownMachine, File: ownFile,
	}, 1<<30, names...)
}
