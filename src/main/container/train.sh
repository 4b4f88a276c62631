#!/usr/bin/env bash
# Trains the JVM's AOT cache (JEP 483, 514): starts Weir as the image's entry point does, on free ports of localhost,
# exchanges records on its port, reads its actuator, and ends it by SIGTERM. The JVM then writes the cache.
set -euo pipefail
cd /app
log=$(mktemp)

# With the serial collector the cache's heap objects fit the other collectors too, but for ZGC. Training with C1 alone
# (-XX:TieredStopAtLevel=1) saves the start 1 s of CPU time and 12 MB, but what was trained so never gets to C2 later
java @jvm.options -XX:AOTCacheOutput=weir.aot -XX:+UseSerialGC -cp 'weir.jar:plugins/*' io.weir.WeirApplication \
  --spring.config.additional-location=optional:file:/config/ --tcp.server.port=0 --server.port=0 >"$log" 2>&1 &
jvm=$!
# SIGKILL, so that a failed training leaves nothing behind
trap 'kill -KILL "$jvm" 2>/dev/null || true' EXIT

# The port that a line of the log names
port() {
  local line
  for _ in {1..600}; do
    line=$(grep -m 1 -o "$1" "$log" || true)
    if [ -n "$line" ]; then
      echo "${line##*[: ]}"
      return
    fi
    sleep 0.1
  done
  cat "$log" >&2
  return 1
}
http=$(port 'Tomcat started on port [0-9]*')
tcp=$(port 'Listening on [0-9.]*:[0-9]*')

# Sends some bytes and a record of the default format; fails unless the bytes come back
exchange() {
  local echoed
  exec 4<>"/dev/tcp/127.0.0.1/$tcp"
  printf 'data\n' >&4
  read -r -t 10 -u 4 echoed
  [ "$echoed" = data ]
  printf '\0\0\0\1ab\0\0\0\0\0\0\0\2\0\3\0\3@ \0\0' >&4
  exec 4<&- 4>&-
}
get() {
  exec 5<>"/dev/tcp/127.0.0.1/$http"
  printf 'GET /actuator/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&5
  timeout 10 cat <&5 >/dev/null
  exec 5<&- 5>&-
}
for _ in {1..300}; do
  exchange
done
exec 6<>"/dev/tcp/127.0.0.1/$tcp"
for _ in {1..3}; do
  for endpoint in health health/readiness health/liveness info metrics prometheus tcpserver tcpconnections; do
    get "$endpoint"
  done
  sleep 1
done
exec 6<&- 6>&-

kill -TERM "$jvm"
status=0
wait "$jvm" || status=$?
trap - EXIT
tail -n 5 "$log"
rm -rf "$log" /tmp/hsperfdata_* /tmp/tomcat*
# 128 + SIGTERM
[ "$status" = 143 ] && [ -s weir.aot ]
