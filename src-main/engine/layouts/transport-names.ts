/** Names of numbers in transport and tunnel headers, as Wireshark 4.0 writes them. */
import { nameTable } from "./layout";

export const TCP_OPTIONS = nameTable([
  [0, "End of Option List"],
  [1, "No-Operation"],
  [2, "Maximum Segment Size"],
  [3, "Window Scale"],
  [4, "SACK Permitted"],
  [5, "SACK"],
  [8, "Time Stamp Option"],
  [19, "MD5 Signature Option"],
  [28, "User Timeout Option"],
  [29, "TCP Authentication Option"],
  [30, "Multipath TCP"],
  [34, "TCP Fast Open Cookie"],
  [253, "RFC3692-style Experiment 1"],
  [254, "RFC3692-style Experiment 2"],
]);

export const SCTP_CHUNKS = nameTable([
  [0, "DATA"],
  [1, "INIT"],
  [2, "INIT_ACK"],
  [3, "SACK"],
  [4, "HEARTBEAT"],
  [5, "HEARTBEAT_ACK"],
  [6, "ABORT"],
  [7, "SHUTDOWN"],
  [8, "SHUTDOWN_ACK"],
  [9, "ERROR"],
  [10, "COOKIE_ECHO"],
  [11, "COOKIE_ACK"],
  [12, "ECNE"],
  [13, "CWR"],
  [14, "SHUTDOWN_COMPLETE"],
  [15, "AUTH"],
  [64, "I_DATA"],
  [128, "ASCONF_ACK"],
  [130, "RE_CONFIG"],
  [132, "PAD"],
  [192, "FORWARD_TSN"],
  [193, "ASCONF"],
  [194, "I_FORWARD_TSN"],
]);

export const WIREGUARD_TYPES = nameTable([
  [1, "Handshake Initiation"],
  [2, "Handshake Response"],
  [3, "Cookie Reply"],
  [4, "Transport Data"],
]);

export const GTP_MESSAGES = nameTable([
  [1, "Echo request"],
  [2, "Echo response"],
  [26, "Error indication"],
  [31, "Supported extension headers notification"],
  [254, "End Marker"],
  [255, "T-PDU"],
]);
