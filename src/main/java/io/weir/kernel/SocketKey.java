package io.weir.kernel;

import java.net.Inet4Address;
import java.net.InetSocketAddress;

/**
 * The four-tuple by which the kernel knows a connection over IPv4. Addresses are numbers,
 * most significant byte first: 127.0.0.1 is {@code 0x7f000001}.
 *
 * @param localAddress this side's address
 * @param localPort this side's port, 0 to 65535
 * @param remoteAddress the other side's address
 * @param remotePort the other side's port, 0 to 65535
 */
public record SocketKey(int localAddress, int localPort, int remoteAddress, int remotePort) {

	/**
	 * Makes the key of a connected socket.
	 * @param local this side's address and port
	 * @param remote the other side's address and port
	 * @throws IllegalArgumentException if one of them is not an IPv4 address
	 */
	public static SocketKey of(InetSocketAddress local, InetSocketAddress remote) {
		return new SocketKey(number(local), local.getPort(), number(remote), remote.getPort());
	}

	private static int number(InetSocketAddress address) {
		if (address.getAddress() instanceof Inet4Address inet4) {
			return SocketSample.toInt(inet4);
		}
		throw new IllegalArgumentException(address + " is not an IPv4 address");
	}

	/**
	 * Copies the key of a sample.
	 */
	public static SocketKey of(SocketSample sample) {
		return new SocketKey(sample.localAddress(), sample.localPort(), sample.remoteAddress(), sample.remotePort());
	}

	/**
	 * Tells whether a sample shows this connection. Allocates nothing.
	 */
	public boolean matches(SocketSample sample) {
		return sample.localPort() == this.localPort && sample.remotePort() == this.remotePort
				&& sample.localAddress() == this.localAddress && sample.remoteAddress() == this.remoteAddress;
	}

}
