package redact

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFieldOfEachAnswerIsNoSecretByItsName(t *testing.T) {
	for name, want := range map[string]bool{"Access-Control-Allow-Credentials": false, "WWW-Authenticate": false,
		"access-control-allow-credentials": false, "X-Credentials": true, "Authorization": true, "Host": false} {
		require.Equal(t, want, IsSecretName(name), name)
	}
}
