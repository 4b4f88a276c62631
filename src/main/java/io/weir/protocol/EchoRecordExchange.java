package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.Exchange;
import io.weir.struct.StructFormat;

/**
 * Serves the echo units and records that one read has brought, and what it takes to
 * complete the last of them. Bytes that have come need no system call each: it reads
 * ahead, and writes the echo before it waits.
 * <p>
 * The buffer holds, from its beginning, the echo that is not written yet, then what has
 * been served, and from its position to its limit what has come and is not served yet.
 */
final class EchoRecordExchange implements Exchange {

	private final Connection connection;

	private final AdaptiveBuffer adaptive;

	private final int chunkSize;

	private final StructFormat recordFormat;

	private ByteBuffer buffer;

	// Bytes of echo that are not written yet
	private int echo;

	EchoRecordExchange(Connection connection, AdaptiveBuffer adaptive, int chunkSize, StructFormat recordFormat) {
		this.connection = connection;
		this.adaptive = adaptive;
		this.chunkSize = chunkSize;
		this.recordFormat = recordFormat;
		this.buffer = adaptive.clear();
	}

	@Override
	public @Nullable CloseReason run() throws IOException {
		this.buffer = this.adaptive.clear();
		int count = this.connection.readNext(this.buffer);
		if (count < 0) {
			ExchangeLog.noData(this.connection);
			return CloseReason.END_OF_STREAM;
		}
		// A read that did not fill the buffer has taken all there was
		boolean moreQueued = !this.buffer.hasRemaining();
		this.buffer.flip();
		while (this.buffer.hasRemaining()) {
			echoUnit(moreQueued);
			if (!record()) {
				return endInRecord();
			}
			moreQueued = true;
		}
		write();
		this.adaptive.fit(count);
		return null;
	}

	// A unit is a whole chunk, or all that has come, be it still queued in the kernel
	private void echoUnit(boolean moreQueued) throws IOException {
		boolean more = moreQueued;
		while (more && this.buffer.remaining() < this.chunkSize && this.connection.available() > 0) {
			readMore();
			more = this.buffer.limit() == this.buffer.capacity();
		}
		int size = Math.min(this.chunkSize, this.buffer.remaining());
		int begin = this.buffer.position();
		ExchangeLog.received(this.connection, this.buffer, begin, size);
		if (this.echo != begin) {
			this.buffer.put(this.echo, this.buffer, begin, size);
		}
		this.echo += size;
		this.buffer.position(begin + size);
	}

	// Returns whether there was a whole record before the end of the stream
	private boolean record() throws IOException {
		int size = this.recordFormat.size();
		while (this.buffer.remaining() < size) {
			if (!readMore()) {
				return false;
			}
		}
		int begin = this.buffer.position();
		int end = this.buffer.limit();
		ExchangeLog.received(this.connection, this.buffer, begin, size);
		this.buffer.limit(begin + size);
		ExchangeLog.unpacked(this.connection, this.recordFormat.unpack(this.buffer));
		this.connection.countRecord();
		this.buffer.limit(end).position(begin + size);
		return true;
	}

	private CloseReason endInRecord() {
		int discarded = this.buffer.remaining();
		if (discarded == 0) {
			ExchangeLog.noData(this.connection);
			return CloseReason.END_OF_STREAM;
		}
		ExchangeLog.partialRecord(this.connection, discarded, this.recordFormat.size());
		return CloseReason.PARTIAL_RECORD;
	}

	// Writes the echo first: the peer may be waiting for it. Returns false at the end of
	// the
	// stream
	private boolean readMore() throws IOException {
		write();
		this.buffer.compact();
		try {
			return this.connection.read(this.buffer) >= 0;
		}
		finally {
			this.buffer.flip();
		}
	}

	private void write() throws IOException {
		if (this.echo > 0) {
			ByteBuffer source = this.buffer.duplicate().position(0).limit(this.echo);
			this.connection.write(source);
			ExchangeLog.sent(this.connection, source);
			this.echo = 0;
		}
	}

}
