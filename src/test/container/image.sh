#!/usr/bin/env bash
# Builds the image and runs it under confinement, without a Docker engine: buildah builds, podman runs. Root on Debian.
# Instead of the base images of Docker Hub it takes stand-ins that it makes itself: a minimal Debian, and the JDK 25 of
# this machine in it. Runs the commands that are given while the image is there, or all its tests. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/../../.."

jar=$(ls target/weir-*.jar | grep -v -e '-plain\.jar$' || true)
[ -f "$jar" ] || { echo "No jar: run ./mvnw package before" >&2; exit 1; }
[ -f target/examples/frames.jar ] || { echo "No plug-in: run src/test/container/examples.sh before" >&2; exit 1; }
jdk=
for release in /usr/lib/jvm/*/release; do
  if grep -q '^JAVA_VERSION="25' "$release" && [ -x "${release%/release}/bin/jlink" ]; then
    jdk=${release%/release}
  fi
done
[ -n "$jdk" ] || { echo "No JDK 25 below /usr/lib/jvm" >&2; exit 1; }

packages=()
for tool in buildah podman runc debootstrap; do
  command -v "$tool" >/dev/null || packages+=("$tool")
done
if [ ${#packages[@]} -gt 0 ]; then
  apt-get -o Acquire::Retries=3 update -q
  DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y -q --no-install-recommends "${packages[@]}"
fi

work=$(mktemp -d)
cat >"$work/storage.conf" <<END
[storage]
driver = "overlay"
runroot = "$work/run"
graphroot = "$work/storage"
END
export CONTAINERS_STORAGE_CONF=$work/storage.conf
clean() {
  local status=$?
  podman --runtime runc --cgroup-manager=cgroupfs --events-backend=file rm -a -f -t 0 >/dev/null 2>&1 || true
  buildah rm -a >/dev/null 2>&1 || true
  umount "$work/storage/overlay" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap clean EXIT

echo "== Stand-ins for the base images"
debian() {
  rm -rf --one-file-system "$work/debian"
  debootstrap --variant=minbase bookworm "$work/debian" >"$work/debootstrap.log"
}
# A download may fail once
debian || debian || { tail -n 20 "$work/debootstrap.log"; exit 1; }
# What the slim image leaves out too
rm -rf "$work"/debian/{var/cache/apt,var/lib/apt/lists,usr/share/doc,usr/share/man,usr/share/locale,usr/share/info}/*
base=$(buildah from scratch)
buildah copy -q "$base" "$work/debian" / >/dev/null
buildah commit -q --format docker "$base" docker.io/library/debian:12-slim >/dev/null
buildah rm "$base" >/dev/null
rm -rf "$work/debian"
# Links, such as that to the machine's certificates, as files
cp -rL "$jdk" "$work/jdk"
base=$(buildah from --pull-never docker.io/library/debian:12-slim)
buildah copy -q "$base" "$work/jdk" /opt/java/openjdk >/dev/null
if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
  buildah copy -q "$base" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
fi
buildah config --env JAVA_HOME=/opt/java/openjdk --env PATH=/opt/java/openjdk/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
buildah commit -q --format docker "$base" docker.io/library/eclipse-temurin:25-jdk >/dev/null
buildah rm "$base" >/dev/null
rm -rf "$work/jdk"

build() {
  buildah bud --isolation chroot --pull-never --format docker --layers "$@" .
}
step() {
  local began=$SECONDS
  "${@:2}" >"$work/build.log" 2>&1 || { tail -n 60 "$work/build.log"; exit 1; }
  echo "== $1: $((SECONDS - began)) s"
}
# With this machine's repository of artifacts, so that not all is fetched twice
[ $# -gt 0 ] || step "Built the jar in the image" build --target build --volume "$HOME/.m2:/root/.m2"
step "Built the image from $jar" build --build-arg "JAR=$jar" --build-arg "VERSION=$(sed 's/.*weir-\(.*\)\.jar/\1/' <<<"$jar")" --build-arg "REVISION=$(git rev-parse HEAD)" \
  --build-arg "CREATED=$(git log -1 --format=%cI)" -t localhost/weir
[ $# -gt 0 ] || set -- "python3 -B src/test/container/image_test.py" src/test/container/kafka.sh
status=0
for test in "$@"; do
  $test || status=$?
done
exit "$status"
