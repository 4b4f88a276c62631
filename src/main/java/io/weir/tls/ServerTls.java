package io.weir.tls;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;

import javax.net.ssl.SSLException;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.transport.BufferPool;
import io.weir.transport.LayeredConnection;
import io.weir.transport.Transport;
import io.weir.transport.TransportLayer;

/**
 * The server's side of TLS: what new connections are protected with, which may be
 * replaced while old ones live on. Safe for any thread.
 */
public final class ServerTls implements TransportLayer {

	private static final Logger logger = LoggerFactory.getLogger(ServerTls.class);

	private final String bundle;

	private final ClientAuth clientAuth;

	private final Duration handshakeTimeout;

	private final BufferPool buffers = BufferPool.heap();

	private final TlsTasks tasks = new TlsTasks();

	private volatile TlsContext context;

	private volatile @Nullable String reloadFailure;

	/**
	 * Creates the server's side.
	 * @param bundle the name of what the material comes from, for people
	 * @param clientAuth whether a client must show a certificate
	 * @param handshakeTimeout how long a handshake may take; zero is for ever
	 * @param material what to begin with
	 * @throws SSLException if no handshake can succeed with the material
	 * @throws IllegalArgumentException if it names an unknown protocol or cipher suite
	 */
	public ServerTls(String bundle, ClientAuth clientAuth, Duration handshakeTimeout, TlsMaterial material)
			throws SSLException {
		this.bundle = bundle;
		this.clientAuth = clientAuth;
		this.handshakeTimeout = handshakeTimeout;
		this.context = new TlsContext(material, clientAuth);
	}

	/**
	 * Protects a connection with what is in force now.
	 */
	@Override
	public Transport wrap(Transport lower, LayeredConnection connection) throws IOException {
		TlsTransport upper = new TlsTransport(lower, this.context.engine(), this.buffers, this.tasks);
		try {
			connection.secured(upper.handshake());
			return upper;
		}
		catch (Throwable ex) {
			upper.release();
			throw ex;
		}
	}

	/**
	 * Protects new connections with other material from now on, if a handshake can
	 * succeed with it; else the present one stays.
	 * @param material reads the material; a failure is reported, not thrown
	 */
	public void reload(Supplier<TlsMaterial> material) {
		try {
			this.context = new TlsContext(material.get(), this.clientAuth);
			this.reloadFailure = null;
			ServerCertificate certificate = this.context.certificate();
			logger.info("SSL bundle '{}' has changed: new connections get the certificate of {}, valid until {}",
					this.bundle, certificate.subject(), certificate.notAfter());
		}
		catch (SSLException | RuntimeException ex) {
			this.reloadFailure = FailureReason.of(ex);
			logger.warn(
					"SSL bundle '{}' has changed and can't be used; the certificate of {} stays: {}. What to do: "
							+ "correct the files below spring.ssl.bundle, key and certificate together",
					this.bundle, this.context.certificate().subject(), this.reloadFailure);
		}
	}

	/**
	 * How long a handshake may take.
	 * @return zero is for ever
	 */
	public Duration handshakeTimeout() {
		return this.handshakeTimeout;
	}

	/**
	 * What new connections are protected with, and how that goes.
	 */
	public TlsStatus status() {
		return new TlsStatus(this.bundle, this.context.certificate(), this.tasks.waiting(), this.reloadFailure);
	}

}
