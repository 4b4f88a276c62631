package io.weir;

import java.net.InetSocketAddress;
import java.util.OptionalLong;
import java.util.function.Consumer;

import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketKey;
import io.weir.kernel.SocketSample;
import io.weir.kernel.Source;

/**
 * A kernel that says what the test wants, or nothing.
 */
public final class FakeDiagnostics implements SocketDiagnostics {

	private volatile Reading<ListenerDiagnostics> listener = new Reading.Unavailable<>("fake");

	public FakeDiagnostics listener(long queueLength, long queueLimit, long overflows) {
		this.listener = new Reading.Available<>(
				new ListenerDiagnostics(queueLength, OptionalLong.of(queueLimit), OptionalLong.of(overflows)));
		return this;
	}

	public void unavailable() {
		this.listener = new Reading.Unavailable<>("fake");
	}

	@Override
	public Source source() {
		return (this.listener instanceof Reading.Available) ? Source.SOCK_DIAG : Source.UNAVAILABLE;
	}

	@Override
	public Reading<ListenerDiagnostics> listener(InetSocketAddress local) {
		return this.listener;
	}

	@Override
	public String sample(SocketKey key, Consumer<? super SocketSample> visitor) {
		return "fake";
	}

	@Override
	public String sample(int localPort, Consumer<? super SocketSample> visitor) {
		return "fake";
	}

	@Override
	public void close() {
	}

}
