package io.weir.server;

import org.jspecify.annotations.Nullable;

/**
 * What is asked for of the listening socket.
 *
 * @param host an IPv4 address or a name that has one; empty is any address
 * @param port the port; 0 is any free one
 * @param backlog how many connections may wait to be accepted; null asks for as many as
 * the kernel allows
 * @param receiveBufferSize SO_RCVBUF in bytes; null leaves the kernel's autotuning on
 * @param reuseAddress SO_REUSEADDR
 * @param reusePort SO_REUSEPORT
 */
public record ListenerSettings(String host, int port, @Nullable Integer backlog, @Nullable Integer receiveBufferSize,
		boolean reuseAddress, boolean reusePort) {
}
