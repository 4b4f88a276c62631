package io.weir.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

import org.jspecify.annotations.Nullable;

/**
 * Key, certificates and rules that handshakes are made with. Never changes; safe for any
 * thread.
 */
final class TlsContext {

	/**
	 * The protocols that are allowed unless the bundle says otherwise.
	 */
	static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

	private final TlsMaterial material;

	private final SSLParameters parameters;

	private final ServerCertificate certificate;

	/**
	 * Creates a context that works: it has shaken hands with itself.
	 * @param material what to make it from
	 * @param clientAuth whether a client must show a certificate
	 * @throws SSLException if no handshake can succeed
	 * @throws IllegalArgumentException if a protocol or cipher suite is unknown
	 */
	TlsContext(TlsMaterial material, ClientAuth clientAuth) throws SSLException {
		this.material = material;
		this.parameters = new SSLParameters(cipherSuites(material), protocols(material));
		this.parameters.setUseCipherSuitesOrder(true);
		X509Certificate shown = SelfHandshake.run(engine(), this.parameters);
		this.certificate = new ServerCertificate(shown.getSubjectX500Principal().getName(),
				shown.getNotAfter().toInstant());
		// The client of that handshake has no certificate
		switch (clientAuth) {
			case NONE -> {
			}
			case WANT -> this.parameters.setWantClientAuth(true);
			case NEED -> this.parameters.setNeedClientAuth(true);
		}
	}

	private static String[] protocols(TlsMaterial material) {
		return array(material.protocols(), PROTOCOLS.stream());
	}

	private static String[] cipherSuites(TlsMaterial material) {
		return array(material.cipherSuites(),
				Stream.of(material.context().getDefaultSSLParameters().getCipherSuites()).filter(TlsContext::isStrong));
	}

	private static String[] array(@Nullable List<String> chosen, Stream<String> others) {
		return ((chosen != null) ? chosen.stream() : others).toArray(String[]::new);
	}

	// The JDK's default list still has CBC
	private static boolean isStrong(String cipherSuite) {
		boolean forwardSecret = !cipherSuite.contains("_WITH_") || cipherSuite.startsWith("TLS_ECDHE_")
				|| cipherSuite.startsWith("TLS_DHE_");
		return forwardSecret && (cipherSuite.contains("_GCM_") || cipherSuite.contains("_CHACHA20_"));
	}

	/**
	 * Creates the engine of one connection.
	 * @return the server's side, handshake not begun
	 */
	SSLEngine engine() {
		SSLEngine engine = this.material.context().createSSLEngine();
		engine.setUseClientMode(false);
		engine.setSSLParameters(this.parameters);
		return engine;
	}

	/**
	 * The certificate that it shows.
	 * @return of several, the one that a client gets which takes what the server prefers
	 */
	ServerCertificate certificate() {
		return this.certificate;
	}

}
