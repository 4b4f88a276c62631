"""The client of the recipe: sends a line, gets it back, sends one record, closes."""

from __future__ import annotations

import socket
import struct
import sys


def run_client(host: str, port: int) -> None:
    with socket.create_connection((host, port), timeout=10) as sock:
        sock.sendall(b'data\n')
        data = sock.recv(1024)
        print(f'recv: {data!r}')
        sock.sendall(struct.pack('! I 2s Q 2h f', 1, b'ab', 2, 3, 3, 2.5))
        sock.shutdown(socket.SHUT_WR)
        end = sock.recv(1024)
        print(f'end: {end!r}')


run_client(sys.argv[1], int(sys.argv[2]))
