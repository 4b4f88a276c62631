package io.weir;

import java.net.InetSocketAddress;
import java.util.OptionalLong;
import java.util.function.Consumer;

import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketSample;

/**
 * A kernel that says what the test wants, or nothing.
 */
public final class FakeDiagnostics implements SocketDiagnostics {

	private volatile Reading<ListenerDiagnostics> listener = new Reading.Unavailable<>("fake");

	public FakeDiagnostics listener(long queueLength, long queueLimit, long overflows) {
		this.listener = new Reading.Available<>(new ListenerDiagnostics(queueLength, OptionalLong.of(queueLimit),
				OptionalLong.of(overflows), OptionalLong.empty(), OptionalLong.empty()));
		return this;
	}

	public void unavailable() {
		this.listener = new Reading.Unavailable<>("fake");
	}

	@Override
	public String source() {
		return (this.listener instanceof Reading.Available) ? "sock_diag" : "unavailable";
	}

	@Override
	public String reason() {
		return "fake";
	}

	@Override
	public Reading<ListenerDiagnostics> listener(InetSocketAddress local) {
		return this.listener;
	}

	@Override
	public Reading<Integer> sample(int localAddress, int localPort, int remoteAddress, int remotePort,
			Consumer<? super SocketSample> visitor) {
		return new Reading.Unavailable<>("fake");
	}

	@Override
	public Reading<Integer> sample(int localPort, Consumer<? super SocketSample> visitor) {
		return new Reading.Unavailable<>("fake");
	}

	@Override
	public void close() {
	}

}
