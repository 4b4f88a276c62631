package io.weir.bench.peer;

import java.nio.ByteBuffer;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * TLS of one connection of the bare loop: the JDK's engine, and what it has not read yet.
 */
final class BareTls {

	/**
	 * Bytes of the buffers for what is decrypted and what is to be sent: some records.
	 */
	static final int BUFFER_SIZE = 64 * 1024;

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private final SSLEngine engine;

	// Encrypted bytes that have come, from position to limit
	private final ByteBuffer incoming = ByteBuffer.allocate(BUFFER_SIZE).flip();

	private boolean established;

	/**
	 * Begins the handshake.
	 * @param engine for this connection alone
	 * @throws SSLException if it can't
	 */
	BareTls(SSLEngine engine) throws SSLException {
		this.engine = engine;
		engine.setUseClientMode(false);
		engine.beginHandshake();
	}

	/**
	 * Echoes what has come, or goes on with the handshake.
	 * @param received encrypted bytes
	 * @param decrypted room for what they say, shared by the connections of a thread
	 * @param answer where the encrypted answer goes
	 * @throws SSLException if the peer does what the engine refuses
	 */
	void answer(ByteBuffer received, ByteBuffer decrypted, ByteBuffer answer) throws SSLException {
		this.incoming.compact().put(received).flip();
		boolean more = true;
		while (more) {
			more = this.established ? echo(decrypted, answer) : shakeHands(answer);
		}
	}

	private boolean echo(ByteBuffer decrypted, ByteBuffer answer) throws SSLException {
		if (!this.incoming.hasRemaining()) {
			return false;
		}
		Status status = this.engine.unwrap(this.incoming, decrypted).getStatus();
		decrypted.flip();
		while (decrypted.hasRemaining()) {
			this.engine.wrap(decrypted, answer);
		}
		decrypted.clear();
		return status == Status.OK;
	}

	private boolean shakeHands(ByteBuffer answer) throws SSLException {
		switch (this.engine.getHandshakeStatus()) {
			case NEED_TASK -> this.engine.getDelegatedTask().run();
			case NEED_WRAP -> this.engine.wrap(NOTHING, answer);
			case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
				return this.engine.unwrap(this.incoming, NOTHING).getStatus() == Status.OK;
			}
			default -> this.established = true;
		}
		return true;
	}

}
