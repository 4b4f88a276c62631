package io.weir.tls;

import java.time.Duration;
import java.util.function.Supplier;

import javax.net.ssl.SSLException;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.transport.TransportLayer;

/**
 * The server's side of TLS: what new connections are protected with, which may be
 * replaced while old ones live on. Safe for any thread.
 */
public final class ServerTls {

	private static final Logger logger = LoggerFactory.getLogger(ServerTls.class);

	private final String bundle;

	private final ClientAuth clientAuth;

	private final Duration handshakeTimeout;

	private final TlsLayer layer = new TlsLayer(() -> context().engine());

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

	private TlsContext context() {
		return this.context;
	}

	/**
	 * The layer that protects a connection, with what is in force when it begins.
	 */
	public TransportLayer layer() {
		return this.layer;
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
			ServerCertificate certificate = certificate();
			logger.info("SSL bundle '{}' has changed: new connections get the certificate of {}, valid until {}",
					this.bundle, certificate.subject(), certificate.notAfter());
		}
		catch (SSLException | RuntimeException ex) {
			this.reloadFailure = FailureReason.of(ex);
			logger.warn(
					"SSL bundle '{}' has changed and can't be used; the certificate of {} stays: {}. What to do: "
							+ "correct the files below spring.ssl.bundle, key and certificate together",
					this.bundle, certificate().subject(), this.reloadFailure);
		}
	}

	/**
	 * The name of what its material comes from.
	 */
	public String bundle() {
		return this.bundle;
	}

	/**
	 * How long a handshake may take.
	 * @return zero is for ever
	 */
	public Duration handshakeTimeout() {
		return this.handshakeTimeout;
	}

	/**
	 * The certificate that new connections get.
	 */
	public ServerCertificate certificate() {
		return this.context.certificate();
	}

	/**
	 * How many handshakes compute, or wait for a processor to do so.
	 */
	int waitingHandshakes() {
		return this.layer.tasks().waiting();
	}

	/**
	 * Why the last change of the bundle could not be used.
	 * @return null if it could, or there was none
	 */
	public @Nullable String reloadFailure() {
		return this.reloadFailure;
	}

}
