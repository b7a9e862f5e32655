package reference

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"strings"
)

// metadata is the target of the context URL of every answer.
const metadata = "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity"

// timeLayout is the form of the times in the documents' examples: seven digits
// of a second, UTC.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

// accept answers a request that passed every check.
func (s *server) accept(x *exchange) *answer {
	now := s.Now().UTC().Format(timeLayout)
	hash := strings.ToLower(x.sha1)
	status := "InProgress"
	if s.OfflineMachine != "" && strings.EqualFold(x.machine, s.OfflineMachine) {
		status = "Pending"
	}
	return jsonAnswer(http.StatusCreated, Object{
		{"@odata.context", metadata},
		{"id", s.NewID()},
		{"sha1", hash},
		{"type", typeOf(x.operation.Path)},
		{"requestor", cmp.Or(x.requestor, analyst)},
		{"requestorComment", x.comment},
		{"status", status},
		{"fileId", hash},
		{"machineId", machineID(x.machine)},
		{"creationDateTimeUtc", now},
		{"lastUpdateDateTimeUtc", now},
		{"fileInstances", []any{
			Object{{"filePath", `C:\Users\testUser\Downloads\` + hash[:8] + `.exe`}, {"status", status}},
			Object{{"filePath", `C:\Windows\Temp\` + hash[:8] + ` (2).partial`}, {"status", status}},
		}},
	})
}

// typeOf returns the type of an action: the last segment of its path, with a capital.
func typeOf(path string) string {
	segment := path[strings.LastIndexByte(path, '/')+1:]
	if segment == "" {
		return ""
	}
	return strings.ToUpper(segment[:1]) + segment[1:]
}

// machineID derives 40 digits from the path's id. In the documents, machineId is not the id of
// the path, so it differs here too.
func machineID(id string) string {
	sum := sha1.Sum([]byte("machine " + id))
	return hex.EncodeToString(sum[:])
}
