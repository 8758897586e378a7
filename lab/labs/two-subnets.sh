# Two machines on two subnets with a router between them: the router knows nothing of pods, so a tunnel has to carry them.
#
#   a1, a2 ─ cni0  n1  eth0 ─ 192.168.51.0/24 ─ r ─ 192.168.52.0/24 ─ eth0  n2  cni0 ─ b1, b2
# shellcheck shell=sh disable=SC2034

. "$LAB_FOLDER/labs/one-subnet.sh"

two_machines_two_subnets() {
  router r
  node n1 192.168.51.11/24 10.244.1
  node n2 192.168.52.12/24 10.244.2
  link n1 eth0 r eth1
  link n2 eth0 r eth2
  address n1 eth0 192.168.51.11/24
  address r eth1 192.168.51.1/24
  address r eth2 192.168.52.1/24
  address n2 eth0 192.168.52.12/24
  route n1 default via 192.168.51.1
  route n2 default via 192.168.52.1
}
