package io.weir.connection;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

import io.weir.transport.PooledConnection;
import io.weir.transport.ReadBuffer;
import io.weir.transport.SecureSession;
import io.weir.transport.Transport;

/**
 * A connection as its handler sees it: reads, writes and counts, and remembers what of
 * them has failed.
 */
final class HandlerConnection implements PooledConnection {

	// A burst of small records in a full buffer takes no longer than some milliseconds
	private static final int RECORDS_BEFORE_GIVING_WAY = 1024;

	private final Connection connection;

	// Each object between here and these is one more that the processor has to fetch for
	// every exchange, where thousands of connections take turns
	private final ConnectionCounters counters;

	private final ConnectionLifecycle lifecycle;

	private final Transport transport;

	private volatile boolean peerEnded;

	private volatile @Nullable IOException failure;

	/**
	 * Creates it for a connection whose layers are agreed on.
	 */
	HandlerConnection(Connection connection) {
		this.connection = connection;
		this.counters = connection.counters();
		this.lifecycle = connection.lifecycle();
		this.transport = connection.path().transport();
	}

	@Override
	public long id() {
		return this.connection.id();
	}

	@Override
	public InetSocketAddress peer() {
		return this.connection.peer();
	}

	@Override
	public @Nullable InetSocketAddress via() {
		return this.connection.via();
	}

	@Override
	public InetSocketAddress local() {
		return this.connection.local();
	}

	@Override
	public @Nullable String tlsSubject() {
		SecureSession session = this.connection.session();
		return (session != null) ? session.peerSubject() : null;
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		if (!target.hasRemaining()) {
			return 0;
		}
		beginRead();
		try {
			return came(this.transport.read(target));
		}
		catch (IOException ex) {
			throw failed(ex);
		}
		catch (RuntimeException | Error ex) {
			this.lifecycle.abandonRead();
			throw ex;
		}
	}

	@Override
	public int read(ReadBuffer target) throws IOException {
		beginRead();
		try {
			return came(this.transport.read(target));
		}
		catch (IOException ex) {
			throw failed(ex);
		}
		catch (RuntimeException | Error ex) {
			this.lifecycle.abandonRead();
			throw ex;
		}
	}

	// An overdue connection ends here, between two exchanges
	private void beginRead() throws IOException {
		try {
			if (!this.lifecycle.beginRead()) {
				this.connection.end(CloseReason.MAX_AGE);
				throw new ConnectionEndedException();
			}
		}
		catch (ConnectionEndedException ex) {
			throw failed(ex);
		}
	}

	private int came(int count) throws ConnectionEndedException {
		if (count > 0) {
			this.counters.addReceived(count);
		}
		else {
			this.peerEnded = true;
		}
		try {
			this.lifecycle.endRead(count > 0);
			return count;
		}
		catch (ConnectionEndedException ex) {
			this.counters.addUnanswered(Math.max(0, count));
			throw ex;
		}
	}

	@Override
	public int available() throws IOException {
		return this.transport.available();
	}

	@Override
	public void write(ByteBuffer source) throws IOException {
		if (!source.hasRemaining()) {
			return;
		}
		beginWrite(source);
		try {
			this.counters.writeBegins();
			while (source.hasRemaining()) {
				this.counters.addSent(this.transport.write(source));
			}
			this.lifecycle.endWrite();
		}
		catch (IOException ex) {
			throw cutOff(source, ex);
		}
		catch (RuntimeException | Error ex) {
			this.lifecycle.abandonWrite();
			throw ex;
		}
	}

	private void beginWrite(ByteBuffer source) throws IOException {
		try {
			this.lifecycle.beginWrite();
		}
		catch (ConnectionEndedException ex) {
			throw cutOff(source, ex);
		}
	}

	private IOException cutOff(ByteBuffer source, IOException ex) {
		// A peer that has reset the connection waits for no answer
		CloseReason reason = this.connection.closeReason();
		if (reason != null && reason != CloseReason.RESET) {
			this.counters.addUnanswered(source.remaining());
		}
		return failed(ex);
	}

	// A connection that has failed has ended, whatever the handler makes of the exception
	private synchronized IOException failed(IOException ex) {
		if (this.failure == null) {
			this.failure = ex;
			this.connection.ending().causedBy(ex);
			this.connection.ending().endedBy(isReset(ex) ? CloseReason.RESET : CloseReason.IO_ERROR);
		}
		return ex;
	}

	/**
	 * Whether a failure tells that the peer has reset the connection. EPIPE and
	 * ECONNRESET can be told from other failures by their text only: the JDK's own for a
	 * read, strerror's for a write.
	 */
	static boolean isReset(IOException ex) {
		String message = String.valueOf(ex.getMessage());
		return message.startsWith("Connection reset") || message.equals("Broken pipe");
	}

	@Override
	public InputStream inputStream() {
		return new Input();
	}

	@Override
	public OutputStream outputStream() {
		return new Output();
	}

	@Override
	public void exchangeBegins() {
		this.lifecycle.exchangeBegins();
	}

	@Override
	public void exchangeDone() {
		this.lifecycle.exchangeDone();
	}

	@Override
	public void recordUnpacked() {
		if (this.counters.addRecord() % RECORDS_BEFORE_GIVING_WAY == 0) {
			this.transport.giveWay();
		}
	}

	// The handler has closed a stream
	private void end() {
		this.connection.end(this.peerEnded ? CloseReason.END_OF_STREAM : CloseReason.CLOSED_BY_HANDLER);
	}

	/**
	 * Whether the handler has read the peer's end of stream.
	 */
	boolean isPeerEnded() {
		return this.peerEnded;
	}

	/**
	 * The first failure of a read or write; null if none has failed.
	 */
	@Nullable IOException failure() {
		return this.failure;
	}

	/**
	 * The bytes as a stream.
	 */
	private final class Input extends InputStream {

		@Override
		public int read() throws IOException {
			byte[] one = new byte[1];
			return (read(one, 0, 1) < 0) ? -1 : Byte.toUnsignedInt(one[0]);
		}

		@Override
		public int read(byte[] target, int offset, int length) throws IOException {
			return HandlerConnection.this.read(ByteBuffer.wrap(target, offset, length));
		}

		@Override
		public int available() throws IOException {
			return HandlerConnection.this.available();
		}

		@Override
		public void close() {
			end();
		}

	}

	/**
	 * Writes as to a stream. Keeps nothing back.
	 */
	private final class Output extends OutputStream {

		@Override
		public void write(int one) throws IOException {
			write(new byte[] { (byte) one }, 0, 1);
		}

		@Override
		public void write(byte[] source, int offset, int length) throws IOException {
			HandlerConnection.this.write(ByteBuffer.wrap(source, offset, length));
		}

		@Override
		public void close() {
			end();
		}

	}

}
