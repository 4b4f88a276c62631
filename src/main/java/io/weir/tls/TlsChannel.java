package io.weir.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import org.jspecify.annotations.Nullable;

import io.weir.connection.SecureChannel;
import io.weir.connection.SecureSession;

/**
 * The server's side of TLS over a blocking socket: the JDK's engine, and the buffers
 * between it and the socket.
 * <p>
 * The connection's thread does everything but one thing: any thread may send the
 * close_notify while that one waits in a read. The engine allows one thread that unwraps
 * beside one that wraps; a lock keeps those that wrap and write apart.
 */
final class TlsChannel implements SecureChannel {

	// RFC 8446, 5.1: a record begins with its content type, one of four
	private static final byte CHANGE_CIPHER_SPEC = 20;

	private static final byte APPLICATION_DATA = 23;

	private static final int HEADER = 5;

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private final SocketChannel channel;

	private final SSLEngine engine;

	private final TlsBuffers buffers;

	private final ReentrantLock outputLock = new ReentrantLock();

	// Set before the lock is taken: a writer stops at its next record
	private volatile boolean closing;

	private boolean outputIsShut;

	private boolean established;

	private boolean renegotiable;

	private boolean inputEnded;

	// Encrypted bytes that have come, from position to limit
	private @Nullable ByteBuffer incoming;

	private int lastFill;

	// Decrypted bytes that no read had room for, from position to limit
	private @Nullable ByteBuffer left;

	/**
	 * Creates a channel, handshake not begun.
	 * @param channel the socket, in blocking mode
	 * @param engine the server's side, for this connection alone
	 * @param buffers where its buffers come from
	 */
	TlsChannel(SocketChannel channel, SSLEngine engine, TlsBuffers buffers) {
		this.channel = channel;
		this.engine = engine;
		this.buffers = buffers;
	}

	@Override
	public SecureSession handshake() throws IOException {
		try {
			this.engine.beginHandshake();
			HandshakeStatus status = this.engine.getHandshakeStatus();
			while (status != HandshakeStatus.NOT_HANDSHAKING) {
				switch (status) {
					case NEED_TASK -> runTasks();
					case NEED_WRAP -> flush();
					default -> unwrapHandshake();
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

	private void unwrapHandshake() throws IOException {
		SSLEngineResult result = unwrap(NOTHING);
		if (result.getStatus() == Status.CLOSED) {
			throw new SSLException("The peer ended the connection during the handshake");
		}
		if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
			fill();
		}
	}

	private void runTasks() {
		Runnable task = this.engine.getDelegatedTask();
		while (task != null) {
			task.run();
			task = this.engine.getDelegatedTask();
		}
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		int begin = target.position();
		try {
			takeLeft(target);
			if (target.position() == begin && !unwrapInto(target)) {
				return -1;
			}
			// What has come with it needs no system call. Only data: in TLS 1.2 a
			// close_notify ends the output, too, and what is read now may want an answer
			boolean more = target.position() > begin;
			while (more && this.left == null && target.hasRemaining() && isDataNext()) {
				more = unwrapInto(target);
			}
		}
		catch (SSLException ex) {
			throw alerted(ex);
		}
		return target.position() - begin;
	}

	// One step towards more bytes. Returns false at the peer's close_notify
	private boolean unwrapInto(ByteBuffer target) throws IOException {
		if (!this.inputEnded && !incoming().hasRemaining()) {
			fill();
		}
		SSLEngineResult result = unwrap(target);
		if (result.getStatus() == Status.BUFFER_OVERFLOW) {
			result = unwrapBeside();
			takeLeft(target);
		}
		if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
			fill();
			return true;
		}
		answer(result.getHandshakeStatus());
		this.inputEnded = result.getStatus() == Status.CLOSED;
		return !this.inputEnded;
	}

	// A record may be larger than what the reader has room for
	private SSLEngineResult unwrapBeside() throws SSLException {
		ByteBuffer beside = this.buffers.record();
		SSLEngineResult result;
		try {
			result = unwrap(beside);
		}
		catch (SSLException ex) {
			this.buffers.give(beside);
			throw ex;
		}
		this.left = beside.flip();
		return result;
	}

	private void takeLeft(ByteBuffer target) {
		ByteBuffer from = this.left;
		if (from == null) {
			return;
		}
		int count = Math.min(from.remaining(), target.remaining());
		target.put(target.position(), from, from.position(), count);
		target.position(target.position() + count);
		from.position(from.position() + count);
		if (!from.hasRemaining()) {
			this.left = null;
			this.buffers.give(from);
		}
	}

	// What the record that was read wants: a new key of ours (TLS 1.3), or the answer to
	// a close_notify (TLS 1.2)
	private void answer(HandshakeStatus wanted) throws IOException {
		HandshakeStatus status = wanted;
		if (status == HandshakeStatus.NEED_TASK) {
			if (this.renegotiable) {
				shutdownOutput();
				throw new SSLException("The peer wants to renegotiate, which is refused");
			}
			runTasks();
			status = this.engine.getHandshakeStatus();
		}
		if (status == HandshakeStatus.NEED_WRAP) {
			flush();
		}
	}

	// Before the engine: it takes larger records than the standard allows, and wants
	// larger buffers from then on
	private SSLEngineResult unwrap(ByteBuffer target) throws SSLException {
		ByteBuffer bytes = incoming();
		if (bytes.remaining() >= HEADER && isKnown(bytes.get(bytes.position()))
				&& recordSize(bytes) > TlsBuffers.RECORD) {
			throw new SSLException("A record of %d bytes is too large".formatted(recordSize(bytes)));
		}
		return this.engine.unwrap(bytes, target);
	}

	// What is no record at all, the engine refuses
	private static boolean isKnown(byte contentType) {
		return contentType >= CHANGE_CIPHER_SPEC && contentType <= APPLICATION_DATA;
	}

	// Whether a whole record of data has come
	private boolean isDataNext() {
		ByteBuffer bytes = incoming();
		return bytes.remaining() >= HEADER && bytes.get(bytes.position()) == APPLICATION_DATA
				&& bytes.remaining() >= recordSize(bytes);
	}

	private static int recordSize(ByteBuffer bytes) {
		return HEADER + Short.toUnsignedInt(bytes.getShort(bytes.position() + HEADER - Short.BYTES));
	}

	private ByteBuffer incoming() {
		ByteBuffer buffer = this.incoming;
		if (buffer == null) {
			buffer = this.buffers.small().flip();
			this.incoming = buffer;
		}
		return buffer;
	}

	// Waits for more encrypted bytes
	private void fill() throws IOException {
		ByteBuffer buffer = fitting(incoming());
		buffer.compact();
		int count;
		try {
			count = this.channel.read(buffer);
		}
		finally {
			buffer.flip();
		}
		if (count < 0) {
			throw new SSLException(this.established ? "The stream ended without close_notify: it may be truncated"
					: "The stream ended during the handshake");
		}
		this.lastFill = count;
	}

	// Large while much comes at once, or for a large record
	private ByteBuffer fitting(ByteBuffer buffer) {
		boolean much = this.lastFill >= TlsBuffers.SMALL || buffer.remaining() >= TlsBuffers.SMALL;
		ByteBuffer next = null;
		if (buffer.capacity() == TlsBuffers.SMALL) {
			next = much ? this.buffers.tryLarge() : null;
			if (next == null && buffer.remaining() >= TlsBuffers.SMALL) {
				next = this.buffers.record();
			}
		}
		else if (!buffer.hasRemaining() && !(much && buffer.capacity() == TlsBuffers.LARGE)) {
			next = this.buffers.small();
		}
		if (next == null) {
			return buffer;
		}
		next.put(buffer).flip();
		this.incoming = next;
		this.buffers.give(buffer);
		return next;
	}

	/**
	 * Encrypts and writes.
	 * @param source some bytes at least; how many depends on the buffers
	 * @return how many bytes were taken
	 * @throws ClosedChannelException if the output is shut
	 * @throws IOException if the socket failed; nothing is taken then, though some may
	 * have been sent
	 */
	@Override
	public int write(ByteBuffer source) throws IOException {
		int begin = source.position();
		ByteBuffer outgoing = outgoing();
		this.outputLock.lock();
		try {
			Status status = Status.OK;
			while (status == Status.OK && source.hasRemaining() && !this.closing) {
				status = this.engine.wrap(source, outgoing).getStatus();
			}
			if ((this.closing && source.position() == begin) || status == Status.CLOSED) {
				throw new ClosedChannelException();
			}
			send(outgoing);
			return source.position() - begin;
		}
		catch (IOException ex) {
			source.position(begin);
			throw ex;
		}
		finally {
			this.outputLock.unlock();
			this.buffers.give(outgoing);
		}
	}

	// Writes what the engine itself has to say
	private void flush() throws IOException {
		ByteBuffer outgoing = this.buffers.record();
		this.outputLock.lock();
		try {
			Status status;
			do {
				status = this.engine.wrap(NOTHING, outgoing).getStatus();
				if (status == Status.BUFFER_OVERFLOW) {
					send(outgoing);
				}
			}
			while (status != Status.CLOSED && this.engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP);
			send(outgoing);
		}
		finally {
			this.outputLock.unlock();
			this.buffers.give(outgoing);
		}
	}

	private ByteBuffer outgoing() {
		ByteBuffer large = this.buffers.tryLarge();
		return (large != null) ? large : this.buffers.record();
	}

	private void send(ByteBuffer outgoing) throws IOException {
		outgoing.flip();
		while (outgoing.hasRemaining()) {
			this.channel.write(outgoing);
		}
		outgoing.clear();
	}

	// Tells the peer what is wrong, as far as it still listens. In the log there is a
	// line
	// for it, and the JDK leaves to the cause what OpenSSL's plaintext alert says
	private SSLException alerted(SSLException failure) {
		SSLException told = (failure.getCause() != null) ? new SSLException(ServerTls.reason(failure), failure)
				: failure;
		try {
			if (this.engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
				flush();
			}
		}
		catch (IOException ex) {
			told.addSuppressed(ex);
		}
		return told;
	}

	@Override
	public void shutdownOutput() throws IOException {
		this.closing = true;
		this.outputLock.lock();
		try {
			if (!this.outputIsShut) {
				this.outputIsShut = true;
				this.engine.closeOutbound();
				if (!this.engine.isOutboundDone()) {
					flush();
				}
				this.channel.shutdownOutput();
			}
		}
		finally {
			this.outputLock.unlock();
		}
	}

	@Override
	public int available() {
		return (this.left != null) ? this.left.remaining() : 0;
	}

	@Override
	public boolean isOpen() {
		return this.channel.isOpen();
	}

	@Override
	public void close() throws IOException {
		try {
			this.channel.close();
		}
		finally {
			if (this.incoming != null) {
				this.buffers.give(this.incoming);
				this.incoming = null;
			}
			if (this.left != null) {
				this.buffers.give(this.left);
				this.left = null;
			}
		}
	}

}
