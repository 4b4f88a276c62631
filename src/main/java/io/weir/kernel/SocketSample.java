package io.weir.kernel;

import java.net.Inet4Address;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

/**
 * One connection as a {@linkplain SocketDiagnostics#sample sample} meets it. The same
 * object stands for one connection after the other, so it is of use only until the
 * visitor returns. Addresses are IPv4, most significant byte first: 127.0.0.1 is
 * {@code 0x7f000001}.
 */
public interface SocketSample {

	/**
	 * This side's address.
	 */
	int localAddress();

	/**
	 * This side's port.
	 * @return 0 to 65535
	 */
	int localPort();

	/**
	 * The peer's address.
	 */
	int remoteAddress();

	/**
	 * The peer's port.
	 * @return 0 to 65535
	 */
	int remotePort();

	/**
	 * The number that the kernel gives this socket and never gives to another while it
	 * runs. It tells a connection from a later one with the same addresses and ports.
	 * @return the number; 0, which no socket has, where the source does not say
	 */
	long cookie();

	/**
	 * The number by which {@code /proc/<pid>/fd} calls this socket.
	 * @return the number; 0 where no process has the socket, which is so before it is
	 * accepted and after it is closed
	 */
	long inode();

	/**
	 * The connection's state.
	 */
	TcpState state();

	/**
	 * The algorithm that controls the congestion window, such as {@code cubic}.
	 * @return a new string each time; {@code null} where the source does not say
	 */
	@Nullable String congestionControl();

	/**
	 * Tells whether the source has a figure.
	 * @return {@code false} where the kernel is too old, has no sample yet, or the source
	 * does not say
	 */
	boolean has(TcpInfoField figure);

	/**
	 * Gives a figure. Allocates nothing.
	 * @param figure one that this connection {@linkplain #has has}
	 * @return the figure; not negative
	 * @throws java.util.NoSuchElementException if it does not have it
	 */
	long get(TcpInfoField figure);

	/**
	 * Gives an address the form that it has here.
	 * @return the address, most significant byte first
	 */
	static int toInt(Inet4Address address) {
		return ByteBuffer.wrap(address.getAddress()).getInt();
	}

}
