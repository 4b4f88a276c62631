package io.weir.tls;

import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A handshake in memory, with a client that trusts everybody: the only way to know that a
 * key fits its certificate, and that the protocols and cipher suites fit the key.
 */
final class SelfHandshake {

	private static final int MAX_STEPS = 100;

	private final SSLEngine server;

	private final SSLEngine client;

	private final ByteBuffer toServer;

	private final ByteBuffer toClient;

	private final ByteBuffer nothing = ByteBuffer.allocate(0);

	private SelfHandshake(SSLEngine server, SSLEngine client) {
		this.server = server;
		this.client = client;
		this.toServer = ByteBuffer.allocate(2 * server.getSession().getPacketBufferSize()).flip();
		this.toClient = ByteBuffer.allocate(2 * server.getSession().getPacketBufferSize()).flip();
	}

	/**
	 * Runs the handshake.
	 * @param server an engine that asks for no certificate
	 * @param parameters protocols and cipher suites for the client
	 * @throws SSLException if it failed
	 */
	static X509Certificate run(SSLEngine server, SSLParameters parameters) throws SSLException {
		SSLEngine client = client();
		client.setSSLParameters(parameters);
		new SelfHandshake(server, client).run();
		return (X509Certificate) client.getSession().getPeerCertificates()[0];
	}

	private static SSLEngine client() throws SSLException {
		try {
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(null, new TrustManager[] { new TrustsAll() }, null);
			SSLEngine client = context.createSSLEngine();
			client.setUseClientMode(true);
			return client;
		}
		catch (GeneralSecurityException ex) {
			throw new SSLException(ex);
		}
	}

	private void run() throws SSLException {
		this.client.beginHandshake();
		this.server.beginHandshake();
		for (int i = 0; i < MAX_STEPS && (isShaking(this.client) || isShaking(this.server)); i++) {
			step(this.client, this.toClient, this.toServer);
			step(this.server, this.toServer, this.toClient);
		}
		if (isShaking(this.client) || isShaking(this.server)) {
			throw new SSLException("The handshake of the bundle with itself does not end");
		}
	}

	private static boolean isShaking(SSLEngine engine) {
		return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
	}

	private void step(SSLEngine engine, ByteBuffer incoming, ByteBuffer outgoing) throws SSLException {
		switch (engine.getHandshakeStatus()) {
			case NEED_TASK -> {
				Runnable task = engine.getDelegatedTask();
				while (task != null) {
					task.run();
					task = engine.getDelegatedTask();
				}
			}
			case NEED_WRAP -> {
				outgoing.compact();
				engine.wrap(this.nothing, outgoing);
				outgoing.flip();
			}
			default -> engine.unwrap(incoming, this.nothing);
		}
	}

	/**
	 * For a client that sends nothing and shows nothing. An extended one, for the JDK
	 * adds checks of its own to others.
	 */
	private static final class TrustsAll extends X509ExtendedTrustManager {

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {
		}

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
		}

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType) {
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType) {
		}

		@Override
		public X509Certificate[] getAcceptedIssuers() {
			return new X509Certificate[0];
		}

	}

}
