# One subnet, and a Service: its address belongs to nobody. The machine of the client rewrites it to one of two pods (DNAT) and
# rewrites the answers back, as kube-proxy has it done.
#
#   a1 ── 10.96.0.10:80 ──► n1 ── DNAT ──► b1 or b2, port 8080 (on n2)
# shellcheck shell=sh disable=SC2034

. "$LAB_FOLDER/labs/one-subnet.sh"

SERVICE=10.96.0.10

# service_rules NODE
service_rules() {
  if command -v nft > /dev/null 2>&1; then
    inside "$1" nft -f - <<RULES
table ip lab {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr $SERVICE tcp dport 80 dnat to numgen inc mod 2 map { 0 : 10.244.2.2, 1 : 10.244.2.3 } : 8080
  }
}
RULES
  elif command -v iptables > /dev/null 2>&1; then
    inside "$1" iptables -t nat -A PREROUTING -d "$SERVICE" -p tcp --dport 80 \
      -m statistic --mode nth --every 2 -j DNAT --to-destination 10.244.2.2:8080
    inside "$1" iptables -t nat -A PREROUTING -d "$SERVICE" -p tcp --dport 80 -j DNAT --to-destination 10.244.2.3:8080
  else
    fail 'nft or iptables is needed for the Service; on Debian: apt-get install nftables'
  fi
}

build() {
  two_machines_one_subnet
  four_pods
  service_rules n1
  service_rules n2
}

start_servers() {
  server b1 10.244.2.2 8080
  server b2 10.244.2.3 8080
}

traffic() {
  request a1 "http://$SERVICE/first"
  request a1 "http://$SERVICE/second"
  request a2 "http://$SERVICE/third"
  echo_request a1 10.244.2.2
}

write_cluster() {
  cluster_head
  printf ',\n{ "kind": "Service", "apiVersion": "v1", "metadata": { "name": "web", "namespace": "default" }, "spec": { "type": "ClusterIP", "clusterIP": "%s", "clusterIPs": [ "%s" ], "ports": [ { "port": 80, "targetPort": 8080, "protocol": "TCP" } ] } }' "$SERVICE" "$SERVICE"
  printf ',\n{ "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": { "name": "web-1", "namespace": "default", "labels": { "kubernetes.io/service-name": "web" } }, "addressType": "IPv4", "ports": [ { "port": 8080, "protocol": "TCP" } ], "endpoints": [ { "addresses": [ "10.244.2.2" ], "nodeName": "n2", "targetRef": { "kind": "Pod", "name": "b1", "namespace": "default" } }, { "addresses": [ "10.244.2.3" ], "nodeName": "n2", "targetRef": { "kind": "Pod", "name": "b2", "namespace": "default" } } ] }'
  printf '\n] }\n'
}
