#!/usr/bin/env bash
# Builds the plug-in for Kafka against the plain jar, with the tests of its own, and runs it against a real broker: two
# containers of the image with the plug-in mounted, behind a real HAProxy. Called by image.sh, while there is an image.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. src/test/container/plain.sh

if ! command -v haproxy >/dev/null; then
  apt-get -o Acquire::Retries=3 update -q
  DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y -q --no-install-recommends haproxy
fi

rm -rf target/kafka
cp -r src/plugins/kafka "$work/kafka"
rm -rf "$work/kafka/target"
against_plain -Dsurefire.rerunFailingTestsCount=1 -f "$work/kafka/pom.xml" verify
mkdir -p target/kafka
cp -r "$work/kafka/target/plugins" "$work/kafka/target/test-classes" target/kafka/
# The broker's own jars, where Maven has put them for this run
cp -r "$work/kafka/target/broker" target/kafka/
mkdir -p target/kafka/surefire-reports
cp "$work"/kafka/target/surefire-reports/TEST-*.xml target/kafka/surefire-reports/
python3 -B src/test/container/kafka_test.py
