package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

import static io.weir.protocol.Recipe.DATA;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The JDK's clients with TLS, whose reads end with an exception after ten seconds.
 */
public final class TlsClient {

	private final SSLContext context;

	/**
	 * Creates clients that trust the authority.
	 * @param name of their own certificate; null for none
	 */
	public TlsClient(Certificates certificates, @Nullable String name) {
		this.context = bundle((name != null) ? certificates.file(name + ".pem") : null,
				(name != null) ? certificates.file(name + ".key") : null, certificates.file("ca.pem"))
			.createSslContext();
	}

	/**
	 * Key, certificate and trust, as from a bundle of PEM files.
	 */
	public static SslBundle bundle(@Nullable Path certificate, @Nullable Path key, Path trusted) {
		PemSslStoreDetails own = (certificate != null && key != null)
				? new PemSslStoreDetails(null, certificate.toString(), key.toString()) : null;
		return SslBundle.of(new PemSslStoreBundle(own, PemSslStoreDetails.forCertificate(trusted.toString())));
	}

	public SSLContext context() {
		return this.context;
	}

	/**
	 * Connects; the handshake is not begun.
	 * @param protocols none for the JDK's own
	 */
	public SSLSocket connect(int port, String... protocols) throws IOException {
		return over(plain(port, 0), protocols);
	}

	public SSLSocket over(Socket plain, String... protocols) throws IOException {
		SSLSocket socket = (SSLSocket) this.context.getSocketFactory()
			.createSocket(plain, "localhost", plain.getPort(), true);
		socket.setSoTimeout(10_000);
		if (protocols.length > 0) {
			socket.setEnabledProtocols(protocols);
		}
		return socket;
	}

	/**
	 * Connects without TLS.
	 * @param receiveBuffer 0 leaves it to the kernel
	 */
	public static Socket plain(int port, int receiveBuffer) throws IOException {
		Socket plain = new Socket();
		if (receiveBuffer > 0) {
			plain.setReceiveBufferSize(receiveBuffer);
		}
		plain.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 10_000);
		return plain;
	}

	/**
	 * Sends some bytes and gets them back.
	 */
	public static void echo(SSLSocket client) throws IOException {
		echo(client, DATA);
	}

	public static void echo(SSLSocket client, byte[] bytes) throws IOException {
		client.getOutputStream().write(bytes);
		assertThat(client.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
	}

	/**
	 * The subject of the certificate that the server has shown.
	 */
	public static String subject(SSLSocket client) throws IOException {
		return client.getSession().getPeerPrincipal().getName();
	}

}
