"""Carries packets between two network namespaces over a pair of tun devices, each packet later by a fixed time.

delay_relay.py <device> <file of the other namespace> <milliseconds>: makes the device here and there, says "ready", and
ends at the end of its input.
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def tun(name):
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return file


def enter(path):
    with open(path) as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def main(device, namespace, millis):
    here = tun(device)
    enter(namespace)
    there = tun(device)
    other = {here: there, there: here}
    print("ready", flush=True)
    under_way = collections.deque()
    while True:
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        for file in select.select([here, there, sys.stdin], [], [], wait)[0]:
            if file is sys.stdin:
                return
            try:
                under_way.append((time.monotonic() + millis / 1000, other[file], os.read(file, 65536)))
            except OSError:
                # Not up yet
                pass
        while under_way and under_way[0][0] <= time.monotonic():
            _, out, packet = under_way.popleft()
            try:
                os.write(out, packet)
            except OSError:
                # A full queue loses it, as a router's does
                pass


main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
