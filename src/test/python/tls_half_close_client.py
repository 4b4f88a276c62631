"""Says close_notify behind its last byte and reads on: TLS 1.3 closes each direction of its own."""

from __future__ import annotations

import socket
import ssl
import sys


def run_client(port: int, ca: str) -> None:
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    # SSLSocket.unwrap() would take no more data
    tls = context.wrap_bio(incoming, outgoing, server_hostname='localhost')
    sent = bytes(i * 7 % 251 for i in range(100_000))
    received = b''
    with socket.create_connection(('127.0.0.1', port), timeout=10) as sock:

        def until_done(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    sock.sendall(outgoing.read())
                    more = sock.recv(65536)
                    if not more:
                        raise AssertionError('end of stream without close_notify') from None
                    incoming.write(more)

        until_done(tls.do_handshake)
        tls.write(sent)
        try:
            tls.unwrap()
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
        try:
            while True:
                received += until_done(lambda: tls.read(65536))
        except ssl.SSLZeroReturnError:
            print(f'close_notify behind {len(received)} bytes')
        if received != sent:
            raise AssertionError('other bytes came back')
        if sock.recv(1):
            raise AssertionError('more behind close_notify')


run_client(int(sys.argv[1]), sys.argv[2])
