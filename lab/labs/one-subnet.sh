# Two machines on one subnet, two pods on each: packets between the machines are routed, nothing is wrapped or translated.
#
#   a1 ┐                                           ┌ b1
#      ├ cni0  n1  eth0 ──── 192.168.50.0/24 ──── eth0  n2  cni0 ┤
#   a2 ┘ 10.244.1.0/24                          10.244.2.0/24 └ b2
# shellcheck shell=sh disable=SC2034

two_machines_one_subnet() {
  node n1 192.168.50.11/24 10.244.1
  node n2 192.168.50.12/24 10.244.2
  link n1 eth0 n2 eth0
  address n1 eth0 192.168.50.11/24
  address n2 eth0 192.168.50.12/24
  route n1 10.244.2.0/24 via 192.168.50.12
  route n2 10.244.1.0/24 via 192.168.50.11
}

four_pods() {
  pod a1 n1 10.244.1.2
  pod a2 n1 10.244.1.3
  pod b1 n2 10.244.2.2
  pod b2 n2 10.244.2.3
}

build() {
  two_machines_one_subnet
  four_pods
}

start_servers() {
  server a2 10.244.1.3 8080
  server b1 10.244.2.2 8080
}

traffic() {
  echo_request a1 10.244.1.3
  echo_request a1 10.244.2.2
  request a1 http://10.244.1.3:8080/same-node
  request a1 http://10.244.2.2:8080/other-node
  request b2 http://10.244.1.3:8080/back
}
