package io.weir.monitor;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.SocketSample;
import io.weir.kernel.TcpInfoField;
import io.weir.kernel.TcpState;

/**
 * A sample of a loopback connection; -1 is no figure.
 */
record Sample(int remotePort, long rtt, long retransmits) implements SocketSample {

	@Override
	public int localAddress() {
		return remoteAddress();
	}

	@Override
	public int localPort() {
		return 1;
	}

	@Override
	public int remoteAddress() {
		return SocketSample.toInt((Inet4Address) InetAddress.ofLiteral("127.0.0.1"));
	}

	@Override
	public long cookie() {
		return 1;
	}

	@Override
	public long inode() {
		return 1;
	}

	@Override
	public TcpState state() {
		return TcpState.ESTABLISHED;
	}

	@Override
	public @Nullable String congestionControl() {
		return null;
	}

	@Override
	public boolean has(TcpInfoField figure) {
		return (figure == TcpInfoField.RTT_MICROS && this.rtt >= 0)
				|| (figure == TcpInfoField.RETRANSMITS && this.retransmits >= 0);
	}

	@Override
	public long get(TcpInfoField figure) {
		return switch (figure) {
			case RTT_MICROS -> this.rtt;
			case RETRANSMITS -> this.retransmits;
			case RECEIVE_QUEUE, SEND_QUEUE -> 0;
			default -> throw new NoSuchElementException();
		};
	}

}
