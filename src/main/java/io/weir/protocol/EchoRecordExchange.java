package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.Exchange;
import io.weir.struct.StructFormat;

/**
 * Serves the echo units and records that one read has brought, as far as they are whole,
 * and writes the echo before it waits for more. Bytes that have come need no system call
 * each: it reads ahead.
 * <p>
 * Between two runs the buffer holds, before its position, the beginning of a record. In
 * one, it holds from its beginning the echo that is not written yet, then what has been
 * served, and from its position to its limit what has come and is not served yet.
 */
final class EchoRecordExchange implements Exchange {

	private final Connection connection;

	private final AdaptiveBuffer adaptive;

	private final int chunkSize;

	private final StructFormat recordFormat;

	private ByteBuffer buffer;

	// Whether a record is due, or else an echo unit
	private boolean inRecord;

	// Bytes of echo that are not written yet
	private int echo;

	EchoRecordExchange(Connection connection, AdaptiveBuffer adaptive, int chunkSize, StructFormat recordFormat) {
		this.connection = connection;
		this.adaptive = adaptive;
		this.chunkSize = chunkSize;
		this.recordFormat = recordFormat;
		this.buffer = adaptive.buffer();
	}

	@Override
	public @Nullable CloseReason run() throws IOException {
		int count = this.inRecord ? this.connection.read(this.buffer) : this.connection.readNext(this.buffer);
		if (count < 0) {
			return endOfStream(this.buffer.position());
		}
		// A read that did not fill the buffer has taken all there was
		boolean moreQueued = !this.buffer.hasRemaining();
		this.buffer.flip();
		boolean whole = true;
		while (whole && this.buffer.hasRemaining()) {
			if (this.inRecord) {
				whole = record();
			}
			else {
				moreQueued = echoUnit(moreQueued);
			}
		}
		writeEcho();
		this.buffer.compact();
		this.buffer = this.adaptive.fit(count);
		return null;
	}

	// A unit is a whole chunk, or all that has come, be it still queued in the kernel.
	// Returns whether more may be queued
	private boolean echoUnit(boolean moreQueued) throws IOException {
		boolean more = moreQueued;
		while (more && this.buffer.remaining() < this.chunkSize && this.connection.available() > 0) {
			more = readQueued();
		}
		int size = Math.min(this.chunkSize, this.buffer.remaining());
		int begin = this.buffer.position();
		ExchangeLog.received(this.connection, this.buffer, begin, size);
		if (this.echo != begin) {
			this.buffer.put(this.echo, this.buffer, begin, size);
		}
		this.echo += size;
		this.buffer.position(begin + size);
		this.inRecord = true;
		return more;
	}

	private boolean readQueued() throws IOException {
		writeEcho();
		this.buffer.compact();
		try {
			this.connection.read(this.buffer);
			return !this.buffer.hasRemaining();
		}
		finally {
			this.buffer.flip();
		}
	}

	// Returns whether it was whole
	private boolean record() {
		int size = this.recordFormat.size();
		if (this.buffer.remaining() < size) {
			return false;
		}
		int begin = this.buffer.position();
		int end = this.buffer.limit();
		ExchangeLog.received(this.connection, this.buffer, begin, size);
		this.buffer.limit(begin + size);
		ExchangeLog.unpacked(this.connection, this.recordFormat.unpack(this.buffer));
		this.connection.countRecord();
		this.buffer.limit(end).position(begin + size);
		this.inRecord = false;
		return true;
	}

	private CloseReason endOfStream(int partial) {
		if (partial == 0) {
			ExchangeLog.noData(this.connection);
			return CloseReason.END_OF_STREAM;
		}
		ExchangeLog.partialRecord(this.connection, partial, this.recordFormat.size());
		return CloseReason.PARTIAL_RECORD;
	}

	private void writeEcho() throws IOException {
		if (this.echo > 0) {
			ByteBuffer source = this.buffer.duplicate().position(0).limit(this.echo);
			this.connection.write(source);
			ExchangeLog.sent(this.connection, source);
			this.echo = 0;
		}
	}

}
