#!/bin/sh
# /// probe
# help    = "Traffic, errors and state of each network interface."
# source  = "/proc/net/dev, /sys/class/net"
# docs    = "https://docs.kernel.org/networking/statistics.html"
# every   = "10s"
# timeout = "5s"
# parse   = "netdev"
# read    = ["/proc/net/dev", "/sys/class/net/*/operstate", "/sys/class/net/*/mtu", "/sys/class/net/*/speed", "/sys/class/net/*/carrier_changes"]
#
# [columns]
# interface = { id = 1, type = "str", kind = "label", help = "Name of the interface" }
# state = { id = 2, type = "str", kind = "text", help = "up, down, unknown (of most virtual ones), lowerlayerdown, dormant, testing, notpresent" }
# mtu_bytes = { id = 3, type = "i64", kind = "gauge", help = "Largest packet it sends" }
# speed_bits_per_second = { id = 4, type = "i64", kind = "gauge", help = "Speed of the link; null where it is down, wireless or virtual" }
# carrier_changes_total = { id = 5, type = "u64", kind = "counter", help = "Times the link came or went" }
# rx_bytes_total = { id = 6, type = "u64", kind = "counter", help = "Bytes received" }
# rx_packets_total = { id = 7, type = "u64", kind = "counter", help = "Packets received" }
# rx_errors_total = { id = 8, type = "u64", kind = "counter", help = "Errors on receiving, of all kinds" }
# rx_dropped_total = { id = 9, type = "u64", kind = "counter", help = "Received packets dropped for lack of space or an unknown protocol" }
# rx_fifo_errors_total = { id = 10, type = "u64", kind = "counter", help = "Overruns on receiving" }
# rx_frame_errors_total = { id = 11, type = "u64", kind = "counter", help = "Misaligned frames" }
# rx_compressed_total = { id = 12, type = "u64", kind = "counter", help = "Compressed packets received" }
# rx_multicast_total = { id = 13, type = "u64", kind = "counter", help = "Multicast packets received" }
# tx_bytes_total = { id = 14, type = "u64", kind = "counter", help = "Bytes sent" }
# tx_packets_total = { id = 15, type = "u64", kind = "counter", help = "Packets sent" }
# tx_errors_total = { id = 16, type = "u64", kind = "counter", help = "Errors on sending, of all kinds" }
# tx_dropped_total = { id = 17, type = "u64", kind = "counter", help = "Packets dropped on their way out" }
# tx_fifo_errors_total = { id = 18, type = "u64", kind = "counter", help = "Overruns on sending" }
# tx_collisions_total = { id = 19, type = "u64", kind = "counter", help = "Collisions" }
# tx_carrier_errors_total = { id = 20, type = "u64", kind = "counter", help = "Sends that lost the carrier" }
# tx_compressed_total = { id = 21, type = "u64", kind = "counter", help = "Compressed packets sent" }
#
# [derived]
# util_pct = { sql = "100.0 * 8000 * greatest(rx_bytes_increase, tx_bytes_increase) / nullif(speed_bits_per_second, 0) / nullif(dt_ms, 0)", help = "The busier direction as a share of the speed (sar -n DEV: %ifutil of a full-duplex link); null where the speed is" }
# ///
