package io.weir.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * What servers with TLS show: a certificate of its own authority, and its key (P-256),
 * both PEM.
 *
 * @param certificate the certificate's file
 * @param key the key's file
 */
record Certificate(Path certificate, Path key) {

	/**
	 * Makes it with {@code openssl}, unless it is there.
	 * @param directory where
	 * @throws IOException if that fails
	 */
	static Certificate in(Path directory) throws IOException, InterruptedException {
		Certificate made = new Certificate(directory.resolve("tls.crt"), directory.resolve("tls.key"));
		if (!Files.exists(made.certificate) || !Files.exists(made.key)) {
			Path log = directory.resolve("openssl.log");
			Process openssl = new ProcessBuilder("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
					"ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "3650", "-keyout",
					made.key.toString(), "-out", made.certificate.toString())
				.redirectErrorStream(true)
				.redirectOutput(log.toFile())
				.start();
			if (openssl.waitFor() != 0) {
				throw new IOException("No certificate: see " + log);
			}
		}
		return made;
	}

	/**
	 * What a client trusts this certificate alone with.
	 * @throws IOException if it can't be read
	 */
	SSLContext trusted() throws IOException {
		try {
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(null, trust(), null);
			return context;
		}
		catch (GeneralSecurityException ex) {
			throw new IOException(ex);
		}
	}

	/**
	 * Trusts this certificate alone.
	 * @throws IOException if it can't be read
	 */
	TrustManager[] trust() throws IOException, GeneralSecurityException {
		try (InputStream input = Files.newInputStream(this.certificate)) {
			KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
			store.load(null, null);
			store.setCertificateEntry("server", CertificateFactory.getInstance("X.509").generateCertificate(input));
			TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			factory.init(store);
			return factory.getTrustManagers();
		}
	}

}
