/**
 * What Wireshark 4.0 writes into the column Protocol for a protocol that frame.protocols calls by its filter name: facts as
 * `tshark -G protocols` lists them, "name=column; name=column". Names that are not here are written in capitals.
 */
const COLUMN_NAMES =
  "6lowpan=6LoWPAN; a11=3GPP2 A11; acdr=AC DR; actrace=ACtrace; adwin=ADwin; afs=AFS (RX); agentx=AgentX; " +
  "ajns=AllJoyn NS; ardp=AllJoyn ARDP; armagetronad=Armagetronad; artemis=Artemis; aruba_iap=aruba_iap; " +
  "auto_rp=Auto-RP; avsp=avsp; ax25=AX.25; babel=Babel; bacnet=BACnet; bacp=PPP BACP; bap=PPP BAP; bat.gw=BAT GW; " +
  "bat.vis=BAT VIS; bcp_bpdu=PPP BCP BPDU; bcp_ncp=PPP BCP NCP; bfd=BFD Control; bfd_echo=BFD Echo; " +
  "bittorrent=BitTorrent; bluecom=bluecom; brdwlk=Boardwalk; bundle=Bundle; bzr=Bazaar; c1222=C12.22; " +
  "c15.ch=C15.ch; calcappprotocol=CalcAppProtocol; caneth=CAN-ETH; capwap=CAPWAP-Control; capwap.data=CAPWAP-Data; " +
  "cbcp=PPP CBCP; cbsp=cbsp; ccp=PPP CCP; cdpcp=PPP CDPCP; cesoeth=CESoETH; chap=PPP CHAP; chargen=Chargen; " +
  "cipio=CIP I/O; cnip=CN/IP; coap=CoAP; collectd=collectd; comp_data=PPP Comp; " +
  "componentstatusprotocol=ComponentStatusProtocol; corosync_totemnet=COROSYNC/TOTEMNET; couchbase=Couchbase; " +
  "crtp_cntcp=CRTP (CNTCP); crtp_cs=CRTP (CS); crtp_cudp16=CRTP (CUDP 16); crtp_cudp8=CRTP (CUDP 8); " +
  "cvspserver=cvspserver; dhcpv6=DHCPv6; dhcpv6.bulk_leasequery=DHCPv6 Bulk Leasequery; diameter=Diameter; " +
  "dlsw=DLSw; dnp3=DNP 3.0; doip=DoIP; dpp=Wi-Fi DPP; dvb_ipdc=ESG Bootstrap; ecatf=ETHERCAT; ecpri=eCPRI; " +
  "elasticsearch=Elasticsearch; elmi=E-LMI; eth=Ethernet; extrememesh=EXTREME MESH; fcoe=FCoE; " +
  "fractalgeneratorprotocol=FractalGeneratorProtocol; gadu-gadu=Gadu-Gadu; gdsdb=FB/IB GDS DB; gearman=Gearman; " +
  "geneve=Geneve; gift=giFT; git=Git; gopher=Gopher; grebonding=GREbond; gryphon=Gryphon; gsm_ipa=GSM over IP; " +
  "gtpprime=GTP (Prime); gtpv2=GTPv2; h225=H.225.0; h248=H.248; h501=H.501; hbbak=Palo Alto Heartbeat Backup; " +
  "hcrt=HCrt; hiqnet=HiQnet; hislip=HiSLIP; homeplug=HomePlug; homeplug-av=HomePlug AV; hpna=HomePNA; " +
  "hyperscsi=HyperSCSI; hzlcst=HAZELCAST; icmpv6=ICMPv6; iec60870_104=IEC 60870-5-104; ieee1905=ieee1905; " +
  "ieee8021ad=IEEE 802.1AD; ieee8021ah=IEEE 802.1AH; ieee8021cb=R-Tag; ieee802a=IEEE802a; ip=IPv4; ipcomp=IPComp; " +
  "ipcp=PPP IPCP; ipdr=IPDR/SP; ipv6=IPv6; ipv6.dstopts=IPv6 Destination; ipv6.fraghdr=IPv6 Fragment; " +
  "ipv6.hopopts=IPv6 Hop-by-Hop; ipv6.routing=IPv6 Routing; ipv6cp=PPP IPV6CP; isis.csnp=ISIS CSNP; isis.hello=ISIS " +
  "HELLO; isis.lsp=ISIS LSP; isis.psnp=ISIS PSNP; isns=iSNS; jmirror=Jmirror; kafka=Kafka; kerberos=KRB5; " +
  "kf=Kingfisher; kip=KNX/IP; kismet=Kismet; kt=Kyoto Tycoon; laplink=Laplink; lcp=PPP LCP; lisp-data=LISP Data; " +
  "lisp-tcp=LISP Reliable Transport; lnet=LNet; mactelnet=MAC-Telnet; manolito=Manolito; marker=Link Aggregation " +
  "Marker Protocol; mbtcp=Modbus/TCP; mbudp=Modbus/UDP; mdshdr=MDS Header; mip=Mobile IP; mipv6=MIPv6; mp=PPP MP; " +
  "mpeg_dsmcc=MPEG DSM-CC; mpls-echo=MPLS Echo; mplscp=PPP MPLSCP; mrcpv2=MRCPv2; msnlb=MS NLB; msproxy=MS Proxy; " +
  "mysql=MySQL; nano=Nano; nbdgm=NBDS; netbios=NetBIOS; netperfmeter=NetPerfMeter; netsync=Netsync; " +
  "nvme-tcp=NVMe/TCP; nxp_802154_sniffer=NXP 802154 Sniffer; oampdu=Ethernet OAM PDU; omron=OMRON FINS; opa.fe=OPA " +
  "FE; opcua=OpcUa; openflow=OpenFlow; openflow_v1=openflow_v1; openflow_v4=openflow_v4; openflow_v5=openflow_v5; " +
  "openflow_v6=openflow_v6; opensafety=openSAFETY; opensafety_udp=openSAFETY ov. UDP; openvpn=OpenVPN; osinlcp=PPP " +
  "OSINLCP; ossp=Organization Specific Slow Protocol; packetbb=PacketBB; pap=PPP PAP; pathport=Pathport; " +
  "pcomtcp=PCOM/TCP; pingpongprotocol=PingPongProtocol; pktc.mtafqdn=PKTC; pn_mrp=PN-MRP; pn_rt=PN-RT; " +
  "portcontrol=Port Control; portmap=Portmap; ppp_hdlc=PPP-HDLC; pppmux=PPP PPPMux; pppmuxcp=PPP PPPMuxCP; " +
  "pppoed=PPPoED; pppoes=PPPoES; ptpip=PTP/IP; q931=Q.931; raknet=RakNet; realtek=Realtek; reload-framing=RELOAD " +
  "FRAMING; ripng=RIPng; rlogin=Rlogin; roofnet=Roofnet; roon_disco=RoonDisco; rpkirtr=RPKI-Router Protocol; " +
  "rtcfg=RTcfg; rtmac=RTmac; rtpproxy=RTPproxy; s5066sis=STANAG 5066 SIS; sbcap=SBcAP; scop=SCoP; sflow=sFlow; " +
  "shim6=Shim6; siii=SERCOS III V1.1; slimp3=SliMP3; slow=Slow Protocols; slsk=SoulSeek; socks=Socks; ssh=SSHv2; " +
  "ssyncp=SSyncP; steam_ihs_discovery=Steam IHS Discovery; swipe=swIPe; synergy=Synergy; synphasor=SYNCHROPHASOR; " +
  "syslog=Syslog; tacplus=TACACS+; tdmoe=TDMoE; teredo=Teredo; tibia=Tibia; tivoconnect=TiVoConnect; tpm=TPM2.0; " +
  "ts2=TeamSpeak2; tte_pcf=TTE PCF; twamp.control=TWAMP-Control; udplite=UDP-Lite; vines_echo=Vines Echo; " +
  "vines_frp=Vines FRP; vines_ip=Vines IP; vines_llc=Vines LLC; vrt=VITA 49; vsnp=PPP VSNP; vuze-dht=Vuze-DHT; " +
  "vxlan_gpe=VxLAN-GPE; websocket=WebSocket; wimaxasncp=WiMAX ASN CP; winsrepl=WINS-Replication; " +
  "wisun.eapol_relay=Wi-SUN EAPOL Relay; wlan=802.11; wlan_centrino=IEEE 802.11 (Centrino); wpan=IEEE 802.15.4; " +
  "x25=X.25; xnap=XnAP; z3950=Z39.50";

let names: ReadonlyMap<string, string> | undefined;

/** "bgp" → "BGP", "dhcpv6" → "DHCPv6" */
export function protocolColumn(filterName: string): string {
  names ??= new Map(COLUMN_NAMES.split("; ").map((entry) => entry.split("=") as [string, string]));
  return names.get(filterName) ?? filterName.toUpperCase();
}
