package io.weir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A certificate authority for one test, made by {@code openssl} in a directory of the
 * test's.
 */
public final class Certificates {

	private final Path directory;

	/**
	 * Makes the authority; skips the test where there is no {@code openssl}.
	 */
	public Certificates(Path directory) throws IOException {
		boolean available;
		try {
			available = run(directory, "version").startsWith("OpenSSL");
		}
		catch (IOException ex) {
			available = false;
		}
		assumeTrue(available, "openssl is not installed");
		this.directory = directory;
		run(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
				"/CN=ca", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem");
	}

	/**
	 * Makes {@code <name>.pem} and {@code <name>.key} with the subject {@code CN=<name>},
	 * for localhost.
	 * @param days how long the certificate is valid; negative for an expired one
	 */
	public Certificates issue(String name, int days) throws IOException {
		return issueFor(name, name, days);
	}

	/**
	 * Makes them with a subject that differs from the files' name.
	 */
	public Certificates issueFor(String commonName, String name, int days) throws IOException {
		return issue(commonName, name, days, "ec", "-pkeyopt", "ec_paramgen_curve:P-256");
	}

	/**
	 * Makes them with an RSA key.
	 * @param bits the size of the key
	 */
	public Certificates issueRsa(String name, int days, int bits) throws IOException {
		return issue(name, name, days, "rsa:" + bits);
	}

	private Certificates issue(String commonName, String name, int days, String... key) throws IOException {
		Files.writeString(file("names.txt"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
		List<String> request = new ArrayList<>(List.of("req", "-new", "-nodes", "-subj",
				"/CN=" + commonName.replace("/", "\\/"), "-keyout", name + ".key", "-out", name + ".csr", "-newkey"));
		request.addAll(List.of(key));
		run(this.directory, request.toArray(String[]::new));
		run(this.directory, "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key",
				"-CAcreateserial", "-days", Integer.toString(days), "-extfile", "names.txt", "-out", name + ".pem");
		return this;
	}

	/**
	 * Makes {@code <name>.p12} of a certificate and its key.
	 */
	public Certificates store(String name, String password) throws IOException {
		run(this.directory, "pkcs12", "-export", "-in", name + ".pem", "-inkey", name + ".key", "-passout",
				"pass:" + password, "-out", name + ".p12");
		return this;
	}

	/**
	 * Makes {@code <store>.p12} of a certificate without its key, as one who takes it for
	 * a truststore.
	 */
	public Certificates storeWithoutKey(String name, String store, String password) throws IOException {
		run(this.directory, "pkcs12", "-export", "-nokeys", "-in", name + ".pem", "-passout", "pass:" + password,
				"-out", store + ".p12");
		return this;
	}

	/**
	 * Makes an encrypted key of another.
	 */
	public Certificates encrypt(String name, String encrypted, String password) throws IOException {
		run(this.directory, "pkcs8", "-topk8", "-in", name + ".key", "-passout", "pass:" + password, "-out",
				encrypted + ".key");
		return this;
	}

	/**
	 * Arguments for a server that shows a certificate.
	 */
	public List<String> arguments(String name) {
		return arguments(file(name + ".pem"), file(name + ".key"));
	}

	/**
	 * Arguments for a server that shows a certificate.
	 */
	public static List<String> arguments(Path certificate, Path key) {
		return List.of("--tcp.server.ssl.bundle=weir",
				"--spring.ssl.bundle.pem.weir.keystore.certificate=" + certificate,
				"--spring.ssl.bundle.pem.weir.keystore.private-key=" + key);
	}

	public Path file(String name) {
		return this.directory.resolve(name);
	}

	private static String run(Path directory, String... arguments) throws IOException {
		List<String> command = new ArrayList<>(List.of("openssl"));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		try {
			assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
		assertThat(process.exitValue()).as(output).isZero();
		return output;
	}

}
