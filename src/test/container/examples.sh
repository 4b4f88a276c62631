#!/usr/bin/env bash
# Builds the examples against the plain jar as a project of a user's does, and leaves their jars in target/examples. The
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

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/repository/io/weir/weir/$version"
cp "$plain" pom.xml "$work/repository/io/weir/weir/$version/"
mv "$work/repository/io/weir/weir/$version/pom.xml" "$work/repository/io/weir/weir/$version/weir-$version.pom"

rm -rf target/examples
mkdir -p target/examples
for example in lines frames; do
  cp -r "src/examples/$example" "$work/$example"
  ./mvnw -B -ntp -q -f "$work/$example/pom.xml" -Dmaven.repo.local="$work/repository" \
    -Dmaven.repo.local.tail="${MAVEN_REPOSITORY:-$HOME/.m2/repository}" package
  cp "$work/$example/target/$example-1.jar" "target/examples/$example.jar"
done
python3 -B src/test/container/examples_test.py
