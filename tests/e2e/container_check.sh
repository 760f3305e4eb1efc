#!/usr/bin/env bash
# Builds the Dockerfile as it stands and runs what it makes, on a machine without a container engine.
#
#   sudo tests/e2e/container_check.sh FOLDER
#
# Needs root, Debian's buildah and debootstrap, a network for packages, and 3 GB in FOLDER, which is kept for the next run.
# docs/how-to/container.md says what each step shows, and what it cannot show.
set -euo pipefail

here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(realpath "${1:?say where to work: container_check.sh FOLDER}")
python=3.13   # the Dockerfile's default
suite=trixie  # the Debian that the official image of that Python is built on; its own python3 is a 3.13, too
base=$work/base-$suite
image=localhost/rejoinder:check

box() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

make_base() {
  say "A stand-in for python:$python-slim: Debian $suite with its own Python"
  [ -x "$base/usr/bin/python3" ] ||
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$base" >"$work/debootstrap.log"
  ln -sf /usr/bin/python3 "$base/usr/local/bin/python"
  # What lets pip reach its index from here is the machine's, not the image's: certificates and pip's own variables.
  cp -L /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/ca-certificates.crt"
  box images --quiet "localhost/python:$python-slim" >/dev/null 2>&1 && return
  local container
  container=$(box from scratch)
  box add --quiet "$container" "$base" / >/dev/null
  box config --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt --env PIP_DEFAULT_TIMEOUT=180 "$container"
  box commit --quiet "$container" "localhost/python:$python-slim" >/dev/null
  box rm "$container" >/dev/null
}

build() {
  say 'Every instruction of the Dockerfile, in order'
  # The Docker format, since the other has no HEALTHCHECK; chroot, since there is no engine to isolate better.
  box build --isolation chroot --format docker --pull-never --build-arg "PYTHON=$python" --tag "$image" "$here"
}

setting() { box inspect --type image --format "{{$1}}" "$image"; }

check_settings() {
  say 'What the image says of itself'
  [ "$(setting .Docker.Config.User)" = 10001:10001 ] || fail 'runs as root'
  [ "$(setting .Docker.Config.StopSignal)" = SIGTERM ] || fail 'no stop signal'
  setting .Docker.Config.Healthcheck.Test | grep -q /health/ready || fail 'no health check'
  setting .Docker.Config.ExposedPorts | grep -q 8000/tcp || fail 'port 8000 is not exposed'
  setting .Docker.Config.Volumes | grep -q /data || fail '/data is no volume'
  setting .Docker.Config.Cmd
}

check_files() {
  local root=$1 tool
  say 'What is in it, and what is not'
  for tool in cc gcc g++ c++ ld make cargo git; do
    [ -z "$(chroot "$root" /bin/sh -c "command -v $tool" || true)" ] || fail "$tool was left in the image"
  done
  [ ! -e "$root/build" ] && [ ! -e "$root/opt/build" ] || fail 'the build folder was left in the image'
  for package in torch litestar; do
    chroot "$root" /opt/rejoinder/bin/python -c "import $package" 2>/dev/null && echo "$package: there" || echo "$package: not there"
  done | tee "$work/packages"
  grep -q 'torch: not there' "$work/packages" || fail 'torch is in the image'
  find "$root/opt/rejoinder" -name '*.onnx' -size +10M -printf '%s bytes: %P\n'
  [ -z "$(find "$root/opt" "$root/data" -perm /6000)" ] || fail 'something of ours is setuid'
  du -sh "$root/opt/rejoinder" | cut -f1 | sed 's/^/beyond the base: /'
}

check_running() {
  local root=$1
  say 'The command of the image: its user, a read-only root, a volume of its own, a network of its own'
  rm -rf "$work/volume" && install --directory --owner=10001 --group=10001 "$work/volume"
  setting 'range .Docker.Config.Env}}{{.}}{{"\n"}}{{end' | sed '/^$/d' >"$work/env"
  setting 'range .Docker.Config.Cmd}}{{.}}{{"\n"}}{{end' | sed '/^$/d' >"$work/cmd"
  setting 'range .Docker.Config.Healthcheck.Test}}{{.}}{{"\n"}}{{end' | sed '/^$/d; 1d' >"$work/health"
  root=$root work=$work unshare --mount --net --pid --fork --kill-child \
    bash "$here/tests/e2e/container_inside.sh"
}

mkdir -p "$work"
make_base
build
check_settings
container=$(box from --pull-never "$image")
trap 'box umount "$container" >/dev/null; box rm "$container" >/dev/null' EXIT
root=$(box mount "$container")
check_files "$root"
check_running "$root"
say 'Every step passed.'
