package io.weir.tls;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.ReentrantLock;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import org.jspecify.annotations.Nullable;

import io.weir.transport.BufferPool;
import io.weir.transport.ReadBuffer;
import io.weir.transport.SecureSession;
import io.weir.transport.Transport;

/**
 * The server's side of TLS over another transport: the handshake, and what comes from the
 * peer. {@link TlsOutput} has what goes to it.
 * <p>
 * One thread reads while one writes, and any thread may send the close_notify: the engine
 * allows one thread that unwraps and one that wraps at the same time. When a handler
 * returns while another thread of its own still reads, the connection's thread waits for
 * that one before it reads on, or gives the buffers back.
 */
final class TlsTransport implements Transport {

	/**
	 * How many records a handshake may take. One with a long chain of certificates in
	 * small records takes some dozens; a peer that sends warnings and nothing else, any
	 * number.
	 */
	private static final int MAX_HANDSHAKE_RECORDS = 128;

	// Bytes of data in a record (RFC 8446, 5.1)
	private static final int MAX_RECORD = 16 * 1024;

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private static final VarHandle HELD;

	static {
		try {
			HELD = MethodHandles.lookup().findVarHandle(TlsTransport.class, "held", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Transport lower;

	private final SSLEngine engine;

	private final BufferPool buffers;

	private final TlsTasks tasks;

	private final TlsOutput output;

	// Held over a read, and over the end of its buffers
	private final ReentrantLock input = new ReentrantLock();

	private boolean established;

	private boolean renegotiable;

	private boolean inputEnded;

	private boolean released;

	// Since other connections had their turn
	private int decrypted;

	// Encrypted bytes that have come
	private final ReadBuffer incoming;

	// Decrypted bytes that no read had room for, from position to limit
	private @Nullable ByteBuffer pendingPlaintext;

	@SuppressWarnings("UnusedVariable") // Read through its VarHandle
	private int held;

	/**
	 * Creates a transport, handshake not begun.
	 * @param lower where the encrypted bytes go
	 * @param engine the server's side, for this connection alone
	 * @param buffers where its buffers come from, on the heap
	 * @param tasks runs what the engine delegates
	 */
	TlsTransport(Transport lower, SSLEngine engine, BufferPool buffers, TlsTasks tasks) {
		this.lower = lower;
		this.engine = engine;
		this.buffers = buffers;
		this.tasks = tasks;
		this.output = new TlsOutput(lower, engine, buffers);
		this.incoming = new ReadBuffer(buffers);
	}

	/**
	 * Agrees with the peer on the protection; called once, before anything else.
	 * @throws IOException if there was no agreement, or the socket failed
	 */
	SecureSession handshake() throws IOException {
		try {
			this.engine.beginHandshake();
			HandshakeStatus status = this.engine.getHandshakeStatus();
			int records = 0;
			while (status != HandshakeStatus.NOT_HANDSHAKING) {
				switch (status) {
					case NEED_TASK -> this.tasks.run(this.engine, this.lower);
					case NEED_WRAP -> this.output.flush();
					default -> records += unwrapHandshake();
				}
				if (records > MAX_HANDSHAKE_RECORDS) {
					throw new SSLException("The peer sent " + records + " records without finishing the handshake");
				}
				status = this.engine.getHandshakeStatus();
			}
		}
		catch (SSLException ex) {
			throw alerted(ex);
		}
		catch (RuntimeException ex) {
			// So the engine hands on what fails in its tasks, whatever the peer has sent
			throw alerted(new SSLException(ex));
		}
		this.established = true;
		// The first data may have come with the last of the handshake
		noteHeld();
		SSLSession session = this.engine.getSession();
		this.renegotiable = !session.getProtocol().equals("TLSv1.3");
		return new SecureSession(session.getProtocol(), session.getCipherSuite(), peerSubject(session));
	}

	private static @Nullable String peerSubject(SSLSession session) {
		try {
			return session.getPeerPrincipal().getName();
		}
		catch (SSLPeerUnverifiedException ex) {
			return null;
		}
	}

	// Returns how many records were taken
	private int unwrapHandshake() throws IOException {
		SSLEngineResult result = unwrap(NOTHING);
		if (result.getStatus() == Status.CLOSED) {
			throw new SSLException("The peer ended the connection during the handshake");
		}
		if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
			fill();
			return 0;
		}
		this.lower.giveWay();
		return 1;
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		this.input.lock();
		try {
			return readAlone(target);
		}
		finally {
			this.input.unlock();
		}
	}

	private int readAlone(ByteBuffer target) throws IOException {
		if (this.released) {
			// A thread of the handler's that comes too late would keep what it takes
			throw new ClosedChannelException();
		}
		int begin = target.position();
		HELD.setOpaque(this, 0);
		try {
			takePending(target);
			while (target.position() == begin) {
				if (!unwrapInto(target)) {
					return -1;
				}
			}
			// What has come with it needs no system call. Only data: in TLS 1.2 a
			// close_notify ends the output, too, and what is read now may want an answer
			boolean more = true;
			giveWay(target.position() - begin);
			while (more && this.pendingPlaintext == null && target.hasRemaining()
					&& TlsRecord.isWholeData(this.incoming.bytes())) {
				int before = target.position();
				more = unwrapInto(target);
				giveWay(target.position() - before);
			}
		}
		catch (SSLException ex) {
			throw alerted(ex);
		}
		noteHeld();
		return target.position() - begin;
	}

	// Half a record brings nothing to any reader
	private void noteHeld() {
		ByteBuffer encrypted = this.incoming.bytes();
		HELD.setOpaque(this, available() + (TlsRecord.isWholeData(encrypted) ? encrypted.remaining() : 0));
	}

	// To decrypt a record takes as long as some exchanges of others do
	private void giveWay(int count) {
		this.decrypted += count;
		if (this.decrypted >= MAX_RECORD) {
			this.decrypted = 0;
			this.lower.giveWay();
		}
	}

	// One step towards more bytes. Returns false at the peer's close_notify
	private boolean unwrapInto(ByteBuffer target) throws IOException {
		if (!this.inputEnded && !this.incoming.bytes().hasRemaining()) {
			fill();
		}
		int begin = target.position();
		SSLEngineResult result = unwrap(target);
		if (result.getStatus() == Status.BUFFER_OVERFLOW) {
			result = unwrapAside();
			takePending(target);
		}
		if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
			fill();
			return true;
		}
		answer(result.getHandshakeStatus());
		this.inputEnded = result.getStatus() == Status.CLOSED;
		if (target.position() == begin) {
			// A peer may send records without data, such as key updates, without end
			this.lower.giveWay();
		}
		return !this.inputEnded;
	}

	// A record may be larger than what the reader has room for
	private SSLEngineResult unwrapAside() throws SSLException {
		ByteBuffer aside = this.buffers.take(BufferPool.MEDIUM);
		SSLEngineResult result;
		try {
			result = unwrap(aside);
		}
		catch (SSLException ex) {
			this.buffers.give(aside);
			throw ex;
		}
		this.pendingPlaintext = aside.flip();
		return result;
	}

	private void takePending(ByteBuffer target) {
		ByteBuffer from = this.pendingPlaintext;
		if (from == null) {
			return;
		}
		int count = Math.min(from.remaining(), target.remaining());
		target.put(target.position(), from, from.position(), count);
		target.position(target.position() + count);
		from.position(from.position() + count);
		if (!from.hasRemaining()) {
			this.pendingPlaintext = null;
			this.buffers.give(from);
		}
	}

	// What the record that was read wants: a new key of ours (TLS 1.3), or the answer to
	// a close_notify (TLS 1.2)
	private void answer(HandshakeStatus wanted) throws IOException {
		HandshakeStatus status = wanted;
		if (status == HandshakeStatus.NEED_TASK) {
			if (this.renegotiable) {
				this.output.shutdown();
				throw new SSLException("The peer wants to renegotiate, which is refused");
			}
			this.tasks.run(this.engine, this.lower);
			status = this.engine.getHandshakeStatus();
		}
		if (status == HandshakeStatus.NEED_WRAP) {
			this.output.flush();
		}
	}

	private SSLEngineResult unwrap(ByteBuffer target) throws SSLException {
		TlsRecord.checkSize(this.incoming.bytes(), BufferPool.MEDIUM);
		return this.engine.unwrap(this.incoming.bytes(), target);
	}

	// Waits for more encrypted bytes
	private void fill() throws IOException {
		if (this.lower.read(this.incoming) < 0) {
			throw new SSLException(this.established ? "The stream ended without close_notify: it may be truncated"
					: "The stream ended during the handshake");
		}
	}

	@Override
	public int write(ByteBuffer source) throws IOException {
		return this.output.write(source);
	}

	// Tells the peer what is wrong, as far as it still listens. The log has one line for
	// it, and the JDK keeps what OpenSSL's plaintext alert says in the cause
	private SSLException alerted(SSLException failure) {
		SSLException told = (failure.getCause() != null) ? new SSLException(FailureReason.of(failure), failure)
				: failure;
		try {
			if (this.engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
				this.output.flush();
			}
		}
		catch (IOException ex) {
			told.addSuppressed(ex);
		}
		return told;
	}

	@Override
	public void shutdownOutput() throws IOException {
		this.output.shutdown();
	}

	@Override
	public int available() {
		ByteBuffer pending = this.pendingPlaintext;
		return (pending != null) ? pending.remaining() : 0;
	}

	@Override
	public int held() {
		return (int) HELD.getOpaque(this) + this.lower.held();
	}

	@Override
	public boolean isOpen() {
		return this.lower.isOpen();
	}

	@Override
	public void giveWay() {
		this.lower.giveWay();
	}

	@Override
	public void close() throws IOException {
		try {
			this.lower.close();
		}
		finally {
			release();
		}
	}

	/**
	 * Gives all buffers back. Called by the connection's thread; a read that is under way
	 * ends before, as the socket is closed.
	 */
	void release() {
		this.input.lock();
		try {
			this.released = true;
			HELD.setOpaque(this, 0);
			this.incoming.clear();
			this.incoming.close();
			ByteBuffer pending = this.pendingPlaintext;
			if (pending != null) {
				this.pendingPlaintext = null;
				this.buffers.give(pending);
			}
		}
		finally {
			this.input.unlock();
		}
	}

}
