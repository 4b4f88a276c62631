package io.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.stream.Stream;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

import org.jspecify.annotations.Nullable;

/**
 * The clients of a server that wants certificates of them.
 *
 * @param authority the file with the certificate that the server has to trust, PEM
 * @param good what a client protects its connections with
 * @param bad likewise, but no handshake may succeed with these
 */
record TlsClients(Path authority, SSLContext good, List<SSLContext> bad) {

	private static final String AUTHORITY = "ca";

	private static final String GOOD = "good";

	private static final String EXPIRED = "expired";

	private static final String STRANGER = "stranger";

	private static final String PASSWORD = "of-no-value";

	/**
	 * Makes their certificates with {@code keytool}, unless they are there.
	 * @param directory where
	 * @param server whom they trust
	 * @throws IOException if that fails
	 */
	static TlsClients in(Path directory, Certificate server) throws IOException, InterruptedException {
		Path authority = directory.resolve("clients.crt");
		Path store = directory.resolve("clients.p12");
		if (!Files.exists(authority)) {
			Files.deleteIfExists(store);
			generate(store, AUTHORITY, "ca", "-ext", "bc:c", "-validity", "3650");
			generate(store, GOOD, "good", "-signer", AUTHORITY, "-validity", "3650");
			generate(store, EXPIRED, "expired", "-signer", AUTHORITY, "-startdate", "-2d", "-validity", "1");
			// A client shows only a certificate whose issuer has the name that is asked
			// for
			generate(store, STRANGER, "ca", "-validity", "3650");
			keytool(store, "-exportcert", "-rfc", "-alias", AUTHORITY, "-file", authority.toString());
		}
		try {
			KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
			TrustManager[] trust = server.trust();
			return new TlsClients(authority, context(keys(keys, GOOD), trust),
					List.of(context(null, trust), context(keys(keys, EXPIRED), trust),
							context(keys(keys, STRANGER), trust), context(keys(keys, GOOD), null)));
		}
		catch (GeneralSecurityException ex) {
			throw new IOException(ex);
		}
	}

	private static void generate(Path store, String alias, String name, String... more)
			throws IOException, InterruptedException {
		keytool(store,
				Stream
					.concat(Stream.of("-genkeypair", "-alias", alias, "-dname", "CN=" + name, "-keyalg", "EC",
							"-groupname", "secp256r1"), Stream.of(more))
					.toArray(String[]::new));
	}

	private static void keytool(Path store, String... arguments) throws IOException, InterruptedException {
		Path log = store.resolveSibling("keytool.log");
		Process keytool = new ProcessBuilder(Stream
			.concat(Stream.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-keystore",
					store.toString(), "-storepass", PASSWORD), Stream.of(arguments))
			.toList()).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
		if (keytool.waitFor() != 0) {
			throw new IOException("No certificates: see " + log);
		}
	}

	private static KeyManager[] keys(KeyStore all, String alias) throws IOException, GeneralSecurityException {
		char[] password = PASSWORD.toCharArray();
		KeyStore one = KeyStore.getInstance(KeyStore.getDefaultType());
		one.load(null, null);
		one.setKeyEntry(alias, all.getKey(alias, password), password, all.getCertificateChain(alias));
		KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		factory.init(one, password);
		return factory.getKeyManagers();
	}

	private static SSLContext context(KeyManager @Nullable [] keys, TrustManager @Nullable [] trust)
			throws GeneralSecurityException {
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(keys, trust, null);
		return context;
	}

}
