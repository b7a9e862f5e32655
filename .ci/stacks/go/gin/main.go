// Command gin serves both operations by Gin, with its defaults. With MEND=1 it reads a body
// as the documents have it; see docs/stacks.md.
package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

var mend = os.Getenv("MEND") == "1"

type actionRequest struct {
	Comment string `json:"Comment" binding:"required"`
	Sha1    string `json:"Sha1" binding:"required"`
}

var sha1 = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

func main() {
	router := gin.New()
	machines := router.Group("/testwdatppreview/machines/:id", authorize)
	machines.POST("/requestSample", act("RequestSample"))
	machines.POST("/stopAndQuarantineFile", act("StopAndQuarantineFile"))
	router.Run("127.0.0.1:" + os.Getenv("PORT"))
}

func authorize(c *gin.Context) {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	token = strings.TrimSpace(token)
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		c.Header("WWW-Authenticate", "Bearer")
		c.AbortWithStatus(http.StatusUnauthorized)
	case token == os.Getenv("FMASPEC_UNPRIVILEGED_TOKEN"):
		c.AbortWithStatus(http.StatusForbidden)
	case token != os.Getenv("FMASPEC_TOKEN"):
		c.Header("WWW-Authenticate", `Bearer error="invalid_token"`)
		c.AbortWithStatus(http.StatusUnauthorized)
	}
}

func act(kind string) gin.HandlerFunc {
	return func(c *gin.Context) {
		machine := c.Param("id")
		if !slices.Contains(strings.Split(os.Getenv("MACHINES"), ","), machine) {
			c.JSON(http.StatusNotFound, gin.H{"error": "no such machine"})
			return
		}
		var request actionRequest
		if err := read(c, &request); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		if strings.TrimSpace(request.Comment) == "" || !sha1.MatchString(request.Sha1) {
			c.JSON(http.StatusBadRequest, gin.H{"error": "want a Comment, and 40 hexadecimal digits as Sha1"})
			return
		}
		now := time.Now().UTC()
		if mend {
			now = now.Truncate(time.Microsecond)
		}
		c.JSON(http.StatusCreated, gin.H{
			"@odata.context":        "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
			"id":                    uuid.NewString(),
			"sha1":                  request.Sha1,
			"type":                  kind,
			"requestor":             "Analyst@contoso.com",
			"requestorComment":      request.Comment,
			"status":                "InProgress",
			"fileId":                request.Sha1,
			"machineId":             machine,
			"creationDateTimeUtc":   now,
			"lastUpdateDateTimeUtc": now,
			"fileInstances":         []gin.H{{"filePath": `C:\Windows\System32\conhost.exe`, "status": "InProgress"}},
		})
	}
}

func read(c *gin.Context, request *actionRequest) error {
	if !mend {
		return c.ShouldBindJSON(request)
	}
	if !strings.EqualFold(c.ContentType(), gin.MIMEJSON) {
		return errors.New("want application/json")
	}
	// A map has its keys byte for byte, and Unmarshal takes one value, where a decoder leaves what follows it.
	data, err := c.GetRawData()
	if err != nil {
		return err
	}
	var members map[string]any
	err = json.Unmarshal(data, &members)
	request.Comment, _ = members["Comment"].(string)
	request.Sha1, _ = members["Sha1"].(string)
	return err
}
