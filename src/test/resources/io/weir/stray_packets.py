"""Sends TCP packets that belong to no connection to a port of 127.0.0.1: python3 stray_packets.py PORT COUNT. Needs root.

RST, FIN, NULL (no flag at all) and SYN in turn, each from a port of its own. The kernel answers the SYN-ACK with an RST,
as a half-open check or scan does.
"""

import socket
import struct
import sys

RST, FIN, NULL, SYN = 4, 1, 0, 2
ADDRESS = socket.inet_aton("127.0.0.1")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packet(source, target, flags):
    header = struct.pack("!HHIIBBHHH", source, target, 1, 0, 5 << 4, flags, 1024, 0, 0)
    pseudo = ADDRESS + ADDRESS + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header))
    return header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        for i in range(count):
            raw.sendto(packet(20_000 + i % 10_000, port, (RST, FIN, NULL, SYN)[i % 4]), ("127.0.0.1", 0))


if __name__ == "__main__":
    main()
