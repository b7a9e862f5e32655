#!/usr/bin/env bash
# Judges a server by one part of the suite, and leaves its report in a folder.
#
#   FMASPEC_URL=https://server.example FMASPEC_TOKEN=… FMASPEC_SEED=… FMASPEC_SHARD=2/5 docs/ci/shard.sh [FLAG…]
#
# The FLAGs are those of fmaspec run. In an Indexed Job of Kubernetes, which sets
# JOB_COMPLETION_INDEX, the part is that of the index, of SHARDS parts. RESULTS names the
# folder (results), and FMASPEC the command (fmaspec). fmaspec report merge puts the
# reports of all parts together, and gives the verdict: a part that found something has
# done its work, so that this exits with 0 whenever there is a report.
set -u -o pipefail

refuse() {
  echo "shard: $*" >&2
  exit 2
}

command=${FMASPEC:-fmaspec}
results=${RESULTS:-results}
if [ -n "${JOB_COMPLETION_INDEX-}" ]; then
  [ -n "${SHARDS-}" ] || refuse 'SHARDS is not set; set it to the completions of the job'
  FMASPEC_SHARD=$((JOB_COMPLETION_INDEX + 1))/$SHARDS
fi
[ -n "${FMASPEC_URL-}" ] || refuse 'FMASPEC_URL is not set; set it to the URL of the server to judge'
[ -n "${FMASPEC_SEED-}" ] || refuse 'FMASPEC_SEED is not set; set it to one text for all parts'
[ -n "${FMASPEC_SHARD-}" ] || refuse 'FMASPEC_SHARD is not set; set it to the part, such as 2/5'
command -v "$command" >/dev/null || refuse "there is no command $command; build it, and name it in FMASPEC"
mkdir -p "$results" || refuse "there can be no folder $results; name another in RESULTS"
report=$results/shard-${FMASPEC_SHARD%/*}.json
rm -f "$report" || refuse "$report cannot be removed; name another folder in RESULTS"
export FMASPEC_SHARD
export FMASPEC_JOURNAL=${FMASPEC_JOURNAL:-$results/fmaspec-journal-${FMASPEC_SHARD%/*}.ndjson}

code=0
"$command" run -report "json=$report" "$@" || code=$?
if [ "$code" = 2 ]; then exit 2; fi
[ -s "$report" ] || exit 3
