package io.weir.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The recipe's client in a loop: sends a line, waits until it has come back, and sends a
 * record together with the next line.
 */
final class RecordClient extends Client {

	private static final int RECORD = 22;

	private static final int LINE = 5;

	private final ByteBuffer sent = ByteBuffer.allocateDirect(RECORD + LINE);

	private final ByteBuffer received = ByteBuffer.allocateDirect(LINE);

	private int next;

	private long begin;

	RecordClient(Tally tally, int id) {
		super(tally);
		this.next = id;
		this.sent.put(RECORD, "data\n".getBytes(StandardCharsets.US_ASCII));
	}

	@Override
	void begin() throws IOException {
		send(RECORD, System.nanoTime());
	}

	@Override
	void ready() throws IOException {
		if (receive(this.received)) {
			verify(this.received.flip(), this.sent.position(RECORD));
			long now = System.nanoTime();
			tally().done(1, now - this.begin);
			send(0, now);
		}
	}

	private void send(int from, long now) throws IOException {
		this.begin = now;
		this.next++;
		this.sent.clear().putInt(this.next).putShort((short) this.next).putLong(this.next);
		this.sent.putShort((short) 2).putShort((short) this.next).putFloat(this.next);
		// The line differs too, so that a late echo would not go unnoticed
		this.sent.putInt(RECORD, this.next);
		this.received.clear();
		send(this.sent.position(from));
	}

}
