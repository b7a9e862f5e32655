// Command nethttp serves both operations by net/http, with its defaults.
// With MEND=1 it reads a body as the documents have it; see docs/stacks.md.
package main

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"mime"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

var mend = os.Getenv("MEND") == "1"

type actionRequest struct {
	Comment, Sha1 *string
}

type fileInstance struct {
	FilePath string `json:"filePath"`
	Status   string `json:"status"`
}

type fileMachineAction struct {
	Context               string         `json:"@odata.context"`
	ID                    string         `json:"id"`
	Sha1                  string         `json:"sha1"`
	Type                  string         `json:"type"`
	Requestor             string         `json:"requestor"`
	RequestorComment      string         `json:"requestorComment"`
	Status                string         `json:"status"`
	FileID                string         `json:"fileId"`
	MachineID             string         `json:"machineId"`
	CreationDateTimeUtc   time.Time      `json:"creationDateTimeUtc"`
	LastUpdateDateTimeUtc time.Time      `json:"lastUpdateDateTimeUtc"`
	FileInstances         []fileInstance `json:"fileInstances"`
}

var sha1 = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /testwdatppreview/machines/{id}/requestSample", act("RequestSample"))
	mux.HandleFunc("POST /testwdatppreview/machines/{id}/stopAndQuarantineFile", act("StopAndQuarantineFile"))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8080"), mux))
}

func act(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		token = strings.TrimSpace(token)
		switch {
		case !strings.EqualFold(scheme, "Bearer") || token == "":
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "a bearer token is required", http.StatusUnauthorized)
			return
		case token == os.Getenv("FMASPEC_UNPRIVILEGED_TOKEN"):
			http.Error(w, "the user has neither role", http.StatusForbidden)
			return
		case token != os.Getenv("FMASPEC_TOKEN"):
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "the token is not valid", http.StatusUnauthorized)
			return
		}
		machine := r.PathValue("id")
		if !slices.Contains(strings.Split(os.Getenv("MACHINES"), ","), machine) {
			http.Error(w, "no such machine", http.StatusNotFound)
			return
		}
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || media != "application/json" {
			http.Error(w, "want application/json", http.StatusUnsupportedMediaType)
			return
		}
		request, err := read(http.MaxBytesReader(w, r.Body, 1<<20))
		switch {
		case err != nil:
			http.Error(w, "the body is not a JSON object: "+err.Error(), http.StatusBadRequest)
			return
		case request.Comment == nil || strings.TrimSpace(*request.Comment) == "":
			http.Error(w, "Comment is missing", http.StatusBadRequest)
			return
		case request.Sha1 == nil || !sha1.MatchString(*request.Sha1):
			http.Error(w, "Sha1 is missing, or not 40 hexadecimal digits", http.StatusBadRequest)
			return
		}
		now := time.Now().UTC()
		if mend {
			now = now.Truncate(time.Microsecond)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(fileMachineAction{
			Context:   "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
			ID:        uuid(),
			Sha1:      *request.Sha1,
			Type:      kind,
			Requestor: "Analyst@contoso.com", RequestorComment: *request.Comment,
			Status: "InProgress",
			FileID: *request.Sha1, MachineID: machine,
			CreationDateTimeUtc: now, LastUpdateDateTimeUtc: now,
			FileInstances: []fileInstance{{`C:\Windows\System32\conhost.exe`, "InProgress"}},
		})
	}
}

func read(body io.Reader) (request actionRequest, err error) {
	if !mend {
		err = json.NewDecoder(body).Decode(&request)
		return request, err
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return request, err
	}
	// A map has its keys byte for byte, and Unmarshal takes one value, where Decode leaves what follows it.
	var members map[string]any
	err = json.Unmarshal(data, &members)
	if text, ok := members["Comment"].(string); ok {
		request.Comment = &text
	}
	if text, ok := members["Sha1"].(string); ok {
		request.Sha1 = &text
	}
	return request, err
}

func uuid() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
