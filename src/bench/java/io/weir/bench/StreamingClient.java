package io.weir.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;

/**
 * Sends as fast as the server takes and sends back, with a bounded number of bytes under
 * way.
 */
final class StreamingClient extends Client {

	private static final int CHUNK = 128 * 1024;

	// No multiple of any buffer's size, so that no misplaced block passes for the right
	// one
	private static final int PERIOD = 1_000_003;

	private static final ByteBuffer pattern = pattern();

	private static final ByteBuffer received = ByteBuffer.allocateDirect(CHUNK);

	private final ByteBuffer outgoing = pattern.duplicate();

	private final ByteBuffer expected = pattern.duplicate();

	private final long window;

	private long sent;

	private long verified;

	/**
	 * Creates a client.
	 * @param tally counts bytes that came back
	 * @param window the most bytes under way
	 */
	StreamingClient(Tally tally, int window) {
		super(tally);
		this.window = window;
	}

	private static ByteBuffer pattern() {
		byte[] period = new byte[PERIOD];
		new Random(1).nextBytes(period);
		return ByteBuffer.allocateDirect(PERIOD + CHUNK).put(period).put(period, 0, CHUNK);
	}

	@Override
	void begin() throws IOException {
		fill();
	}

	@Override
	void ready() throws IOException {
		receive(received.clear());
		received.flip();
		int count = received.remaining();
		int from = (int) (this.verified % PERIOD);
		verify(received, this.expected.limit(from + count).position(from));
		this.verified += count;
		tally().done(count);
		fill();
	}

	// What the kernel does not take now is sent after the next read, which will come
	// since bytes are under way
	private void fill() throws IOException {
		while (this.sent - this.verified < this.window) {
			int from = (int) (this.sent % PERIOD);
			int count = (int) Math.min(CHUNK, this.window - (this.sent - this.verified));
			int taken = bytes().write(this.outgoing.limit(from + count).position(from));
			this.sent += taken;
			if (taken < count) {
				return;
			}
		}
	}

}
