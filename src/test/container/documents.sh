#!/usr/bin/env bash
# Runs the commands of README.md and src/docs with the jar of this build, in a network of their own: the ports that they
# name are free there. Root, for that network. After ./mvnw verify and examples.sh.
set -euo pipefail
cd "$(dirname "$0")/../../.."
[ -f target/examples/frames.jar ] || { echo "No plug-in: run src/test/container/examples.sh before" >&2; exit 1; }

for release in /usr/lib/jvm/*/release; do
  if grep -q '^JAVA_VERSION="25' "$release"; then
    export JAVA_HOME=${release%/release}
  fi
done
export PATH=$JAVA_HOME/bin:$PATH
# Addresses of clients
unshare --net -- sh -c 'ip link set lo up && ip address add 10.1.2.3/24 dev lo && ip address add 10.1.2.4/24 dev lo &&
  exec python3 -B src/test/container/documents_test.py'
