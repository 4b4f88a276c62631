# Sourced by scripts that build another project against the plain jar of this build: sets JAVA_HOME, and gives against_plain
# a Maven whose repository has the jar in a folder of its own, in front of the machine's, which stays as it is. The folder
# $work is removed at the end.

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
cp "$plain" "$work/repository/io/weir/weir/$version/"
cp pom.xml "$work/repository/io/weir/weir/$version/weir-$version.pom"

against_plain() {
  ./mvnw -B -ntp -q -Dmaven.repo.local="$work/repository" \
    -Dmaven.repo.local.tail="${MAVEN_REPOSITORY:-$HOME/.m2/repository}" "$@"
}
