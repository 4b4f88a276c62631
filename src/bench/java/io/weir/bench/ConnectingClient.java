package io.weir.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;

import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

/**
 * Connects, sends a message, waits until it has come back, ends its side, waits until the
 * server ends the other, and connects again.
 */
final class ConnectingClient extends PingPongClient {

	private final ByteBuffer end = ByteBuffer.allocateDirect(1);

	private @Nullable InetSocketAddress server;

	private @Nullable Selector selector;

	private boolean ending;

	private long connecting;

	ConnectingClient(Tally tally, int id) {
		super(tally, id);
	}

	@Override
	void start(InetSocketAddress server, @Nullable SSLContext tls, Selector selector) throws IOException {
		this.server = server;
		this.selector = selector;
		this.ending = false;
		this.connecting = System.nanoTime();
		super.start(server, tls, selector);
	}

	@Override
	void ready() throws IOException {
		if (!this.ending) {
			if (receive(received())) {
				verifyEcho();
				channel().shutdownOutput();
				this.ending = true;
			}
			return;
		}
		int count = channel().read(this.end.clear());
		if (count > 0) {
			throw new IOException("More bytes came back than were sent");
		}
		if (count < 0 && this.server != null && this.selector != null) {
			tally().done(1, System.nanoTime() - this.connecting);
			reopen();
			start(this.server, null, this.selector);
		}
	}

}
