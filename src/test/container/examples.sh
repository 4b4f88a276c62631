#!/usr/bin/env bash
# Builds the examples against the plain jar as a project of a user's does, and leaves their jars in target/examples.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. src/test/container/plain.sh

rm -rf target/examples
mkdir -p target/examples
for example in lines frames; do
  cp -r "src/examples/$example" "$work/$example"
  against_plain -f "$work/$example/pom.xml" package
  cp "$work/$example/target/$example-1.jar" "target/examples/$example.jar"
done
python3 -B src/test/container/examples_test.py
