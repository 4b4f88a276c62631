"""The client of the recipe over TLS; an end of the stream without close_notify is an error."""

from __future__ import annotations

import socket
import ssl
import struct
import sys


def run_client(port: int, ca: str, version: str) -> None:
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with socket.create_connection(('127.0.0.1', port), timeout=10) as plain:
        sock = context.wrap_socket(plain, server_hostname='localhost', suppress_ragged_eofs=False)
        for i in range(20):
            sock.sendall(b'data\n')
            data = sock.recv(1024)
            if data != b'data\n':
                raise AssertionError(data)
            sock.sendall(struct.pack('! I 2s Q 2h f', 1, b'ab', 2, 3, 3, 2.5))
        print(f'version: {sock.version()}, recv: {data!r}')
        sock.unwrap()
        print('close_notify: sent and answered')


run_client(int(sys.argv[1]), sys.argv[2], sys.argv[3])
