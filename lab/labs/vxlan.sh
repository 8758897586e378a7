# Two machines on two subnets; pods' packets travel in VXLAN, as Flannel does it: a device on each machine, routes through it.
# shellcheck shell=sh disable=SC2034

. "$LAB_FOLDER/labs/two-subnets.sh"

# overlay NODE OWN OTHER OWN-NETWORK OTHER-NETWORK (first three numbers)
overlay() {
  ip -n "$(ns "$1")" link add flannel.1 type vxlan id 1 dstport 8472 dev eth0 local "$2" remote "$3"
  ip -n "$(ns "$1")" link set flannel.1 mtu 1450 up
  address "$1" flannel.1 "$4.0/32"
  route "$1" "$5.0/24" via "$5.0" dev flannel.1 onlink
}

build() {
  two_machines_two_subnets
  four_pods
  overlay n1 192.168.51.11 192.168.52.12 10.244.1 10.244.2
  overlay n2 192.168.52.12 192.168.51.11 10.244.2 10.244.1
}
