#!/usr/bin/env bash
# Builds the plug-in for Kafka against the plain jar, with the tests of its own, and runs it against a real broker: two
# containers of the image with the plug-in mounted, behind a real HAProxy. Called by image.sh, while there is an image. The
# plain jar is in a repository folder of its own, in front of the machine's, which stays as it is.
set -euo pipefail
cd "$(dirname "$0")/../../.."

plain=$(ls target/weir-*-plain.jar)
version=${plain#target/weir-}
version=${version%-plain.jar}
for release in /usr/lib/jvm/*/release; do
  if grep -q '^JAVA_VERSION="25' "$release"; then
    export JAVA_HOME=${release%/release}
  fi
done
if ! command -v haproxy >/dev/null; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends haproxy
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/repository/io/weir/weir/$version"
cp "$plain" "$work/repository/io/weir/weir/$version/"
cp pom.xml "$work/repository/io/weir/weir/$version/weir-$version.pom"

rm -rf target/kafka
cp -r src/plugins/kafka "$work/kafka"
rm -rf "$work/kafka/target"
./mvnw -B -ntp -q -f "$work/kafka/pom.xml" -Dmaven.repo.local="$work/repository" \
  -Dmaven.repo.local.tail="${MAVEN_REPOSITORY:-$HOME/.m2/repository}" verify
mkdir -p target/kafka
cp -r "$work/kafka/target/plugins" "$work/kafka/target/test-classes" target/kafka/
# The broker's own jars, where Maven has put them for this run
cp -r "$work/kafka/target/broker" target/kafka/
mkdir -p target/kafka/surefire-reports
cp "$work"/kafka/target/surefire-reports/TEST-*.xml target/kafka/surefire-reports/
python3 -B src/test/container/kafka_test.py
