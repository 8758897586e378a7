/** Display filters as people type them, of cheat sheets and of Wireshark's manual. */
export const TYPED_FILTERS: readonly string[] = String.raw`
tcp
udp
icmp
dns
http
arp
!arp
not arp
tcp or udp
ip.addr == 10.0.0.0/8
ip.addr == 172.16.0.0/12
ip.src == 172.20.1.0/24 and ip.dst != 172.20.2.0/24
!(ip.addr == 172.20.1.10)
ip.addr in {172.20.1.10, 172.20.2.10}
ip.addr in {172.20.1.0..172.20.1.20}
ip.addr#1 == 192.168.122.12
ip.addr#2 == 172.20.2.10
ip.src#[1-2] == 192.168.121.11
ip.version == 4
ip.flags.df == 1
ip.flags.mf == True
ip.frag_offset > 0
ip.proto == 6
ip.proto in {1, 6, 17}
ip.id == 0x0000
ip.len >= 1000 and ip.len <= 2000
ipv6
ipv6.addr == fe80::/10
ipv6.dst == ff02::2
ipv6.addr == 2001:db8::/32
icmpv6.type == 133
icmpv6.type in {133..137}
eth.addr == ff:ff:ff:ff:ff:ff
eth.dst == ff-ff-ff-ff-ff-ff
eth.dst[0] & 1
eth.type == 0x0806
eth.type == 0x800 or eth.type == 0x86dd
eth.dst.ig == 1
eth.src contains 02
vlan
vlan.id in {1..200}
tcp.port == 80
tcp.port == 443 or tcp.port == 8080
tcp.port in {80, 443, 5678}
tcp.port in {443, 4430..4434}
tcp.dstport == 80
tcp.srcport > 1024
tcp.dstport != 80
tcp.port != 80
!(tcp.port == 80)
tcp.port ne 80
tcp.flags.syn == 1
tcp.flags.syn == 1 and tcp.flags.ack == 0
tcp.flags.syn==1 && tcp.flags.ack==1
tcp.flags.reset
tcp.flags.fin
tcp.flags == 0x012
tcp.flags & 0x02
tcp.flags & 2
tcp.flags.push == 1
tcp.flags == 0x2
tcp.flags.urg
tcp.analysis.retransmission
tcp.analysis.zero_window
tcp.analysis.ack_lost_segment
tcp.analysis.keep_alive
tcp.stream == 0
tcp.stream eq 3
tcp.stream in {0..4}
tcp.window_size == 0
tcp.window_size < 1000 && tcp.flags.reset != 1
tcp.window_size_value < 500
tcp.len > 0
tcp.len == 0 and tcp.flags.fin == 1
tcp.payload
tcp.payload contains "GET"
tcp contains "HTTP"
tcp contains 48:54:54:50
tcp[13] & 2
tcp[13] == 0x12
tcp[0:2] == 00:50
tcp[2:2] == 16:2e
tcp.options.mss_val < 1460
tcp.options.mss
tcp.options.wscale.shift > 5
tcp.options.sack_perm
tcp.options.timestamp.tsval > 0
tcp.seq == 1
tcp.seq_raw > 1000000000
tcp.ack > 1
tcp.hdr_len > 20
udp.port == 53
udp.port == 53 || tcp.port == 53
udp.length > 100
udp.stream == 1
udp contains "example"
udp.payload
udp.checksum == 0
dns.flags.response == 0
dns.flags.response == 1
dns.qry.name matches "\\.local$"
dns.qry.name matches r"\.local$"
dns.qry.type == 1
dns.count.answers > 1
dns.cname
dns and udp.dstport == 53
len(dns.qry.name) > 20
count(dns.a) > 1
http.request
http.response
http.request.method == "GET"
http.request.method in {"GET", "POST"}
http.request.method in {GET, POST}
http.request.uri contains "/"
http.request.uri matches "^/[a-z]+"
http.request.uri == "/"
http.response.code == 200
http.response.code >= 400
http.response.code != 200
http.response.code in {200..299}
http.user_agent contains "curl"
http.content_type contains "text"
http.server
http.cookie
http.request.version == "HTTP/1.1"
tls
ssl
tls.handshake.type == 1
tls.handshake.extensions_server_name
tls.record.version == 0x0301
frame.number == 5
frame.number < 10
frame.len > 1000
frame.len < 64
frame.len <= 0x40
frame.cap_len < frame.len
frame.time_delta > 0.1
ip.proto == TCP
tcp.time_delta > 0.001
_ws.expert.message contains "SYN"
ip.proto in {ICMP, "UDP"}
eth.type == IPv4
frame.time_relative < 1
frame.time >= "2026-01-01 00:00:00"
frame.time >= "Jan 1, 2026 00:00:00"
frame.time_epoch > 1000000000
frame.protocols == "eth:ethertype:arp"
frame contains 00:00:01
frame matches "(?i)host: "
frame[0:2] == ff:ff
frame[-4:] == 00:00:00:00
frame[0]==0xff
frame.interface_id == 0
frame.interface_name == "eth0"
frame.interface_name matches "^veth"
arp.opcode == 1
arp.opcode == 2
arp.src.proto_ipv4 == 172.20.1.10
arp.dst.hw_mac == 00:00:00:00:00:00
icmp.type == 8
icmp.type == 8 or icmp.type == 0
icmp.seq == 1
icmp.ident
icmp && !(icmp.type == 3)
dhcp
bootp
dhcp.type == 1
dhcp.ip.your == 0.0.0.0
vxlan
vxlan && tcp.port == 5678
geneve.vni > 0
gre
gre.proto == 0x0800
sctp
mdns
tcp.len + 20 > 100
tcp.dstport - tcp.srcport > 0
ip.len - ip.hdr_len > 500
frame.len % 2 == 0
tcp.ack - tcp.seq > {1 + 2}
len(tcp.payload) > 100
len(frame) > 100
count(ip.addr) > 2
max(tcp.srcport, tcp.dstport) > 40000
min(tcp.srcport, tcp.dstport) == 80
abs(tcp.len - 100) < 50
string(frame.number) matches "[13579]$"
string(ip.dst) matches r"\.10$"
string(ip.src) contains "172"
tcp.port == 0x50
tcp.port == 0b1010000
tcp.port == 0120
tcp.port == 'P'
ip.ttl == '\x40'
tcp.flags.syn == TRUE
tcp ~ "HTTP/1\\.[01] 200"
tcp.flags bitwise_and 2
tcp && ip.addr == 172.20.1.10 && !tcp.analysis.retransmission
ip.src == 172.20.1.10 || ip.src == 172.20.2.10 && tcp
tcp.port == 80 and not ip.addr == 1.1.1.1 or udp
ip.addr any_eq 172.20.1.10
tcp.port ge 5678
ip contains "a"
ip[8:1] < 40
ip[12:4] == ac:14:01:0a
ip.src[0:2] == ac:14
dns.qry.name > 5
len(tcp.port) > 1
tcp.port == {80}
tcp == tcp
tcp.flags.syn == 2
tcp.port & 1 == 1
tcp.stream == tcp.stream
udp.srcport == udp.dstport
eth.src == eth.dst
eth.src == arp.src.hw_mac
tcp.srcport < tcp.dstport
tcp.port#1 == 80
tcp.port#[1] == 80
ip.ttl#1 > ip.ttl#2
tcp.port in {1..1023} and tcp.flags.syn
frame.number>=10&&frame.number<=20
tcp.port==80||tcp.port==443
!tcp&&!udp
not(tcp or udp)
!!tcp
not not tcp
(((tcp)))
ip.ttl <= 5 && !(pim || ospf)
ip.hdr_len > 20
ip.dsfield.dscp == 46
eth.src[0:3] == 00:00:83
eth.addr[0:3] == 02:42:ac
vlan.id == 100
tcp.flags.reset == 1
tcp.analysis.fast_retransmission
tcp.analysis.duplicate_ack
tcp.analysis.window_full
tcp.analysis.out_of_order
tcp.analysis.lost_segment
tcp.urgent_pointer > 0
udp.dstport == 8472
udp[8:3]==81:60:03
dns.flags.rcode != 0
dns.flags.rcode == 3
dns.qry.name contains "cluster"
dns.qry.name == "example.com"
dns.qry.type == 28
dns.a == 10.96.0.0/12
dns.resp.name contains "svc"
dns.id == 0x1234
lower(dns.qry.name) contains "web"
upper(dns.qry.name) == "WEB"
http.host == "web"
http.host matches "(?i)WEB"
http.host contains "example"
http contains "password"
tls.handshake.extensions_server_name contains "example"
frame.time_relative >= 1 && frame.time_relative <= 2.5
frame contains "cluster"
frame[-4:4] == 0.1.2.3
frame.comment
frame.comment contains "a"
icmp.type == 3 && icmp.code == 4
vxlan.vni == 1
vxlan.vni == 0x000001
gre.key == 1
stp
`
  .split("\n")
  .filter((line) => line !== "");

/** Of which Wireshark says that they are wrong. */
export const WRONG_FILTERS: readonly string[] = String.raw`
ip.ttl#-1 < 64
(tcp.flags & 0x17) == 0x10
frame.number in {1..5, 20, 30..}
(tcp.len / 10) > 5
-1 < tcp.len
@ip.src == ac.14.01.0a
@tcp.dstport == 16:2e
@ip.addr#1[0] == c0
tcp.port == http
tcp.port == "http"
tcp.flags.syn == "True"
tcp.flags bitand 2
all_ne ip.addr 1.2.3.4
ip.src == "172.20.1.10"
ip.src == 172.20.1
ip.src == 300.1.1.1
ip.src == localhost
ip.src = 1.2.3.4
ip.src ==
ip.src == 1.2.3.4 and
and tcp
tcp and and udp
(tcp
tcp)
tcp.port ==
tcp.port == 99999
tcp.port in {}
tcp.port in {80
tcp.port in 80
foo
foo.bar == 1
tcp.prot == 80
ip.adr == 1.2.3.4
http.request.methd == "GET"
dns.qry.nam contains "x"
frame.time_delt > 1
tcp.analysis.retransmision
tcp.flags.sin == 1
ip.addr == 10.0.0.1/33
ipv6.addr == 1.2.3.4
eth.addr == 1.2.3.4
eth.addr == 00:11
tcp.port contains "80"
ip.ttl contains 40
tcp matches "["
frame.len > abc
frame.len == 1.5
frame.time_delta > 1e-3
upper(tcp.port) == "80"
lower("A") == "a"
nosuch(ip.src) == 1
len() > 1
max() == 1
"tcp" == tcp
80 == tcp.port
1.2.3.4 == ip.src
tcp.port &
tcp.port#[2-] == 80
ip#2.addr
tcp,udp
tcp;udp
tcp | udp
`
  .split("\n")
  .filter((line) => line !== "");

/** Of which Wireshark 4.0 says that they are wrong, but earlier or later ones do not: they are taken. */
export const OTHER_VERSIONS_FILTERS: readonly string[] = String.raw`
ip.proto in {1 6 17}
tcp.port in {80 443 8080}
http.request.method in {"GET" "POST"}
icmp.type in {3 11}
_ws.col.info contains "SYN"
_ws.col.protocol == "DNS"
`
  .split("\n")
  .filter((line) => line !== "");
