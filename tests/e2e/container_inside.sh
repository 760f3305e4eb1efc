#!/usr/bin/env bash
# Called by container_check.sh in namespaces of its own, with root and work set: the image's command, twice on one volume.
set -euo pipefail

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

mount --make-rprivate /
ip link set lo up
mount --bind "$root" "$root"
mount --bind "$work/volume" "$root/data"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"

mapfile -t environment <"$work/env"
mapfile -t command <"$work/cmd"
mapfile -t health <"$work/health"
# Not by way of the machine's environment: the image's own is all that there is in a container.
enter=(env -i "${environment[@]}" chroot --userspec=10001:10001 "$root" /usr/bin/env -C /data)
inside() { "${enter[@]}" "$@"; }

inside sh -c 'touch /x /tmp/x /opt/rejoinder/x' 2>/dev/null && fail 'the root file system can be written'
[ "$(inside id -u)" = 10001 ] || fail 'not the user of the image'

start() {
  local began=$SECONDS
  # exec: the signal that ends it must meet the program and not a shell around it.
  (exec "${enter[@]}" "${command[@]}") &
  server=$!
  until inside "${health[@]}" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || fail 'the server ended'
    [ $((SECONDS - began)) -lt 60 ] || fail 'not healthy within a minute'
    sleep 0.5
  done
  echo "healthy after about $((SECONDS - began)) s"
}

stop() {
  kill -TERM "$server"
  local code=0
  wait "$server" || code=$?
  [ "$code" = 0 ] || [ "$code" = 143 ] || fail "stopped with exit code $code"
  echo "stopped with exit code $code"
}

echo 'First start: the store is made in the volume'
start
inside python - <<'END'
import json
import urllib.request

body = json.dumps({"claim": "Pakistan handed rare earth samples to the US president"}).encode()
asked = urllib.request.Request("http://127.0.0.1:8000/v1/check", body, {"Content-Type": "application/json"})
with urllib.request.urlopen(asked) as answer:
    found = json.load(answer)
print(answer.status, found["verdict"]["label"], found["matches"][0]["rebuttal"]["id"])
END
[ -n "$(inside rejoinder keys create check --role admin 2>/dev/null)" ] || fail 'no key'
stop

echo 'Second start: everything is there already'
start
inside rejoinder keys list
stop
if inside "${health[@]}" 2>/dev/null; then fail 'healthy without a server'; fi
ls -l "$work/volume"
