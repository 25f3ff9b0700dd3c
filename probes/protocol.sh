#!/bin/sh
# /// probe
# help    = "What TCP, UDP, IP and ICMP did, errors above all; sockets in use; connection tracking; the network's soft interrupts."
# source  = "/proc/net/snmp, netstat, snmp6, sockstat, sockstat6, softnet_stat; /proc/sys/net/netfilter/nf_conntrack_count and _max; the page size from /proc/self/stat and statm of the reader itself"
# docs    = "https://docs.kernel.org/networking/snmp_counter.html"
# every   = "30s"
# timeout = "5s"
# parse   = "protocol"
# read    = ["/proc/net/snmp", "/proc/net/netstat", "/proc/net/snmp6", "/proc/net/sockstat", "/proc/net/sockstat6", "/proc/net/softnet_stat", "/proc/sys/net/netfilter/nf_conntrack_count", "/proc/sys/net/netfilter/nf_conntrack_max", "/proc/self/stat", "/proc/self/statm"]
#
# [columns]
# tcp_curr_estab = { id = 1, type = "i64", kind = "gauge", help = "TCP connections that are established or in CLOSE-WAIT now" }
# tcp_active_opens_total = { id = 2, type = "u64", kind = "counter", help = "Connections opened from here" }
# tcp_passive_opens_total = { id = 3, type = "u64", kind = "counter", help = "Connections opened from elsewhere" }
# tcp_attempt_fails_total = { id = 4, type = "u64", kind = "counter", help = "Connections that failed to open" }
# tcp_estab_resets_total = { id = 5, type = "u64", kind = "counter", help = "Established connections that were reset" }
# tcp_in_segs_total = { id = 6, type = "u64", kind = "counter", help = "Segments received" }
# tcp_out_segs_total = { id = 7, type = "u64", kind = "counter", help = "Segments sent, without those sent again" }
# tcp_retrans_segs_total = { id = 8, type = "u64", kind = "counter", help = "Segments sent again" }
# tcp_in_errs_total = { id = 9, type = "u64", kind = "counter", help = "Segments received with errors" }
# tcp_in_csum_errors_total = { id = 10, type = "u64", kind = "counter", help = "Those with a wrong checksum" }
# tcp_out_rsts_total = { id = 11, type = "u64", kind = "counter", help = "Segments sent that reset a connection" }
# tcp_listen_overflows_total = { id = 12, type = "u64", kind = "counter", help = "Connections dropped since a listener's queue was full" }
# tcp_listen_drops_total = { id = 13, type = "u64", kind = "counter", help = "Connections dropped by listeners for any reason" }
# tcp_req_q_full_drop_total = { id = 14, type = "u64", kind = "counter", help = "Connection requests dropped since a listener had too many" }
# tcp_req_q_full_do_cookies_total = { id = 15, type = "u64", kind = "counter", help = "Connection requests answered with a SYN cookie since a listener had too many" }
# tcp_syncookies_sent_total = { id = 16, type = "u64", kind = "counter", help = "SYN cookies sent" }
# tcp_syncookies_recv_total = { id = 17, type = "u64", kind = "counter", help = "SYN cookies that came back right" }
# tcp_syncookies_failed_total = { id = 18, type = "u64", kind = "counter", help = "SYN cookies that came back wrong" }
# tcp_embryonic_rsts_total = { id = 19, type = "u64", kind = "counter", help = "Connections reset before they were open" }
# tcp_time_wait_overflow_total = { id = 20, type = "u64", kind = "counter", help = "Connections that found no room in TIME-WAIT" }
# tcp_timeouts_total = { id = 21, type = "u64", kind = "counter", help = "Times an answer did not come in time" }
# tcp_syn_retrans_total = { id = 22, type = "u64", kind = "counter", help = "SYNs sent again" }
# tcp_fast_retrans_total = { id = 23, type = "u64", kind = "counter", help = "Segments sent again on the other side's hint" }
# tcp_slow_start_retrans_total = { id = 24, type = "u64", kind = "counter", help = "Segments sent again in slow start" }
# tcp_lost_retransmit_total = { id = 25, type = "u64", kind = "counter", help = "Segments sent again that were lost again" }
# tcp_loss_probes_total = { id = 26, type = "u64", kind = "counter", help = "Probes sent at the tail of a flow for want of an answer" }
# tcp_spurious_rtos_total = { id = 27, type = "u64", kind = "counter", help = "Timeouts that were none: the answer came late" }
# tcp_retrans_fail_total = { id = 28, type = "u64", kind = "counter", help = "Segments that could not be sent again, for the host's own reasons" }
# tcp_abort_on_data_total = { id = 29, type = "u64", kind = "counter", help = "Connections reset on unexpected data" }
# tcp_abort_on_close_total = { id = 30, type = "u64", kind = "counter", help = "Connections reset on closing with data unread" }
# tcp_abort_on_memory_total = { id = 31, type = "u64", kind = "counter", help = "Connections reset for lack of memory, or with too many orphans" }
# tcp_abort_on_timeout_total = { id = 32, type = "u64", kind = "counter", help = "Connections given up for want of an answer" }
# tcp_abort_on_linger_total = { id = 33, type = "u64", kind = "counter", help = "Connections reset since their linger time was over" }
# tcp_abort_failed_total = { id = 34, type = "u64", kind = "counter", help = "Resets that could not be sent" }
# tcp_memory_pressures_total = { id = 35, type = "u64", kind = "counter", help = "Times TCP came under memory pressure (tcp_mem)" }
# tcp_prune_called_total = { id = 36, type = "u64", kind = "counter", help = "Times a receive buffer was pruned" }
# tcp_rcv_pruned_total = { id = 37, type = "u64", kind = "counter", help = "Packets dropped from a receive buffer, which was full" }
# tcp_ofo_pruned_total = { id = 38, type = "u64", kind = "counter", help = "Packets dropped from an out-of-order queue, since the receive buffer was full" }
# tcp_ofo_queue_total = { id = 39, type = "u64", kind = "counter", help = "Segments that came out of order" }
# tcp_ofo_drop_total = { id = 40, type = "u64", kind = "counter", help = "Segments out of order that were dropped for lack of room" }
# tcp_backlog_drop_total = { id = 41, type = "u64", kind = "counter", help = "Segments dropped since a socket's backlog was full" }
# tcp_rcv_q_drop_total = { id = 42, type = "u64", kind = "counter", help = "Segments dropped since a receive queue was full" }
# tcp_zero_window_drop_total = { id = 43, type = "u64", kind = "counter", help = "Segments dropped since the window was shut" }
# tcp_to_zero_window_adv_total = { id = 44, type = "u64", kind = "counter", help = "Times the window was shut: a program here does not read fast enough" }
# tcp_paws_estab_total = { id = 45, type = "u64", kind = "counter", help = "Segments dropped for an old time stamp" }
# udp_in_datagrams_total = { id = 46, type = "u64", kind = "counter", help = "UDP over IPv4 datagrams delivered" }
# udp_out_datagrams_total = { id = 47, type = "u64", kind = "counter", help = "UDP over IPv4 datagrams sent" }
# udp_no_ports_total = { id = 48, type = "u64", kind = "counter", help = "Datagrams to a port that nobody listened on" }
# udp_in_errors_total = { id = 49, type = "u64", kind = "counter", help = "Datagrams that could not be delivered, of all kinds" }
# udp_rcvbuf_errors_total = { id = 50, type = "u64", kind = "counter", help = "Those dropped since the receive buffer was full" }
# udp_sndbuf_errors_total = { id = 51, type = "u64", kind = "counter", help = "Datagrams not sent since the send buffer was full" }
# udp_in_csum_errors_total = { id = 52, type = "u64", kind = "counter", help = "Those with a wrong checksum" }
# udp_mem_errors_total = { id = 53, type = "u64", kind = "counter", help = "Those dropped for lack of memory" }
# udp6_in_datagrams_total = { id = 54, type = "u64", kind = "counter", help = "UDP over IPv6 datagrams delivered" }
# udp6_out_datagrams_total = { id = 55, type = "u64", kind = "counter", help = "UDP over IPv6 datagrams sent" }
# udp6_no_ports_total = { id = 56, type = "u64", kind = "counter", help = "Datagrams to a port that nobody listened on" }
# udp6_in_errors_total = { id = 57, type = "u64", kind = "counter", help = "Datagrams that could not be delivered, of all kinds" }
# udp6_rcvbuf_errors_total = { id = 58, type = "u64", kind = "counter", help = "Those dropped since the receive buffer was full" }
# udp6_sndbuf_errors_total = { id = 59, type = "u64", kind = "counter", help = "Datagrams not sent since the send buffer was full" }
# udp6_in_csum_errors_total = { id = 60, type = "u64", kind = "counter", help = "Those with a wrong checksum" }
# udp6_mem_errors_total = { id = 61, type = "u64", kind = "counter", help = "Those dropped for lack of memory" }
# ip_in_receives_total = { id = 62, type = "u64", kind = "counter", help = "IPv4 packets received" }
# ip_in_delivers_total = { id = 63, type = "u64", kind = "counter", help = "Those given to a protocol above" }
# ip_out_requests_total = { id = 64, type = "u64", kind = "counter", help = "IPv4 packets that this host made" }
# ip_forw_datagrams_total = { id = 65, type = "u64", kind = "counter", help = "Packets passed on for others" }
# ip_in_bytes_total = { id = 66, type = "u64", kind = "counter", help = "Bytes received, headers included" }
# ip_out_bytes_total = { id = 67, type = "u64", kind = "counter", help = "Bytes sent, headers included" }
# ip_in_hdr_errors_total = { id = 68, type = "u64", kind = "counter", help = "Packets with a bad header, or that lived too long" }
# ip_in_addr_errors_total = { id = 69, type = "u64", kind = "counter", help = "Packets to an address that is not here" }
# ip_in_no_routes_total = { id = 70, type = "u64", kind = "counter", help = "Packets received without a route for them" }
# ip_in_unknown_protos_total = { id = 71, type = "u64", kind = "counter", help = "Packets of a protocol that is not here" }
# ip_in_truncated_pkts_total = { id = 72, type = "u64", kind = "counter", help = "Packets shorter than they said" }
# ip_in_discards_total = { id = 73, type = "u64", kind = "counter", help = "Sound packets dropped on receiving, for lack of memory" }
# ip_out_discards_total = { id = 74, type = "u64", kind = "counter", help = "Sound packets dropped on sending, for lack of memory or by a filter" }
# ip_out_no_routes_total = { id = 75, type = "u64", kind = "counter", help = "Packets dropped since no route was known" }
# ip_reasm_reqds_total = { id = 76, type = "u64", kind = "counter", help = "Fragments received" }
# ip_reasm_oks_total = { id = 77, type = "u64", kind = "counter", help = "Packets put together from fragments" }
# ip_reasm_fails_total = { id = 78, type = "u64", kind = "counter", help = "Packets that could not be put together" }
# ip_frag_creates_total = { id = 79, type = "u64", kind = "counter", help = "Fragments made" }
# ip_frag_fails_total = { id = 80, type = "u64", kind = "counter", help = "Packets that needed to be cut and could not" }
# ip_reverse_path_filter_total = { id = 81, type = "u64", kind = "counter", help = "Packets dropped by the reverse path filter" }
# ip6_in_receives_total = { id = 82, type = "u64", kind = "counter", help = "IPv6 packets received" }
# ip6_in_delivers_total = { id = 83, type = "u64", kind = "counter", help = "Those given to a protocol above" }
# ip6_out_requests_total = { id = 84, type = "u64", kind = "counter", help = "IPv6 packets that this host made" }
# ip6_out_forw_datagrams_total = { id = 85, type = "u64", kind = "counter", help = "Packets passed on for others" }
# ip6_in_bytes_total = { id = 86, type = "u64", kind = "counter", help = "Bytes received, headers included" }
# ip6_out_bytes_total = { id = 87, type = "u64", kind = "counter", help = "Bytes sent, headers included" }
# ip6_in_hdr_errors_total = { id = 88, type = "u64", kind = "counter", help = "Packets with a bad header, or that lived too long" }
# ip6_in_addr_errors_total = { id = 89, type = "u64", kind = "counter", help = "Packets to an address that is not here" }
# ip6_in_no_routes_total = { id = 90, type = "u64", kind = "counter", help = "Packets received without a route for them" }
# ip6_in_unknown_protos_total = { id = 91, type = "u64", kind = "counter", help = "Packets of a protocol that is not here" }
# ip6_in_truncated_pkts_total = { id = 92, type = "u64", kind = "counter", help = "Packets shorter than they said" }
# ip6_in_discards_total = { id = 93, type = "u64", kind = "counter", help = "Sound packets dropped on receiving, for lack of memory" }
# ip6_out_discards_total = { id = 94, type = "u64", kind = "counter", help = "Sound packets dropped on sending, for lack of memory or by a filter" }
# ip6_out_no_routes_total = { id = 95, type = "u64", kind = "counter", help = "Packets dropped since no route was known" }
# ip6_reasm_reqds_total = { id = 96, type = "u64", kind = "counter", help = "Fragments received" }
# ip6_reasm_oks_total = { id = 97, type = "u64", kind = "counter", help = "Packets put together from fragments" }
# ip6_reasm_fails_total = { id = 98, type = "u64", kind = "counter", help = "Packets that could not be put together" }
# ip6_frag_creates_total = { id = 99, type = "u64", kind = "counter", help = "Fragments made" }
# ip6_frag_fails_total = { id = 100, type = "u64", kind = "counter", help = "Packets that needed to be cut and could not" }
# icmp_in_msgs_total = { id = 101, type = "u64", kind = "counter", help = "ICMP messages received" }
# icmp_in_errors_total = { id = 102, type = "u64", kind = "counter", help = "Those with errors" }
# icmp_out_msgs_total = { id = 103, type = "u64", kind = "counter", help = "ICMP messages sent" }
# icmp_out_errors_total = { id = 104, type = "u64", kind = "counter", help = "ICMP messages that could not be sent" }
# icmp_in_dest_unreachs_total = { id = 105, type = "u64", kind = "counter", help = "`Destination unreachable` received" }
# icmp_out_dest_unreachs_total = { id = 106, type = "u64", kind = "counter", help = "`Destination unreachable` sent" }
# icmp_in_echos_total = { id = 107, type = "u64", kind = "counter", help = "Pings received" }
# icmp_out_echo_reps_total = { id = 108, type = "u64", kind = "counter", help = "Pings answered" }
# icmp6_in_msgs_total = { id = 109, type = "u64", kind = "counter", help = "ICMPv6 messages received" }
# icmp6_in_errors_total = { id = 110, type = "u64", kind = "counter", help = "Those with errors" }
# icmp6_out_msgs_total = { id = 111, type = "u64", kind = "counter", help = "ICMPv6 messages sent" }
# icmp6_out_errors_total = { id = 112, type = "u64", kind = "counter", help = "ICMPv6 messages that could not be sent" }
# icmp6_in_dest_unreachs_total = { id = 113, type = "u64", kind = "counter", help = "`Destination unreachable` received" }
# icmp6_out_dest_unreachs_total = { id = 114, type = "u64", kind = "counter", help = "`Destination unreachable` sent" }
# icmp6_in_pkt_too_bigs_total = { id = 115, type = "u64", kind = "counter", help = "`Packet too big` received" }
# sockets_used = { id = 116, type = "i64", kind = "gauge", help = "Sockets of every kind that are open" }
# sockets_tcp_inuse = { id = 117, type = "i64", kind = "gauge", help = "TCP sockets over IPv4 in use, without those in TIME-WAIT" }
# sockets_tcp_alloc = { id = 118, type = "i64", kind = "gauge", help = "TCP sockets that take memory, over IPv4 and IPv6, unbound and closed ones included" }
# sockets_tcp_orphan = { id = 119, type = "i64", kind = "gauge", help = "TCP connections that no program has any more, over IPv4 and IPv6" }
# sockets_tcp_tw = { id = 120, type = "i64", kind = "gauge", help = "TCP connections in TIME-WAIT, over IPv4 and IPv6" }
# sockets_tcp_mem_bytes = { id = 121, type = "i64", kind = "gauge", help = "Memory of TCP's buffers; null where pages are larger than 4 KiB" }
# sockets_udp_inuse = { id = 122, type = "i64", kind = "gauge", help = "UDP sockets over IPv4" }
# sockets_udp_mem_bytes = { id = 123, type = "i64", kind = "gauge", help = "Memory of UDP's buffers; null where pages are larger than 4 KiB" }
# sockets_raw_inuse = { id = 124, type = "i64", kind = "gauge", help = "Raw sockets over IPv4" }
# sockets_frag_inuse = { id = 125, type = "i64", kind = "gauge", help = "IPv4 packets being put together from fragments" }
# sockets_frag_memory_bytes = { id = 126, type = "i64", kind = "gauge", help = "Memory they take" }
# sockets_tcp6_inuse = { id = 127, type = "i64", kind = "gauge", help = "TCP sockets over IPv6 in use, without those in TIME-WAIT" }
# sockets_udp6_inuse = { id = 128, type = "i64", kind = "gauge", help = "UDP sockets over IPv6" }
# sockets_raw6_inuse = { id = 129, type = "i64", kind = "gauge", help = "Raw sockets over IPv6" }
# sockets_frag6_inuse = { id = 130, type = "i64", kind = "gauge", help = "IPv6 packets being put together from fragments" }
# sockets_frag6_memory_bytes = { id = 131, type = "i64", kind = "gauge", help = "Memory they take" }
# nf_conntrack_count = { id = 132, type = "i64", kind = "gauge", help = "Connections that netfilter tracks; null where it tracks none" }
# nf_conntrack_max = { id = 133, type = "i64", kind = "gauge", help = "How many it can track: at this number packets are dropped" }
# softnet_processed_total = { id = 134, type = "u64", kind = "counter", help = "Packets received by the cores, as the driver gave them" }
# softnet_dropped_total = { id = 135, type = "u64", kind = "counter", help = "Packets dropped since a core's backlog was full" }
# softnet_time_squeeze_total = { id = 136, type = "u64", kind = "counter", help = "Times a core had packets left when its time was up" }
# softnet_received_rps_total = { id = 137, type = "u64", kind = "counter", help = "Times a core was called by another to receive (RPS)" }
# softnet_flow_limit_count_total = { id = 138, type = "u64", kind = "counter", help = "Packets dropped by the flow limit" }
# softnet_backlog_len = { id = 139, type = "i64", kind = "gauge", help = "Packets waiting in the cores' backlogs; null before Linux 5.10" }
#
# [derived]
# tcp_retrans_pct = { sql = "100.0 * tcp_retrans_segs_increase / nullif(tcp_out_segs_increase + tcp_retrans_segs_increase, 0)", help = "Share of the segments that were sent again" }
# nf_conntrack_pct = { sql = "100.0 * nf_conntrack_count / nullif(nf_conntrack_max, 0)", help = "Tracked connections as a share of their limit" }
# ///
