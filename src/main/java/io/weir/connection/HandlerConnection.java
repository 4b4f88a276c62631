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

/**
 * A connection as its handler sees it: reads, writes and counts, and remembers what of
 * them has failed.
 */
final class HandlerConnection implements PooledConnection {

	// A burst of small records in a full buffer takes no longer than some milliseconds
	private static final int RECORDS_BEFORE_GIVING_WAY = 1024;

	private final Connection connection;

	private volatile boolean peerEnded;

	private volatile @Nullable IOException failure;

	HandlerConnection(Connection connection) {
		this.connection = connection;
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
		try {
			this.connection.beginRead();
			return came(this.connection.path().transport().read(target));
		}
		catch (IOException ex) {
			throw failed(ex);
		}
	}

	@Override
	public int read(ReadBuffer target) throws IOException {
		try {
			this.connection.beginRead();
			return came(this.connection.path().transport().read(target));
		}
		catch (IOException ex) {
			throw failed(ex);
		}
	}

	private int came(int count) throws ConnectionEndedException {
		if (count > 0) {
			this.connection.counters().addReceived(count);
		}
		else {
			this.peerEnded = true;
		}
		try {
			this.connection.lifecycle().endRead(count > 0);
			return count;
		}
		catch (ConnectionEndedException ex) {
			this.connection.counters().addUnanswered(Math.max(0, count));
			throw ex;
		}
	}

	@Override
	public int available() throws IOException {
		return this.connection.path().transport().available();
	}

	@Override
	public void write(ByteBuffer source) throws IOException {
		if (!source.hasRemaining()) {
			return;
		}
		try {
			this.connection.lifecycle().beginWrite();
			this.connection.counters().writeBegins();
			while (source.hasRemaining()) {
				this.connection.counters().addSent(this.connection.path().transport().write(source));
			}
			this.connection.lifecycle().endWrite();
		}
		catch (IOException ex) {
			// A peer that has reset the connection waits for no answer
			if (this.connection.closeReason() != null) {
				this.connection.counters().addUnanswered(source.remaining());
			}
			throw failed(ex);
		}
	}

	private IOException failed(IOException ex) {
		if (this.failure == null) {
			this.failure = ex;
		}
		return ex;
	}

	@Override
	public InputStream inputStream() {
		return new ConnectionInputStream(this, this::end);
	}

	@Override
	public OutputStream outputStream() {
		return new ConnectionOutputStream(this, this::end);
	}

	@Override
	public void exchangeBegins() {
		this.connection.lifecycle().exchangeBegins();
	}

	@Override
	public void exchangeDone() {
		this.connection.lifecycle().exchangeDone();
	}

	@Override
	public void recordUnpacked() {
		if (this.connection.counters().addRecord() % RECORDS_BEFORE_GIVING_WAY == 0) {
			this.connection.path().transport().giveWay();
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

}
