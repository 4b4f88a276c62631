package io.weir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * What tests of a process with TLS share: a certificate authority for a class, and the
 * start of a server.
 */
abstract class TlsProcessTest {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	static Path directory;

	@SuppressWarnings("NullAway.Init")
	static Certificates certificates;

	@BeforeAll
	static void createAuthority() throws IOException {
		certificates = new Certificates(directory);
	}

	/**
	 * Starts a server.
	 * @param prefix what to put before its command
	 * @param options of its JVM
	 * @param certificate arguments for what it shows; none for a server without TLS
	 */
	static WeirProcess start(List<String> prefix, List<String> options, List<String> certificate, String... arguments)
			throws IOException {
		Stream<String> all = Stream.concat(certificate.stream(), Stream.of(arguments));
		return WeirProcess
			.start(prefix, options, directory, Map.of(),
					Stream.concat(Stream.of("--tcp.server.port=0"), all).toArray(String[]::new))
			.awaitStarted();
	}

}
