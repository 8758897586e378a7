# Two machines on two subnets; pods' packets travel as raw IP in UDP, between two TUN devices behind socat.
# shellcheck shell=sh disable=SC2034

. "$LAB_FOLDER/labs/two-subnets.sh"

TUNNEL_PORT=9000

# tunnel NODE OWN OTHER TUN-ADDRESS
tunnel() {
  inside "$1" socat "UDP:$3:$TUNNEL_PORT,bind=$2:$TUNNEL_PORT" \
    "TUN:$4/24,tun-name=tun0,tun-type=tun,iff-no-pi,iff-up" > "$STATE/$1-socat.log" 2>&1 &
  _tries=0
  until ip -n "$(ns "$1")" link show tun0 up 2> /dev/null | grep -q tun0; do
    _tries=$((_tries + 1))
    [ "$_tries" -lt 50 ] || fail "the TUN device of $1 does not appear: $(cat "$STATE/$1-socat.log")"
    sleep 0.1
  done
  # Room for the IP and UDP headers around each packet.
  ip -n "$(ns "$1")" link set tun0 mtu 1472
}

build() {
  need socat socat
  [ -c /dev/net/tun ] || fail '/dev/net/tun is missing: modprobe tun'
  two_machines_two_subnets
  four_pods
  tunnel n1 192.168.51.11 192.168.52.12 172.16.0.1
  tunnel n2 192.168.52.12 192.168.51.11 172.16.0.2
  route n1 10.244.2.0/24 dev tun0
  route n2 10.244.1.0/24 dev tun0
}
