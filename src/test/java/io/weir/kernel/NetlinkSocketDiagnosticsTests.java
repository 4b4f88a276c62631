package io.weir.kernel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

import org.assertj.core.data.Index;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link NetlinkSocketDiagnostics} against a made-up kernel.
 */
class NetlinkSocketDiagnosticsTests {

	private static final InetSocketAddress LOCAL = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9999);

	private static final InetSocketAddress REMOTE = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 40000);

	private static final SocketKey KEY = SocketKey.of(LOCAL, REMOTE);

	private final FakeKernel kernel = new FakeKernel();

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path proc;

	@Test
	void openAsksAFirstQuestionAndKeepsTheSocket() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		assertThat(this.kernel.requests).hasSize(1);
		assertThat(diagnostics.source()).isEqualTo(Source.SOCK_DIAG);
		diagnostics.sample(9999, (sample) -> {
		});
		assertThat(this.kernel.opened).containsExactly(100);
		diagnostics.close();
		assertThat(this.kernel.closed).containsExactly(100);
	}

	@Test
	void whenTheKernelRefusesTheFirstQuestionThenOpenFailsAndLeavesNothingOpen() {
		this.kernel.answer(FakeKernel.error(FakeKernel.ENOENT));
		assertThatExceptionOfType(NetlinkException.class).isThrownBy(this::open)
			.withMessage("the kernel refuses: error 2");
		assertThat(this.kernel.closed).isEqualTo(this.kernel.opened);
	}

	@Test
	void sampleVisitsEachConnectionOfADumpOnce() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		this.kernel.answer(FakeKernel.concat(connection(1), connection(2)),
				FakeKernel.concat(connection(2), connection(3)), FakeKernel.done());
		List<Long> queues = new ArrayList<>();
		assertThat(diagnostics.sample(9999, (sample) -> queues.add(sample.get(TcpInfoField.RECEIVE_QUEUE)))).isNull();
		assertThat(queues).containsExactly(1L, 2L, 3L);
		// The cookies of the sample before do not count
		this.kernel.answer(FakeKernel.concat(connection(2), FakeKernel.done()));
		assertThat(diagnostics.sample(9999, (sample) -> queues.add(sample.cookie()))).isNull();
		assertThat(queues).containsExactly(1L, 2L, 3L, 2L);
	}

	@Test
	void sampleAsksForConnectedStatesOfThePort() throws NetlinkException {
		open().sample(0x1234, (sample) -> {
		});
		byte[] request = this.kernel.requests.get(1);
		assertThat(request).startsWith(72, 0, 0, 0, 20, 0, 1, 3).contains(0x12, Index.atIndex(24));
		int states = Byte.toUnsignedInt(request[20]) | (Byte.toUnsignedInt(request[21]) << 8);
		assertThat(states).isEqualTo(1 << 1 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11);
	}

	@Test
	void connectionIsTheOneAskedFor() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		this.kernel.answer(FakeKernel.socket(TcpState.ESTABLISHED, 9999, 40000, 7, 70));
		assertThat(diagnostics.connection(KEY)).isInstanceOfSatisfying(Reading.Available.class,
				(reading) -> assertThat(((ConnectionDiagnostics) reading.value()).get(TcpInfoField.RECEIVE_QUEUE))
					.hasValue(7));
	}

	@Test
	void whenTheConnectionIsGoneThenTheListenerIsNotTakenForIt() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		this.kernel.answer(FakeKernel.socket(TcpState.LISTEN, 9999, 0, 7, 70));
		assertThat(unavailable(diagnostics.connection(KEY))).contains("no such connection");
		this.kernel.answer(FakeKernel.socket(TcpState.TIME_WAIT, 9999, 40000, 7, 0));
		assertThat(unavailable(diagnostics.connection(KEY))).contains("no such connection");
		this.kernel.answer(FakeKernel.socket(TcpState.ESTABLISHED, 9999, 40001, 7, 70));
		assertThat(unavailable(diagnostics.connection(KEY))).contains("no such connection");
		this.kernel.answer(FakeKernel.error(FakeKernel.ENOENT));
		assertThat(unavailable(diagnostics.connection(KEY))).contains("no such connection");
	}

	@Test
	void whenALookUpIsAnsweredWithoutASocketThenItIsUnavailable() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		assertThat(unavailable(diagnostics.connection(KEY))).isEqualTo("the kernel's answer has no socket");
	}

	@Test
	void listenerIsTheOneOnTheAddress() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		byte[] other = FakeKernel.socket(TcpState.LISTEN, 9999, 0, 8, 80);
		other[27] = 2;
		this.kernel.answer(FakeKernel.concat(other, FakeKernel.socket(TcpState.LISTEN, 9999, 0, 7, 70)),
				FakeKernel.done());
		assertThat(diagnostics.listener(LOCAL))
			.isEqualTo(new Reading.Available<>(new ListenerDiagnostics(7, OptionalLong.of(0), OptionalLong.empty())));
		assertThat(unavailable(diagnostics.listener(LOCAL))).isEqualTo("no socket listens on /127.0.0.1:9999");
	}

	@Test
	void ofListenersThatShareThePortItIsTheProcessesOwn() throws IOException {
		NetlinkSocketDiagnostics diagnostics = open();
		byte[] both = FakeKernel.concat(FakeKernel.socket(TcpState.LISTEN, 9999, 0, 7, 70),
				FakeKernel.socket(TcpState.LISTEN, 9999, 0, 8, 80), FakeKernel.done());
		this.kernel.answer(both);
		assertThat(unavailable(diagnostics.listener(LOCAL)))
			.isEqualTo("2 sockets listen on /127.0.0.1:9999, and none is known to be this process's");
		Path files = Files.createDirectories(this.proc.resolve("self/fd"));
		Files.createSymbolicLink(files.resolve("0"), Path.of("pipe:[70]"));
		Files.createSymbolicLink(files.resolve("5"), Path.of("socket:[80]"));
		Files.createFile(files.resolve("6"));
		this.kernel.answer(both);
		assertThat(queueLength(diagnostics.listener(LOCAL))).isEqualTo(8);
		// Remembered
		Files.delete(files.resolve("5"));
		this.kernel.answer(both);
		assertThat(queueLength(diagnostics.listener(LOCAL))).isEqualTo(8);
	}

	@Test
	void whenTwoListenersAreTheProcessesOwnThenNeitherIsChosen() throws IOException {
		Path files = Files.createDirectories(this.proc.resolve("self/fd"));
		Files.createSymbolicLink(files.resolve("5"), Path.of("socket:[70]"));
		Files.createSymbolicLink(files.resolve("6"), Path.of("socket:[80]"));
		NetlinkSocketDiagnostics diagnostics = open();
		this.kernel.answer(FakeKernel.concat(FakeKernel.socket(TcpState.LISTEN, 9999, 0, 7, 70),
				FakeKernel.socket(TcpState.LISTEN, 9999, 0, 8, 80), FakeKernel.done()));
		assertThat(unavailable(diagnostics.listener(LOCAL))).endsWith("and 2 are this process's");
	}

	@ParameterizedTest
	@EnumSource
	void afterAFailureThereIsAReasonAndTheNextQuestionHasANewSocket(Failure failure) throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		switch (failure) {
			case SEND -> this.kernel.sendErrno = FakeKernel.ENOBUFS;
			case RECEIVE -> this.kernel.recvErrno = FakeKernel.ENOBUFS;
			case TRUNCATED -> this.kernel.recvLength = 32769;
			case END_OF_FILE -> this.kernel.answer(new byte[0]);
			case KERNEL -> this.kernel.answer(FakeKernel.error(FakeKernel.ENOBUFS));
			case MALFORMED -> this.kernel.answer(FakeKernel.concat(connection(1), new byte[] { 1, 2, 3 }));
			case MIDWAY -> this.kernel.answer(connection(1));
		}
		assertThat(diagnostics.sample(9999, (sample) -> {
		})).isEqualTo(switch (failure) {
			case SEND -> "cannot send to the kernel: No buffer space available";
			case RECEIVE -> "cannot receive from the kernel: No buffer space available";
			case TRUNCATED -> "the kernel's answer has 32769 bytes";
			case END_OF_FILE -> "the kernel's answer has 0 bytes";
			case KERNEL -> "the kernel refuses: No buffer space available";
			case MALFORMED -> "the kernel's answer cannot be read: it has a header is cut off";
			case MIDWAY -> "cannot receive from the kernel: error 11";
		});
		assertThat(this.kernel.closed).containsExactly(100);
		this.kernel.sendErrno = 0;
		this.kernel.recvErrno = 0;
		this.kernel.recvLength = 0;
		this.kernel.answer(FakeKernel.concat(connection(1), FakeKernel.done()));
		List<Long> cookies = new ArrayList<>();
		assertThat(diagnostics.sample(9999, (sample) -> cookies.add(sample.cookie()))).isNull();
		assertThat(cookies).containsExactly(1L);
		assertThat(this.kernel.opened).containsExactly(100, 101);
	}

	@Test
	void whenNoOtherSocketCanBeOpenedThenThereIsAReason() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		this.kernel.recvErrno = FakeKernel.ENOBUFS;
		diagnostics.listener(LOCAL);
		this.kernel.socketErrno = FakeKernel.EPERM;
		assertThat(unavailable(diagnostics.listener(LOCAL))).isEqualTo("no netlink socket: Operation not permitted");
		assertThat(unavailable(diagnostics.connection(KEY))).isEqualTo("no netlink socket: Operation not permitted");
	}

	@Test
	void whenTheVisitorThrowsThenTheDumpIsAbandoned() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		this.kernel.answer(connection(1), FakeKernel.done());
		assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> diagnostics.sample(9999, (sample) -> {
			throw new ArithmeticException();
		}));
		assertThat(this.kernel.closed).containsExactly(100);
		assertThat(diagnostics.sample(9999, (sample) -> {
		})).isNull();
	}

	@Test
	void whenTheVisitorAsksForMoreThenItIsTold() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		this.kernel.answer(connection(1), FakeKernel.done());
		assertThatIllegalStateException()
			.isThrownBy(() -> diagnostics.sample(9999, (sample) -> diagnostics.connection(KEY)))
			.withMessage("A visitor must not ask for more");
	}

	@Test
	void whenClosedThenEverythingIsUnavailable() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		diagnostics.close();
		diagnostics.close();
		assertThat(unavailable(diagnostics.listener(LOCAL))).isEqualTo("closed");
		assertThat(this.kernel.closed).containsExactly(100);
		assertThat(this.kernel.opened).containsExactly(100);
	}

	@Test
	void otherThanIpv4IsUnavailable() throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = open();
		InetSocketAddress ipv6 = new InetSocketAddress(InetAddress.ofLiteral("::1"), 1);
		assertThat(unavailable(diagnostics.listener(ipv6))).contains("is not an IPv4 address");
	}

	private NetlinkSocketDiagnostics open() throws NetlinkException {
		return NetlinkSocketDiagnostics.open(this.kernel, new ListenerSelector(this.proc));
	}

	private static byte[] connection(int cookie) {
		return FakeKernel.socket(TcpState.ESTABLISHED, 9999, 40000 + cookie, cookie, 70);
	}

	private static long queueLength(Reading<ListenerDiagnostics> reading) {
		assertThat(reading).isInstanceOf(Reading.Available.class);
		return ((Reading.Available<ListenerDiagnostics>) reading).value().queueLength();
	}

	private static String unavailable(Reading<?> reading) {
		assertThat(reading).isInstanceOf(Reading.Unavailable.class);
		return ((Reading.Unavailable<?>) reading).reason();
	}

	enum Failure {

		SEND, RECEIVE, TRUNCATED, END_OF_FILE, KERNEL, MALFORMED, MIDWAY

	}

}
