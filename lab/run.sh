#!/bin/sh
# Builds a small network in network namespaces, sends traffic through it, records every namespace, and takes it down again.
#
#   sudo lab/run.sh one-subnet|udp-tunnel|vxlan|service-nat [--out DIR] [--seconds N]
#   sudo lab/run.sh clean                     removes what a killed run left behind
#
# Nothing outside of its own namespaces is touched: no interface, route, rule or setting of the host. See lab/README.md.
set -u

LAB_FOLDER=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$LAB_FOLDER/lib.sh"

usage() {
  sed -n 's/^#   //p' "$0" >&2
  exit 2
}

LAB=''
OUT=''
SECONDS_OF_TRAFFIC=3
while [ $# -gt 0 ]; do
  case $1 in
    --out) [ $# -ge 2 ] || usage; OUT=$2; shift 2 ;;
    --seconds) [ $# -ge 2 ] || usage; SECONDS_OF_TRAFFIC=$2; shift 2 ;;
    -h|--help) usage ;;
    -*) usage ;;
    *) [ -z "$LAB" ] || usage; LAB=$1; shift ;;
  esac
done
case $SECONDS_OF_TRAFFIC in ''|*[!0-9]*|0) usage ;; esac

case $LAB in
  clean) need_root; clean_leftovers; exit 0 ;;
  one-subnet|udp-tunnel|vxlan|service-nat) ;;
  *) usage ;;
esac

OUT=${OUT:-lab-$LAB}
need_root
need ip 'iproute2'
choose_tools
mkdir -p "$OUT" || exit 1
OUT=$(CDPATH='' cd -- "$OUT" && pwd)

# From here on everything is taken down at the end, also after an error or Ctrl+C.
trap 'take_down' EXIT
trap 'say "interrupted: taking down"; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
set -e

make_state
. "$LAB_FOLDER/labs/$LAB.sh"
build
start_servers
: > "$STATE/began"
start_recording
say "recording: traffic for about $SECONDS_OF_TRAFFIC s"
round=0
while [ "$round" -lt "$SECONDS_OF_TRAFFIC" ]; do
  traffic
  round=$((round + 1))
  sleep 1
done
stop_recording
write_cluster > "$OUT/cluster.json"
# Recorded as root, to be read by who asked for it.
[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$OUT"
for old in "$OUT"/*.pcapng; do
  [ "$old" -nt "$STATE/began" ] || say "note: $old is of another run; it does not belong to this cluster.json"
done
say "done: $OUT"
say "  hopscope connections $OUT/*.pcapng --cluster $OUT/cluster.json"
