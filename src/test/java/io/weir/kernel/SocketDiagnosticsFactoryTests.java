package io.weir.kernel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for {@link SocketDiagnosticsFactory}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SocketDiagnosticsFactoryTests {

	private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9999);

	private final FakeKernel kernel = new FakeKernel();

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path proc;

	@Test
	void whenTheKernelAnswersThenItIsAsked(CapturedOutput output) {
		SocketDiagnostics diagnostics = open("Linux");
		assertThat(diagnostics.source()).isEqualTo(Source.SOCK_DIAG);
		assertThat(lines(output)).isEmpty();
	}

	@ParameterizedTest
	// EPERM, EACCES, EAFNOSUPPORT, EPROTONOSUPPORT, ENOENT
	@ValueSource(ints = { 1, 13, 97, 93, 2 })
	@EnabledOnOs(OS.LINUX)
	void whenTheKernelRefusesThenProcIsRead(int errno, CapturedOutput output) throws IOException {
		String words = new LibC().describe(errno);
		writeTcp();
		for (Runnable refusal : new Runnable[] { () -> this.kernel.socketErrno = errno, () -> {
			this.kernel.socketErrno = 0;
			this.kernel.sendErrno = errno;
		}, () -> {
			this.kernel.sendErrno = 0;
			this.kernel.answer(FakeKernel.error(errno));
		} }) {
			refusal.run();
			SocketDiagnostics diagnostics = new SocketDiagnosticsFactory("Linux", InTheLibrarysWords::new, this.proc)
				.open();
			assertThat(diagnostics.source()).isEqualTo(Source.PROCFS);
			assertThat(diagnostics.listener(ADDRESS)).isInstanceOf(Reading.Unavailable.class);
			assertThat(this.kernel.closed).isEqualTo(this.kernel.opened);
		}
		assertThat(lines(output)).hasSize(3)
			.allMatch((line) -> line.contains("Socket figures come from")
					&& line.contains(", as sock_diag is not available: ") && line.endsWith(": " + words));
	}

	@Test
	void whenNativeAccessIsDeniedThenTheReasonNamesTheOption(CapturedOutput output) throws IOException {
		writeTcp();
		SocketDiagnostics diagnostics = new SocketDiagnosticsFactory("Linux", () -> {
			throw new ExceptionInInitializerError(new IllegalCallerException("denied"));
		}, this.proc).open();
		assertThat(diagnostics.source()).isEqualTo(Source.PROCFS);
		assertThat(lines(output)).singleElement()
			.asString()
			.endsWith("sock_diag needs native access: start java with --enable-native-access=ALL-UNNAMED");
		assertThat(this.kernel.opened).isEmpty();
	}

	@Test
	void whenThereIsNoLinkerThenProcIsRead(CapturedOutput output) throws IOException {
		writeTcp();
		SocketDiagnostics diagnostics = new SocketDiagnosticsFactory("Linux", () -> {
			throw new UnsatisfiedLinkError("no linker");
		}, this.proc).open();
		assertThat(diagnostics.source()).isEqualTo(Source.PROCFS);
		assertThat(output).contains("no linker");
	}

	@Test
	void whenThereIsNoProcEitherThenEverythingIsUnavailable(CapturedOutput output) {
		this.kernel.socketErrno = FakeKernel.EPERM;
		try (SocketDiagnostics diagnostics = open("Linux")) {
			assertUnavailable(diagnostics,
					"sock_diag is not available: no netlink socket: Operation not permitted; and "
							+ this.proc.resolve("net/tcp") + " cannot be read");
		}
		assertThat(lines(output)).hasSize(1);
	}

	@Test
	void offLinuxEverythingIsUnavailableAndNothingIsTried(CapturedOutput output) throws IOException {
		writeTcp();
		try (SocketDiagnostics diagnostics = open("Mac OS X")) {
			assertUnavailable(diagnostics, "socket figures exist on Linux only, and this is Mac OS X");
		}
		assertThat(this.kernel.opened).isEmpty();
		assertThat(lines(output)).hasSize(1);
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void theRunningMachineIsAsked() {
		assumeTrue(SocketDiagnosticsFactory.class.getModule().isNativeAccessEnabled(), "native access is not enabled");
		try (SocketDiagnostics diagnostics = new SocketDiagnosticsFactory().open()) {
			assumeTrue(diagnostics.source() == Source.SOCK_DIAG, "sock_diag is not available");
			assertThat(diagnostics.sample(9999, (sample) -> {
			})).isNull();
		}
	}

	private static void assertUnavailable(SocketDiagnostics diagnostics, String reason) {
		assertThat(diagnostics.source()).isEqualTo(Source.UNAVAILABLE);
		assertThat(diagnostics.listener(ADDRESS)).isEqualTo(new Reading.Unavailable<>(reason));
		assertThat(diagnostics.connection(SocketKey.of(ADDRESS, ADDRESS))).isEqualTo(new Reading.Unavailable<>(reason));
		assertThat(diagnostics.sample(9999, (sample) -> {
		})).isEqualTo(reason);
	}

	// Without those of threads that earlier tests have left behind
	private static List<String> lines(CapturedOutput output) {
		return output.getOut()
			.lines()
			.filter((line) -> line.contains(SocketDiagnosticsFactory.class.getSimpleName()))
			.toList();
	}

	private SocketDiagnostics open(String osName) {
		return new SocketDiagnosticsFactory(osName, () -> this.kernel, this.proc).open();
	}

	private void writeTcp() throws IOException {
		Files.createDirectories(this.proc.resolve("net"));
		Files.writeString(this.proc.resolve("net/tcp"), "  sl  local_address rem_address   st\n");
	}

	/**
	 * The made-up kernel, with errors in the C library's words.
	 */
	private final class InTheLibrarysWords implements SystemCalls {

		private final LibC library = new LibC();

		@Override
		public int socket(int domain, int type, int protocol) {
			return SocketDiagnosticsFactoryTests.this.kernel.socket(domain, type, protocol);
		}

		@Override
		public int send(int socket, ByteBuffer buffer, int length, int flags) {
			return SocketDiagnosticsFactoryTests.this.kernel.send(socket, buffer, length, flags);
		}

		@Override
		public int recv(int socket, ByteBuffer buffer, int length, int flags) {
			return SocketDiagnosticsFactoryTests.this.kernel.recv(socket, buffer, length, flags);
		}

		@Override
		public void close(int socket) {
			SocketDiagnosticsFactoryTests.this.kernel.close(socket);
		}

		@Override
		public String describe(int errno) {
			return this.library.describe(errno);
		}

	}

}
