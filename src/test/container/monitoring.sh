#!/usr/bin/env bash
# Tests the alert rules with promtool, then lets a real Prometheus scrape running Weirs under load and checks that every
# rule and every panel of the dashboard gets data. Prometheus comes from Debian's package, unpacked and not installed, so
# that no service of the system starts. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/../../.."

jar=$(ls target/weir-*.jar | grep -v -e '-plain\.jar$' || true)
[ -f "$jar" ] || { echo "No jar: run ./mvnw package before" >&2; exit 1; }
java=
for release in /usr/lib/jvm/*/release; do
  if grep -q '^JAVA_VERSION="25' "$release"; then
    java=${release%/release}/bin/java
  fi
done
[ -n "$java" ] || { echo "No JDK 25 below /usr/lib/jvm" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! command -v prometheus >/dev/null || ! command -v promtool >/dev/null; then
  (
    cd "$work"
    # Where the package lists are old, the package is gone
    apt() {
      apt-get -q -o Acquire::Retries=3 "$@"
    }
    apt download prometheus 2>/dev/null || { apt update; apt download prometheus; }
    dpkg-deb -x prometheus_*.deb prometheus
  )
  export PATH=$work/prometheus/usr/bin:$PATH
fi

promtool check rules src/prometheus/weir-rules.yml
promtool test rules src/prometheus/weir-rules-test.yml
WEIR_JAVA=$java WEIR_JAR=$jar python3 -B src/test/container/monitoring_test.py
