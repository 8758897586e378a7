/**
 * What Wireshark 4.0 takes a number for: ports, IP protocols, EtherTypes and the like, each with the name it shows in
 * frame.protocols. Facts as `tshark -G decodes` lists them, in text that `protocolsByNumber` reads: "name number
 * first-last, name number".
 */

/** Number → name. */
export function protocolsByNumber(text: string): ReadonlyMap<number, string> {
  const map = new Map<number, string>();
  for (const entry of text.split(", ")) {
    const [name, ...numbers] = entry.split(" ");
    for (const range of numbers) {
      const [first, last] = range.split("-");
      for (let n = Number(first); n <= Number(last ?? first); n++) map.set(n, name as string);
    }
  }
  return map;
}

/** udp.port */
export const UDP_PORTS =
  "echo 7, daytime 13, chargen 19, time 37, tacacs 49, dns 53, dhcp 67-68 4011, tftp 69, kerberos 88, rpc 111, ntp " +
  "123, nbns 137, nbdgm 138, snmp 161-162 8161, xyplex 173, xdmcp 177, ipx 213, packetbb 269, ptp 319-320, cldap " +
  "389, srvloc 427, mip 434, kpasswd 464, kf 473 4058, auto_rp 496, isakmp 500, mbudp 502, who 513, syslog 514, rip " +
  "520, ripng 521, ncp 524, tsp 525, pulse 539, dhcpv6 546-547, vines_frp 573, rmcp 623, cups 631, ldp 646, aodv " +
  "654, rsp 664, olsr 698, a11 699, lmp 701, krb4 750, dtls 853 2221 5684 5868, dlep 854, kink 910, lwres 921, acdr " +
  "925, find 1001, uftp 1044, ddtp 1052, slimp3 1069 3483, ff 1089-1091 3622, sebek 1101, ltp 1113, c1222 1153, " +
  "openvpn 1194, pktc 1293, laplink 1547, cnip 1628-1629, radius 1645-1646 1700 1812-1813 3799, l2tp 1701, h225 " +
  "1718-1719, msproxy 1745, msmms 1755, ssdp 1900, hsrp 1985 2029, wccp 2048, cflow 2055 4739 9996, dlsw 2067, h501 " +
  "2099, gtp 2123 2152, gprs-ns 2157 19999, tivoconnect 2190, cipio 2222, wimaxasncp 2231, pktc.mtafqdn 2246, amt " +
  "2268, mikey 2269, iapp 2313, knet 2345, tpncp 2424, mgcp 2427 2727, actrace 2428, wlccp 2887, megaco 2944, h248 " +
  "2945, wsp 2948 9200, wtls 2949 9202-9203, componentstatusprotocol 2960, dis 3000, tpcp 3121, icp 3130, isns " +
  "3205, glbp 3222, hicp 3250, enttec 3333, msrcp 3343, ax4000 3357, gtpprime 3386, rdpudp 3389, sabp 3452, rsvp " +
  "3455, stun 3478, mpls-echo 3503, pnrp 3540, teredo 3544, dof 3567 5567, kip 3671, bfd 3784 4784 6784 7784, " +
  "bfd_echo 3785, pathport 3792, hiqnet 3804, epl 3819, asap 3863, gvcp 3956, icq 4000, bat 4305, bat.gw 4306, " +
  "bat.vis 4307, lisp-data 4341, lisp 4342, udpencap 4500, armagetronad 4533-4534, mih 4551, rsip 4555, bundle " +
  "4556, iax2 4569, edonkey 4665 4672, synphasor 4713, gsmtap 4729, gre 4754, vxlan 4789, vxlan_gpe 4790, " +
  "infiniband 4791, vrt 4991, tapa 5000, cpfi 5001, dmp 5031, sbus 5050, sip 5060, ayiya 5072, hart_ip 5094, capwap " +
  "5246, capwap.data 5247, njack 5264-5265, portcontrol 5350-5351, mdns 5353, llmnr 5355, corosync_totemnet " +
  "5404-5405, mipv6 5436, sigcomp 5555 6666, mndp 5678, coap 5683, esio 6060, dpnet 6073, geneve 6081, " +
  "reload-framing 6084, ldss 6087, tipc 6118, ecmp 6160, sflow 6343, adwin 6543, mpls 6635, babel 6696, rdt 6970, " +
  "rx 7000-7009 7021, 5co_legacy 7010, tetra 7074, nano 7075, idn 7255, ulp 7275, oicq 8000, cpha 8116, adp 8200, " +
  "papi 8211, asterix 8600, bjnp 8611-8614, opensafety 8755, ts2 8767, pfcp 8805, ipvs 8848, roon_disco 9003, wtp " +
  "9201, dvb_ipdc 9214, omron 9600, sap 9875, opensafety_udp 9877, sctp 9899, enrp 9901, ardp 9955, ajns 9956, " +
  "tplink-smarthome 9999, wisun.eapol_relay 10253, hip 10500, memcache 11211, vuze-dht 11273, caneth 11898, llc " +
  "12000-12004, lwapp-l3 12220, lwapp 12222-12223, doip 13400, mpeg_dsmcc 13819, wassp 13907 13910, ieee1722 17220, " +
  "db-lsp-disc 17500, zep 17754, scop 17755-17756, egd 18246, raknet 19132, mle 19788, kdp 19948, dnp3 20000, " +
  "mactelnet 20561, rtpproxy 22222, a21 23272, mint 24576-24577, collectd 25826, quake 26000, steam_ihs_discovery " +
  "27036, quakeworld 27500, quake2 27910, quake3 27950-27953 27960-27963, jmirror 30030, uaudp 32000 32512, pn_rt " +
  "34962, ecatf 34980, tzsp 37008, manolito 41170, enip 44818, ath 45564, hcrt 47000, bvlc 47808, " +
  "nxp_802154_sniffer 49999, elasticsearch 54328, eobi 56000-56001 56500-56501 57000-57001 57032-57033 57500-57501 " +
  "57532-57533 59000-59001 59032-59033 59500-59501 59532-59533, ssyncp 60001";

/** tcp.port */
export const TCP_PORTS =
  "echo 7, daytime 13, chargen 19, ftp-data 20, ftp 21, ssh 22 29418, telnet 23, smtp 25 587, time 37, winsrepl 42, " +
  "whois 43, tacplus 49, dns 53 5353, gopher 70, finger 79, http 80 631 1900 2710 2869 3128 3132 3689 5985 8080 " +
  "8088 11371, kerberos 88, tpkt 102 3389, dicom 104, pop 110, rpc 111, nntp 119, ntp 123, nbss 139 445, imap 143, " +
  "snmp 161-162, bgp 179, smux 199, z3950 210, rpkirtr 323, tls 324 443 465 636 802 853 993 995 1300 2221 2443 " +
  "3249-3252 3496 5061 5671 5684 5868 8883 11207 19999 27017, ldap 389 3268, srvloc 427, kpasswd 464, kf 473 4058, " +
  "isakmp 500, mbtcp 502, exec 512, rlogin 513, rsh 514, lpd 515, ncp 524, dhcpv6.bulk_leasequery 547, dsi 548, " +
  "rtsp 554 7236 8554, 9p 564, msdp 639, ldp 646, dhcpfo 647, acap 674, agentx 705, cmp 829, dlep 854, " +
  "twamp.control 862, rsync 873, acdr 925, lnet 988, socks 1080, ff 1090, rmi 1099, idmp 1102, c1222 1153, openvpn " +
  "1194, gift 1213, icap 1344, tds 1433 2433, tns 1521, sametime 1533, laplink 1547, pptp 1723, msmms 1755, vicp " +
  "1861, msnms 1863, mqtt 1883, rtmpt 1935, kt 1978-1979, xot 1998, skinny 2000, djiuav 2001, dlsw 2065, h501 2099, " +
  "gtp 2123 2152, cops 2126 3288 3918, tivoconnect 2190, slsk 2234 2240 5534, mikey 2269, tpm 2321-2322, knet 2345, " +
  "cvspserver 2401, iec60870_104 2404, tpncp 2424, mgcp 2427 2727, kismet 2501, kdsp 2502, r3 2571 8023, hl7 2575, " +
  "zebra 2600, atmtcp 2812, msrp 2855, megaco 2944, h248 2945, gsm_ipa 3002-3003 3006 4222 4249-4250 5000, ndps " +
  "3014 3016-3019 3369, gdsdb 3050, isns 3205, opa.fe 3245-3248, mysql 3306, enttec 3333, pvfs 3334, ax4000 3357, " +
  "gtpprime 3386, sabp 3452, stun 3478, dof 3567, distcc 3632, kip 3671, wow 3724, hiqnet 3804, sasp 3860, asap " +
  "3863, diameter 3868, opsi 4002, bzr 4155, pcep 4189, tfp 4223, cast 4224, smrse 4321, lisp-tcp 4342, epmd 4369, " +
  "nvme-tcp 4420, mih 4551, rsip 4555, tcpcl 4556, edonkey 4661-4663, synphasor 4712, gearman 4730, ipdr 4737, " +
  "cflow 4739, xmcp 4788, opcua 4840, hislip 4880, ipsictl 5010, sip 5060, s5066sis 5066, llrp 5084, hart_ip 5094, " +
  "aol 5190, xmpp 5222, netsync 5253, pgsql 5432, artemis 5445, vnc 5500-5501 5900-5901, sigcomp 5555 6666, amqp " +
  "5672, coap 5683, hzlcst 5701, dtpt 5721, elcom 5997, x11 6000-6063, ancp 6068, mrcpv2 6075 30000-30200, " +
  "reload-framing 6084, spdy 6121, ecmp 6160, gnutella 6346, resp 6379, sir 6417, openflow 6653, irc 6667 57000, " +
  "ipdc 6668, bittorrent 6881-6889, gryphon 7000, nano 7075, tibia 7171-7172, ulp 7275, ilp 7276, dpp 7871, cmpp " +
  "7890 7900 7930 9168, omapi 7911, 5co_legacy 8004 8010, ajp13 8009, gadu-gadu 8074, woww 8085, dtps 8567, s101 " +
  "9000, jdwp 9009, cql 9042, kafka 9092, elasticsearch 9300, git 9418, omron 9600, ardp 9955, ajns 9956, " +
  "tplink-smarthome 9999, ndmp 10000, beep 10288, couchbase 11210, memcache 11211, doip 13400, mpeg_dsmcc 13819, " +
  "uma 14001, ptpip 15740, db-lsp 17500, scop 17755-17756, eti 19006 19043 19506 19543, xti 19042, dnp3 20000, " +
  "pcomtcp 20256, dlm3 21064, rtpproxy 22222, synergy 24800, ecatf 34980, pcp 44321, pmproxy 44322, enip 44818, " +
  "cbsp 48049, ams 48898";

/** sctp.port */
export const SCTP_PORTS =
  "ssh 22, dns 53, http 80, tls 324 443 465 636 802 993 995 1300 2443 3249-3252 3496 5061 5671 5684 8883 11207 " +
  "19999 27017, dtls 853 2221 5868, knet 2345, m2ua 2904, m3ua 2905, megaco 2944, m2pa 3565, asap 3863, diameter " +
  "3868, cflow 4739, v5ua 5675 10001, lcsap 9082, iua 9900, enrp 9901, m2tp 9908, sua 14001, dlm3 21064, sgsap " +
  "29118, sbcap 29168, rua 29169, s1ap 36412, x2ap 36422, m2ap 36443, m3ap 36444, e2ap 37464, ngap 38412, xnap " +
  "38422, e1ap 38462, f1ap 38472";

/** sctp.ppi: payload protocol identifiers of SCTP. */
export const SCTP_PAYLOADS =
  "iua 1, m2ua 2, m3ua 3, sua 4, m2pa 5, v5ua 6, megaco 7, bicc 8, dua 10, asap 11, enrp 12, q931 13, s1ap 18, rua " +
  "19, hnbap 20, sbcap 24, nbap 25, x2ap 27, lcsap 29, sabp 31, fractalgeneratorprotocol 32 688485889, " +
  "pingpongprotocol 33 688485890, calcappprotocol 34 688485891, ssp 35 688485892, netperfmeter 36-37 " +
  "688485893-688485894, m2ap 43, m3ap 44, ssh 45, diameter 46, dtls 47, gdt 49, rtcdc 50, ngap 60, xnap 61, f1ap " +
  "62, e1ap 64, m2tp 99";

/** ip.proto */
export const IP_PROTOCOLS =
  "ipv6.hopopts 0, icmp 1, igmp 2, ip 4, tcp 6, igrp 9, udp 17, cotp 29, dccp 33, xtp 36, ipv6 41, ipv6.routing 43, " +
  "ipv6.fraghdr 44, rsvp 46, gre 47, dsr 48, esp 50, ah 51, swipe 53, nhrp 54, icmpv6 58, ipv6.dstopts 60, mipv6 62 " +
  "135, osi 80, vines_frp 83, eigrp 88, ospf 89, ax25 93, etherip 97, pim 103, lwl4 106, ipcomp 108, vrrp 112, pgm " +
  "113, l2tp 115, sctp 132, rsvp-e2ei 134, udplite 136, mpls 137, hip 139, shim6 140, eth 143, ax4000 173, ncs 224";

/** ethertype. Below 1536 they are the PPP protocols that Wireshark keeps in the same table. */
export const ETHERTYPES =
  "pppmux 89, crtp 97, crtp_cntcp 101, crtp_cudp8 103, comp_data 253, idp 1536, roofnet 1601 1603-1605, mdp " +
  "1810-1811, ip 2048, arp 2054 32821, wol 2114, m2m 2288, bpq 2303, vines_ip 2989, vines_echo 2991, c15hbeat 3093, " +
  "cgmp 8193, crtp_cs 8293, crtp_cudp16 8295, gmhdr 8933, mrp-msrp 8938, ieee1722 8944, rohc 8945, trill 8947, isis " +
  "8948, dect 8995, wlan_centrino 9298, epl_v1 15935, batadv 17157, c15.ch 18242, lapbether 24576, dec_dna 24579, " +
  "lat 24580, eth 25944, ipcp 32801, osinlcp 32803, dec_stp 32824, ipv6cp 32855, pppmuxcp 32857, wpan 32922, llap " +
  "32923, snaeth 32981, dlr 32993, aarp 33011, ccp 33021, wcp 33023, vlan 33024 37120, bofl 33026, lacp 33027, nsrp " +
  "33075, ipx 33079, snmp 33100, stp 33153, ismp 33277, lwl4 33284, cdpcp 33287, mplscp 33409, ipv6 34525, wlccp " +
  "34605, mint 34691, macc 34824, slow 34825, mpls 34887-34888, pppoed 34915, pppoes 34916, hpna 34924, ans 34925, " +
  "msnlb 34927, llc 34928, brcm-tag 34932, homeplug 34939, eapol 34958 35015, pn_rt 34962, realtek 34969, hyperscsi " +
  "34970, csm_encaps 34971, telkonet 34977, aoe 34978, ecatf 34980, ieee8021ad 34984, extrememesh 34985, epl 34987, " +
  "brdwlk 34990 43981, wai 34996, ieee802a 34999, goose 35000, sv 35002, lwapp 35003 48059, tipc 35018, lldp 35020 " +
  "35138, siii 35021, cesoeth 35032, lltd 35033, wsmp 35036, vmlab 35038, homeplug-av 35041, pn_mrp 35043, macsec " +
  "35045, ieee8021ah 35047, elmi 35054, mrp-mvrp 35061, mrp-mmrp 35062, ptp 35063, ncsi 35064, hsr_prp_supervision " +
  "35067, flip 35073, cfm 35074, fcoe 35078, cmd 35081, wlan 35085, linx 35089, fip 35092, infiniband 35093, mih " +
  "35095, tte_pcf 35101, vntag 35110, bluecom 35117, hsr 35119, ieee1905 35130, etag 35135, ecp21 35136, gnw 35143, " +
  "nsh 35151, hbbak 35208, aruba_iap 36861, loop 36864, rtmac 36897, rtcfg 36898, eero 37124, tecmp 39422, 6lowpan " +
  "41197, wreth 43690, ecpri 44798, cl3 46307, lcp 49185, pap 49187, cbcp 49193, bacp 49195, bap 49197, xip 49374, " +
  "nwp 49375, chap 49699, llt 51966, tdmoe 53261, avsp 53899, exeh 58709, hcrt 61522, ieee8021cb 61889, mdshdr " +
  "64764";

/** ppp.protocol */
export const PPP_PROTOCOLS =
  "ip 33 2048, osi 35, dec_dna 39, ddp 41, ipx 43, vjc 45 47, bcp_bpdu 49, vines_ip 53, mp 61, llc 75, sna 77, ipv6 " +
  "87 34525, pppmux 89, vsnp 91, crtp 97, crtp_cntcp 101, crtp_cudp8 103, comp_data 253, dec_stp 517, cdp 519, mpls " +
  "641 643, crtp_cs 8293, crtp_cudp16 8295, ipcp 32801, osinlcp 32803, bcp_ncp 32817, ipv6cp 32855, pppmuxcp 32857, " +
  "vsncp 32859, ccp 33021, cdpcp 33287, mplscp 33409, lcp 49185, pap 49187, cbcp 49193, bacp 49195, bap 49197, chap " +
  "49699, eap 49703";

/** chdlc.protocol; other numbers are EtherTypes. */
export const CHDLC_PROTOCOLS =
  "udld 273, idp 1536, ip 2048, cdp 8192, stp 16962, dec_dna 24579, eth 25944, slarp 32821, dec_stp 32824, ddp " +
  "32923, aarp 33011, ipx 33079, ipv6 34525, mpls 34887-34888, osi 65278";

/** gre.proto; other numbers are unknown. */
export const GRE_PROTOCOLS =
  "osi 254, grebonding 257 47082, ip 2048 34878, arp 2054, cdp 8192, nhrp 8193, erspan 8939 35006, eth 25600 25944, " +
  "fr 25945, ipx 33079, wlan 33280 33296 33312 33328 33344 33360 33376 33392 33408 33424 33440 33456 33472 33488 " +
  "33504 33520 33536 33552 33568 33584 33600 33616 33632 33648, ipv6 34525, ppp 34827, mpls 34887-34888, ppp_hdlc " +
  "34945 35026, cmd 35081, nsh 35151";

/** llc.dsap */
export const LLC_SAPS =
  "sna 4 8 12 64 200, ip 6, ipx 16 224, osi 20 32 52 84 254, stp 66, x25 126, 3comxns 128, bacnet 130, vines_llc " +
  "188, netbios 240, hpext 248, rpl 252";

/** llc.cisco_pid: SNAP with the organisation 00:00:0c. */
export const CISCO_PIDS = "pagp 260, stp 264-265 267-268, udld 273, mcp 313, cdp 8192, cgmp 8193, vtp 8195, dtp 8196";

/** igmp.type */
export const IGMP_TYPES =
  "igmp 0-15 17-18 22-23 30-31 34, dvmrp 19, pim 20, msnip 35-37, mrdisc 38, igap 64-66, rgmp 252-255";
