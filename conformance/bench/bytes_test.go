package bench

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
	"fmaspec/conformance/traffic/planted"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

var checkSize = flag.Int("check-size", 16, "MiB of each file that BenchmarkCheck makes")

// answered returns an exchange with the answer of the documents' example.
func answered() record.Exchange {
	at := time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)
	x := record.Exchange{}
	x.Request = record.Request{Method: "POST",
		URL: "https://api.example.com/testwdatppreview/machines/" + machine + "/requestSample",
		Header: []record.Field{{Name: "Host", Value: "api.example.com"},
			{Name: "Authorization", Value: "Bearer abc.def.ghi"},
			{Name: "Content-Type", Value: "application/json"}},
		Body: record.Body(`{"Comment": "Request Sample on machine due to alert 32123", ` +
			`"Sha1": "8d25682b3a82af25b42dc90291c35ff3293daa68"}`)}
	x.Response = &record.Response{Status: 201, Proto: "HTTP/1.1", Header: http.Header{
		"Content-Type": {"application/json; odata.metadata=minimal"}, "Date": {"Tue, 03 Mar 2026 10:00:00 GMT"}},
		Body: record.Body(`{
  "@odata.context": "https://api.example.com/testwdatppreview/$metadata#FileMachineActions/$entity",
  "id": "c083f601-012f-4955-b4cc-fab50fb69d79",
  "sha1": "8d25682b3a82af25b42dc90291c35ff3293daa68",
  "type": "RequestSample",
  "requestor": "analyst@contoso.com ",
  "requestorComment": "Request Sample on machine due to alert 32123",
  "status": "InProgress",
  "fileId": "8d25682b3a82af25b42dc90291c35ff3293daa68",
  "machineId": "7b1f4967d9728e5aa3c06a9e617a22a4a5a17378",
  "creationDateTimeUtc": "2026-03-03T09:59:59.9399004Z",
  "lastUpdateDateTimeUtc": "2026-03-03T09:59:59.9399004Z",
  "fileInstances": [
    {"filePath": "C:\\Users\\x\\AppData\\Local\\Temp\\tool.exe", "status": "InProgress"},
    {"filePath": "C:\\tools\\tool.exe", "status": "InProgress"}
  ]
}`)}
	x.Started, x.Elapsed = at, 20*time.Millisecond
	return x
}

// BenchmarkExchange compares judging one accepted exchange with strictly parsing its answer, and
// with what the libraries take to validate that alone, which find less.
func BenchmarkExchange(b *testing.B) {
	s := suite(b)
	from := answered()
	x := &conformance.Exchange{Sent: conformance.Sent{Request: from.Request, Started: from.Started,
		Operation: "requestSample"}, Response: from.Response, Elapsed: from.Elapsed}
	require.Empty(b, s.Judge(x).Findings)
	body := []byte(from.Response.Body)
	library, err := schemas.Compile("file-machine-action-request-sample")
	require.NoError(b, err)
	doc, err := openapi.Load()
	require.NoError(b, err)
	kin := doc.T.Paths.Find("/testwdatppreview/machines/{id}/requestSample").Post.Responses.Status(201).Value.
		Content.Get("application/json").Schema.Value
	const each = 200
	timed := func(f func() error) float64 {
		began := time.Now()
		for range each {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(began))
	}
	parse := func() error {
		if !jsontext.Value(body).IsValid() {
			return errors.New("want strict JSON")
		}
		return nil
	}
	ways := map[string]func() error{
		"judged": func() error {
			if s.Judge(x).Findings != nil {
				return errors.New("want no finding")
			}
			return nil
		},
		"accept": func() error {
			if _, ok := library.Accept(body); !ok {
				return errors.New("want it accepted")
			}
			return nil
		},
		"gojsonschema": func() error {
			_, err := library.Validate(body)
			return err
		},
		"kin": func() error {
			value, err := schemas.Decode(body)
			if err != nil {
				return err
			}
			return kin.VisitJSON(value, openapi3.MultiErrors())
		},
	}
	of := map[string]ratios{}
	for b.Loop() {
		for name, f := range ways {
			floor := timed(parse)
			of[name] = append(of[name], timed(f)/floor)
		}
	}
	for name, r := range of {
		r.report(b, name+"-x-parse")
	}
}

// BenchmarkCheck compares judging recorded traffic, as fmaspec check does, with counting the lines of
// the same bytes, and with parsing them strictly. MiB-held is the most memory in use at any time.
func BenchmarkCheck(b *testing.B) {
	var line bytes.Buffer
	require.NoError(b, traffic.Write(&line, answered()))
	entry, err := planted.Styles()[1].Entry(answered()) // Chrome's
	require.NoError(b, err)
	for _, row := range []struct{ name, head, text, last string }{
		{"ndjson", "", line.String(), ""},
		{"har", `{"log":{"entries":[`, string(entry) + ",\n", string(entry) + "]}}"},
	} {
		b.Run(row.name, func(b *testing.B) {
			times := *checkSize<<20/len(row.text) + 1
			stream := func() io.Reader {
				return io.MultiReader(bytes.NewReader([]byte(row.head)), &repeated{text: row.text, times: times},
					bytes.NewReader([]byte(row.last)))
			}
			s := suite(b)
			var ofScan, ofParse ratios
			var peak float64
			b.SetBytes(int64(times * len(row.text)))
			for b.Loop() {
				scan := timedRead(b, func() error {
					lines := bufio.NewScanner(stream())
					lines.Buffer(nil, 1<<20)
					for lines.Scan() {
					}
					return lines.Err()
				})
				parse := timedRead(b, func() error {
					d := jsontext.NewDecoder(stream())
					for {
						if err := d.SkipValue(); errors.Is(err, io.EOF) {
							return nil
						} else if err != nil {
							return err
						}
					}
				})
				check := timedRead(b, func() error {
					w := s.Watch(conformance.WatchOptions{})
					n := 0
					_, err := traffic.Read(stream(), traffic.Options{Head: w.Begin}, func(e traffic.Entry) error {
						if e.Exchange == nil {
							return errors.New(e.Problem)
						}
						w.Note(*e.Exchange)
						if n++; n%2048 == 0 {
							var m runtime.MemStats
							runtime.ReadMemStats(&m)
							peak = max(peak, float64(m.HeapInuse))
						}
						return nil
					})
					return err
				})
				ofScan, ofParse = append(ofScan, check/scan), append(ofParse, check/parse)
			}
			ofScan.report(b, "x-scan")
			ofParse.report(b, "x-parse")
			b.ReportMetric(peak/(1<<20), "MiB-held")
		})
	}
}

func timedRead(b *testing.B, f func() error) float64 {
	b.Helper()
	from := time.Now()
	require.NoError(b, f())
	return float64(time.Since(from))
}

// repeated reads a text so many times.
type repeated struct {
	text  string
	times int
	at    int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) && r.times > 0 {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, r.at+k
		if r.at == len(r.text) {
			r.at, r.times = 0, r.times-1
		}
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
