#!/usr/bin/env bash
# Judges a server, and leaves every report in a folder, whatever the verdict is.
# Exits as fmaspec run does.
#
#   FMASPEC_URL=https://server.example FMASPEC_TOKEN=… docs/ci/gate.sh [FLAG…]
#
# The FLAGs are those of fmaspec run; each has a variable too. RESULTS names the
# folder (results), and FMASPEC the command (fmaspec).
set -u -o pipefail

refuse() {
  echo "gate: $*" >&2
  exit 2
}

command=${FMASPEC:-fmaspec}
results=${RESULTS:-results}
# Without a target the command judges a server of its own: a gate that has
# forgotten its target would be green.
[ -n "${FMASPEC_URL-}" ] || refuse 'FMASPEC_URL is not set; set it to the URL of the server to judge,' \
  'also where fmaspec.yaml has one'
command -v "$command" >/dev/null || refuse "there is no command $command; build it, and name it in FMASPEC"
mkdir -p "$results" || refuse "there can be no folder $results; name another in RESULTS"
# What an earlier run has left must not pass for what this one finds.
rm -f "$results"/results.{json,xml,html,sarif} || refuse "$results cannot be cleared; name another in RESULTS"
export FMASPEC_JOURNAL=${FMASPEC_JOURNAL:-$results/fmaspec-journal.ndjson}

exec "$command" run \
  -report "json=$results/results.json" \
  -report "junit=$results/results.xml" \
  -report "html=$results/results.html" \
  -report "sarif=$results/results.sarif" \
  "$@"
