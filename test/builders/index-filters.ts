/**
 * Filters that the packet index answers alone, one for each of its fields and each way they are put together. Values are taken
 * from the captures themselves (see filtersFor): a filter that matches nothing anywhere shows nothing.
 */
export const INDEX_FILTERS: readonly string[] = [
  "eth || sll || vlan || mpls || arp || ip || ipv6 || icmp || icmpv6 || udp || tcp || sctp || vxlan || geneve || gre || wg"
    .split(" || ")
    .join("\n"),
  `
ip#2
ip#1
count(ip) == 2
count(ip.src) > 1
count(tcp.analysis.duplicate_ack) == 2
!ip
not tcp and not udp
tcp or arp
tcp xor udp
ip && !tcp && frame.len > 100
ip.ttl < 64
ip.ttl#1 == 64
ip.ttl#2 == 64
all ip.ttl == 64
any ip.ttl != 64
ip.ttl === 64
ip.ttl !== 64
ip.version == 6
ip.hdr_len == 20
ip.dsfield.dscp == 0
ip.flags.df == 1
ip.flags.mf == 1
ip.proto in {1, 6}
ip.src == 10.0.0.0/8
ip.addr == 192.168.0.0/16
ip.src != 10.0.0.0/8
ip.addr#2 == 10.0.0.0/8
ip.src[0] == 0a
ip.src#1 == ip.dst#1
ip.src == ip.dst
string(ip.dst) matches "^10"
max(ip.ttl, 64) > 64
ipv6.addr == fe80::/10
ipv6.dst == ff02::/16
ipv6.src#2
ipv6.hlim == 255
ipv6.nxt == 58
ipv6.flow == 0
eth.addr contains 02
eth.dst[0] & 1
eth.dst == ff:ff:ff:ff:ff:ff
eth.type == 0x0800
eth.type#2 == 0x0800
vlan.id == 10
vlan.priority == 0
sll.pkttype == 0
sll.etype == 0x0800
arp.opcode == 1
arp.src.proto_ipv4 == arp.dst.proto_ipv4
arp.src.hw_mac
arp.dst.hw_mac == 00:00:00:00:00:00
icmp.type == 8
icmp.type in {0, 3, 8, 11}
icmp.code > 0
icmp.ident
icmp.ident > 100
icmpv6.type >= 128
icmpv6.code == 0
udp.port == 53
udp.port in {53, 4789, 8472}
udp.srcport > 1024
udp.dstport < 1024
udp.stream == 0
udp.stream#2
udp.stream > 1
tcp.port == 80
tcp.port != 80
tcp.srcport < tcp.dstport
tcp.dstport == 443
tcp.stream == 0
tcp.stream in {1..5}
tcp.stream == udp.stream
tcp.seq == 0
tcp.seq > 1
tcp.seq == tcp.ack
tcp.ack == 1
tcp.flags == 0x002
tcp.flags & 2
tcp.flags.syn == 1 && tcp.flags.ack == 0
tcp.flags.reset == true
tcp.flags.fin != 1
tcp.flags.push
!tcp.flags.urg
tcp.flags.cwr == tcp.flags.ece
tcp.window_size < 1000
tcp.window_size == 65536
tcp.len > 0
tcp.len == 0
tcp.len in {1..100, 1448}
tcp.len + 20 == tcp.window_size
sctp.port
sctp.srcport > 0
all tcp.port != 80
all tcp.port > 1000
any ip.addr != 10.0.0.0/8
all ip.addr == 10.0.0.0/8
all ip.addr != 10.0.0.0/8
ip.addr in {10.0.0.1, 10.0.0.2, 192.168.0.0/16}
ip.addr > 128.0.0.0
ip.dst <= 10.0.0.2 && udp.dstport in {53, 5000..65535}
ip.addr == 10.0.0.0/8 || ip.ttl < 64 || ipv6
not (tcp.port == 80 || ip.ttl == 64 || vlan)
ip.src == 10.0.0.1 xor ip.dst == 10.0.0.2 xor ip.ttl == 64
tcp.srcport in {1..9, 11..19, 21..29, 31..39, 41..49, 51..59, 61..69, 71..79, 80, 82, 84, 86, 88, 90, 92, 94, 443}
ipv6.addr in {fe80::/10, ff02::1, 2001:db8::/32}
ipv6.src > fe80::
ipv6.addr != ff02::/16
all ipv6.addr == fe80::/10
eth.src == 02:00:00:00:00:00
eth.addr > 02:42:00:00:00:00
eth.dst != ff:ff:ff:ff:ff:ff
vxlan.vni == 1
vxlan.vni
vxlan.flags
geneve.vni
geneve.proto_type == 0x6558
gre.proto
gre.key
tcp.analysis.retransmission
tcp.analysis.fast_retransmission
tcp.analysis.spurious_retransmission
tcp.analysis.out_of_order
tcp.analysis.lost_segment
tcp.analysis.duplicate_ack
tcp.analysis.zero_window
tcp.analysis.keep_alive
tcp.analysis.window_full
tcp.analysis.window_update
tcp.analysis.retransmission && tcp.len > 0 && ip.ttl
!tcp.analysis.duplicate_ack && tcp
frame
frame.number == 7
frame.number in {2..9}
frame.number % 3 == 1
frame.len > 100
frame.len != 60
frame.len >= 60 && frame.len < 100
frame.cap_len < frame.len
frame.cap_len in {54, 60, 98}
frame.time_epoch > 1
frame.comment
frame.interface_id == 1
frame.interface_id
frame.interface_name contains "e"
frame.interface_name == "eth0" && tcp.flags & 1
tcp.len == ip.ttl
ip.ttl == frame.len
any ip.ttl < tcp.len
(tcp.port == 80 || udp.port == 53) && (frame.len > 80 || !(ip.src == 10.0.0.0/8))
vxlan && tcp.flags == 0x010
ip.src#2 == 10.0.0.0/8 || tcp.stream == 2 && !(frame.number == 3)
`,
].flatMap((text) => text.trim().split("\n"));
