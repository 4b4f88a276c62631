#!/usr/bin/env bash
# Builds the plug-in for Kafka and runs it against a real broker, with two Weirs behind a real HAProxy. After ./mvnw verify.
set -euo pipefail
cd "$(dirname "$0")/../../.."

plain=$(echo target/weir-*-plain.jar)
[ -f "$plain" ] || { echo "No plain jar: run ./mvnw package before" >&2; exit 1; }
command -v haproxy >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends haproxy; }

version=${plain#target/weir-}
./mvnw -B -ntp -q install:install-file -Dfile="$plain" -DgroupId=io.weir -DartifactId=weir \
  -Dversion="${version%-plain.jar}" -Dclassifier=plain -Dpackaging=jar
./mvnw -B -ntp -f src/plugins/kafka/pom.xml verify
python3 -B src/test/container/kafka_test.py
