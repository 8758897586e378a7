# What all labs use: namespaces of this run alone, links between them, servers, requests, recording, taking down.
#
#   hopscope-lab-<process>-<name>      one namespace; <name> is a node, a pod or a router
#   $OUT/<name>.pcapng                 what was seen in it, one interface for each of its devices
#
# shellcheck shell=sh disable=SC2034,SC2154

PREFIX="hopscope-lab-$$"
# Logs of this run; made when it begins, removed with everything else.
STATE=''
NAMESPACES=''
RECORDERS=''
MACHINES=''
PODS=''

say() { printf '%s\n' "lab: $*" >&2; }
fail() { say "$*"; exit 1; }

need_root() {
  [ "$(id -u)" -eq 0 ] || fail "needs root: it makes network namespaces (sudo $0 …)"
}

# need PROGRAM PACKAGE
need() {
  command -v "$1" > /dev/null 2>&1 || fail "$1 is missing; on Debian: apt-get install $2"
}

choose_tools() {
  if command -v dumpcap > /dev/null 2>&1; then RECORDER=dumpcap
  elif command -v tcpdump > /dev/null 2>&1; then RECORDER=tcpdump
  else fail 'dumpcap or tcpdump is needed to record; on Debian: apt-get install wireshark-common'; fi
  if command -v python3 > /dev/null 2>&1; then SERVER=python3
  elif command -v busybox > /dev/null 2>&1; then SERVER=busybox
  elif command -v socat > /dev/null 2>&1; then SERVER=socat
  else fail 'python3, busybox or socat is needed as web server; on Debian: apt-get install python3'; fi
  if command -v curl > /dev/null 2>&1; then CLIENT=curl
  elif command -v wget > /dev/null 2>&1; then CLIENT=wget
  elif command -v busybox > /dev/null 2>&1; then CLIENT=busybox
  else need python3 python3; CLIENT=python3; fi
  if command -v ping > /dev/null 2>&1; then PING=ping
  elif command -v busybox > /dev/null 2>&1; then PING=busybox
  else need python3 'iputils-ping (or python3)'; PING=python3; fi
}

# --- namespaces and links ---------------------------------------------------------------------------------------------

ns() { printf '%s-%s' "$PREFIX" "$1"; }
inside() { _name=$1; shift; ip netns exec "$(ns "$_name")" "$@"; }
set_in() { inside "$1" sh -c "echo $3 > /proc/sys/$2"; }

# namespace NAME
namespace() {
  ip netns add "$(ns "$1")"
  NAMESPACES="$NAMESPACES $1"
  ip -n "$(ns "$1")" link set lo up
  # No packets but the lab's own.
  set_in "$1" net/ipv6/conf/all/disable_ipv6 1 2> /dev/null || true
}

# link A DEVICE B DEVICE: a veth pair between two namespaces, both ends up
link() {
  ip link add "$2" netns "$(ns "$1")" type veth peer name "$4" netns "$(ns "$3")"
  ip -n "$(ns "$1")" link set "$2" up
  ip -n "$(ns "$3")" link set "$4" up
}

address() { ip -n "$(ns "$1")" address add "$3" dev "$2"; }
route() { _name=$1; shift; ip -n "$(ns "$_name")" route add "$@"; }

# node NAME ADDRESS/LENGTH POD-NETWORK(first three numbers): a machine with a bridge for its pods
node() {
  namespace "$1"
  set_in "$1" net/ipv4/ip_forward 1
  ip -n "$(ns "$1")" link add cni0 type bridge
  ip -n "$(ns "$1")" link set cni0 up
  address "$1" cni0 "$3.1/24"
  MACHINES="$MACHINES $1=${2%/*}=$3"
}

# pod NAME NODE ADDRESS: eth0 in the pod, veth-NAME on the node's bridge
pod() {
  namespace "$1"
  link "$1" eth0 "$2" "veth-$1"
  ip -n "$(ns "$2")" link set "veth-$1" master cni0
  address "$1" eth0 "$3/24"
  route "$1" default via "${3%.*}.1"
  PODS="$PODS $1=$2=$3"
}

# router NAME
router() {
  namespace "$1"
  set_in "$1" net/ipv4/ip_forward 1
}

# --- traffic ----------------------------------------------------------------------------------------------------------

# server POD ADDRESS PORT: answers HTTP with the pod's name
server() {
  case $SERVER in
    python3) inside "$1" python3 "$LAB_FOLDER/http-server.py" "$2" "$3" "$1" > /dev/null 2>&1 & ;;
    busybox)
      mkdir -p "$STATE/$1"
      echo "$1" > "$STATE/$1/index.html"
      inside "$1" busybox httpd -f -p "$2:$3" -h "$STATE/$1" > /dev/null 2>&1 & ;;
    socat)
      inside "$1" socat "TCP-LISTEN:$3,bind=$2,reuseaddr,fork" \
        "SYSTEM:printf 'HTTP/1.0 200 OK\r\nContent-Length: $((${#1} + 1))\r\n\r\n$1\n'" > /dev/null 2>&1 & ;;
  esac
  wait_for "$1" "$3"
}

# wait_for POD PORT: until something listens there
wait_for() {
  _hex=$(printf ':%04X' "$2")
  _tries=0
  until inside "$1" grep -q "$_hex 00000000:0000 0A" /proc/net/tcp; do
    _tries=$((_tries + 1))
    [ "$_tries" -lt 100 ] || fail "the server in $1 does not listen on $2"
    sleep 0.1
  done
}

# request POD URL
request() {
  case $CLIENT in
    curl) inside "$1" curl -s -m 5 -o /dev/null "$2" ;;
    wget) inside "$1" wget -q -T 5 -t 1 -O /dev/null "$2" ;;
    busybox) inside "$1" busybox wget -q -T 5 -O /dev/null "$2" ;;
    python3) inside "$1" python3 -c "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5).read()" "$2" ;;
  esac || say "the request of $1 to $2 was not answered"
}

# echo_request POD ADDRESS
echo_request() {
  case $PING in
    ping) inside "$1" ping -c 1 -W 2 "$2" > /dev/null ;;
    busybox) inside "$1" busybox ping -c 1 -W 2 "$2" > /dev/null ;;
    python3) inside "$1" python3 "$LAB_FOLDER/ping.py" "$2" ;;
  esac || say "the ping of $1 to $2 was not answered"
}

# --- recording --------------------------------------------------------------------------------------------------------

devices() { ip -n "$(ns "$1")" -o link show up | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'; }

start_recording() {
  for _name in $NAMESPACES; do
    _log="$STATE/$_name.log"
    : > "$_log"
    if [ "$RECORDER" = dumpcap ]; then
      # shellcheck disable=SC2046
      inside "$_name" dumpcap -q $(devices "$_name" | sed 's/^/-i /') -w "$OUT/$_name.pcapng" 2> "$_log" &
    else
      inside "$_name" tcpdump -U -i any -w "$OUT/$_name.pcapng" 2> "$_log" &
    fi
    RECORDERS="$RECORDERS $!"
  done
  for _name in $NAMESPACES; do
    _tries=0
    until grep -q -e '^File: ' -e 'listening on' "$STATE/$_name.log"; do
      _tries=$((_tries + 1))
      [ "$_tries" -lt 100 ] || fail "recording $_name does not begin: $(cat "$STATE/$_name.log")"
      sleep 0.1
    done
  done
}

stop_recording() {
  # What is on its way is recorded too: the recorders write in rounds of a tenth of a second.
  [ -z "$RECORDERS" ] || sleep 0.5
  for _process in $RECORDERS; do kill -TERM "$_process" 2> /dev/null || true; done
  for _process in $RECORDERS; do wait "$_process" 2> /dev/null || true; done
  RECORDERS=''
}

# --- names, in kubectl's form ---------------------------------------------------------------------------------------

# cluster_head: nodes and pods, without the end of the list
cluster_head() {
  printf '{ "kind": "List", "apiVersion": "v1", "items": [\n'
  _comma=''
  for _entry in $MACHINES; do
    _name=${_entry%%=*}; _rest=${_entry#*=}
    printf '%s{ "kind": "Node", "apiVersion": "v1", "metadata": { "name": "%s" }, "spec": { "podCIDR": "%s.0/24" }, "status": { "addresses": [ { "type": "InternalIP", "address": "%s" } ] } }' \
      "$_comma" "$_name" "${_rest#*=}" "${_rest%%=*}"
    _comma=',
'
  done
  for _entry in $PODS; do
    _name=${_entry%%=*}; _rest=${_entry#*=}; _node=${_rest%%=*}; _ip=${_rest#*=}
    printf '%s{ "kind": "Pod", "apiVersion": "v1", "metadata": { "name": "%s", "namespace": "default", "labels": { "app": "%s" } }, "spec": { "nodeName": "%s", "containers": [ { "name": "main" } ] }, "status": { "phase": "Running", "podIP": "%s", "podIPs": [ { "ip": "%s" } ], "hostIP": "%s" } }' \
      "$_comma" "$_name" "${_name%%-*}" "$_node" "$_ip" "$_ip" "$(machine_address "$_node")"
  done
}

machine_address() {
  for _machine in $MACHINES; do
    [ "${_machine%%=*}" = "$1" ] || continue
    _found=${_machine#*=}
    printf '%s' "${_found%%=*}"
  done
}

write_cluster() {
  cluster_head
  printf '\n] }\n'
}

# --- the end ----------------------------------------------------------------------------------------------------------

make_state() { STATE=$(mktemp -d "${TMPDIR:-/tmp}/$PREFIX.XXXXXX"); }

take_down() {
  _status=$?
  trap - EXIT
  trap '' INT TERM HUP
  set +e
  stop_recording
  for _name in $NAMESPACES; do remove_namespace "$(ns "$_name")"; done
  [ -z "$STATE" ] || rm -rf "$STATE"
  exit "$_status"
}

# Ends what runs in a namespace, and removes it with all its devices and rules.
remove_namespace() {
  for _signal in TERM KILL; do
    _left=$(ip netns pids "$1" 2> /dev/null)
    [ -n "$_left" ] || break
    for _process in $_left; do kill -"$_signal" "$_process" 2> /dev/null; done
    _tries=0
    while [ -n "$(ip netns pids "$1" 2> /dev/null)" ] && [ "$_tries" -lt 20 ]; do
      _tries=$((_tries + 1))
      sleep 0.05
    done
  done
  ip netns delete "$1"
}

# Namespaces and logs of runs that were killed and could not take down what they built.
clean_leftovers() {
  ip netns list | sed -n 's/^\(hopscope-lab-\([0-9]*\)-[^ ]*\).*/\2 \1/p' | while read -r _run _namespace; do
    kill -0 "$_run" 2> /dev/null && continue
    say "removing $_namespace"
    remove_namespace "$_namespace"
  done
  for _state in "${TMPDIR:-/tmp}"/hopscope-lab-*.??????; do
    _run=${_state##*/hopscope-lab-}
    [ ! -d "$_state" ] || kill -0 "${_run%.*}" 2> /dev/null || rm -rf "$_state"
  done
}
