package io.weir.bench;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Sends a message, waits until it has come back, and sends the next.
 */
class PingPongClient extends Client {

	private static final int SIZE = 64;

	private static final long STEP = 0x9E3779B97F4A7C15L;

	private final ByteBuffer sent = ByteBuffer.allocateDirect(SIZE);

	private final ByteBuffer received = ByteBuffer.allocateDirect(SIZE);

	private long next;

	private long begin;

	PingPongClient(Tally tally, int id) {
		super(tally);
		this.next = ((long) id << 32) * STEP;
	}

	@Override
	void begin() throws IOException {
		send(System.nanoTime());
	}

	@Override
	void ready() throws IOException {
		if (receive(this.received)) {
			verifyEcho();
			long now = System.nanoTime();
			tally().done(1, now - this.begin);
			send(now);
		}
	}

	final void send(long now) throws IOException {
		this.begin = now;
		for (int i = 0; i < SIZE; i += Long.BYTES) {
			this.next += STEP;
			this.sent.putLong(i, this.next);
		}
		this.received.clear();
		send(this.sent.clear());
	}

	final void verifyEcho() throws IOException {
		verify(this.received.flip(), this.sent.flip());
	}

	final ByteBuffer received() {
		return this.received;
	}

}
