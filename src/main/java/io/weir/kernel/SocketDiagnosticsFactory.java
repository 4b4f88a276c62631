package io.weir.kernel;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the best {@link SocketDiagnostics} that this machine allows: {@code sock_diag},
 * else {@code /proc/net/tcp}, else one that has nothing but the reason. What is missing
 * is logged once, when opening.
 */
public final class SocketDiagnosticsFactory {

	private static final Logger logger = LoggerFactory.getLogger(SocketDiagnosticsFactory.class);

	private final String osName;

	private final Supplier<SystemCalls> calls;

	private final Path procRoot;

	public SocketDiagnosticsFactory() {
		this(System.getProperty("os.name"), LibC::new, Path.of("/proc"));
	}

	SocketDiagnosticsFactory(String osName, Supplier<SystemCalls> calls, Path procRoot) {
		this.osName = osName;
		this.calls = calls;
		this.procRoot = procRoot;
	}

	/**
	 * Opens it. Takes some 0.5 s the first time, so that no question does later.
	 * @return diagnostics that work, or that say why they do not
	 */
	public SocketDiagnostics open() {
		if (!this.osName.equals("Linux")) {
			return unavailable("socket figures exist on Linux only, and this is " + this.osName);
		}
		String reason;
		try {
			// Without the option the JVM warns, and allows it
			return NetlinkSocketDiagnostics.open(this.calls.get(), new ListenerSelector(this.procRoot));
		}
		// No linker for this platform, or a C library without the functions
		catch (NetlinkException | RuntimeException | LinkageError ex) {
			reason = isDenied(ex) ? "sock_diag needs native access: start java with --enable-native-access=ALL-UNNAMED"
					: "sock_diag is not available: " + ((ex instanceof NetlinkException) ? ex.getMessage() : ex);
		}
		Path file = this.procRoot.resolve("net/tcp");
		if (Files.isReadable(file)) {
			logger.info("Socket figures come from {}, without round-trip times and retransmits, as {}", file, reason);
			return new ProcNetSocketDiagnostics(this.procRoot, new ListenerSelector(this.procRoot));
		}
		return unavailable(reason + "; and " + file + " cannot be read");
	}

	// By --illegal-native-access=deny: the class that links the calls is not initialised
	private static boolean isDenied(Throwable failure) {
		return failure instanceof IllegalCallerException || failure.getCause() instanceof IllegalCallerException;
	}

	private static SocketDiagnostics unavailable(String reason) {
		logger.info("No socket figures: {}", reason);
		return new UnavailableSocketDiagnostics(reason);
	}

	/**
	 * Answers every question with the same reason.
	 *
	 * @param reason why there is no answer
	 */
	private record UnavailableSocketDiagnostics(String reason) implements SocketDiagnostics {

		@Override
		public Source source() {
			return Source.UNAVAILABLE;
		}

		@Override
		public Reading<ListenerDiagnostics> listener(InetSocketAddress local) {
			return new Reading.Unavailable<>(this.reason);
		}

		@Override
		public String sample(SocketKey key, Consumer<? super SocketSample> visitor) {
			return this.reason;
		}

		@Override
		public String sample(int localPort, Consumer<? super SocketSample> visitor) {
			return this.reason;
		}

		@Override
		public void close() {
			// Has nothing open
		}

	}

}
