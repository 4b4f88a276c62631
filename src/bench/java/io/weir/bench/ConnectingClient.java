package io.weir.bench;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Connects, sends a message, waits until it has come back, ends its side, waits until the
 * server ends the other, and connects again.
 */
final class ConnectingClient extends PingPongClient {

	private final ByteBuffer end = ByteBuffer.allocateDirect(1);

	private boolean ending;

	ConnectingClient(Tally tally, int id) {
		super(tally, id);
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
		if (count < 0) {
			tally().done(1, sinceConnect());
			this.ending = false;
			reconnect();
		}
	}

}
