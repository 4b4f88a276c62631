package io.weir.kernel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.OptionalLong;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for {@link ProcNetSocketDiagnostics} against a made-up {@code /proc/net/tcp}.
 */
class ProcNetSocketDiagnosticsTests {

	private static final String TITLE = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

	private static final InetSocketAddress LOCAL = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9999);

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path proc;

	@SuppressWarnings("NullAway.Init")
	private ProcNetSocketDiagnostics diagnostics;

	@BeforeEach
	void writeProc() throws IOException {
		assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN, "the file is a little-endian machine's");
		write(TITLE
				+ """
						   0: 0100007F:270F 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 123 1 0000000000000000 100 0 0 10 0
						   1: 0200007F:270F 00000000:0000 0A 00000000:00000004 00:00000000 00000000     0        0 124 1 0000000000000000 100 0 0 10 0
						   2: 0100007F:270F 0B01A8C0:9C40 01 0000FFFF:00000005 01:00000014 00000002  1000        0 125 2 0000000000000000 20 4 30 10 -1
						   3: 0100007F:270F 0B01A8C0:9C41 08 00000000:00000006 00:00000000 00000000  1000        0 126 1 0000000000000000 20 4 30 10 -1
						   4: 0100007F:270F 0B01A8C0:9C42 06 00000000:00000000 03:00000176 00000000     0        0 0 3 0000000000000000
						   5: 0100007F:2710 0B01A8C0:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4294967295 1 0000000000000000 20 4 30 10 -1
						""");
		this.diagnostics = new ProcNetSocketDiagnostics(this.proc, new ListenerSelector(this.proc));
	}

	@Test
	void itSaysWhereItReads() {
		assertThat(this.diagnostics.source()).isEqualTo(Source.PROCFS);
	}

	@Test
	void listenerHasTheLengthOfItsQueueAndNothingElse() {
		assertThat(this.diagnostics.listener(LOCAL))
			.isEqualTo(new Reading.Available<>(new ListenerDiagnostics(3, OptionalLong.empty(), OptionalLong.empty())));
		assertThat(this.diagnostics.listener(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9998)))
			.isEqualTo(new Reading.Unavailable<>("no socket listens on /127.0.0.1:9998"));
	}

	@Test
	void connectionHasItsQueuesAndTimeouts() {
		assertThat(this.diagnostics.connection(key(40000))).isEqualTo(new Reading.Available<>(
				new ConnectionDiagnostics(TcpState.ESTABLISHED, null, Map.of(TcpInfoField.RECEIVE_QUEUE, 5L,
						TcpInfoField.SEND_QUEUE, 65535L, TcpInfoField.CONSECUTIVE_TIMEOUTS, 2L))));
	}

	@Test
	void aFinIsNoPayload() {
		assertThat(this.diagnostics.connection(key(40001))).isInstanceOfSatisfying(Reading.Available.class,
				(reading) -> assertThat(((ConnectionDiagnostics) reading.value()).get(TcpInfoField.RECEIVE_QUEUE))
					.hasValue(5));
	}

	@Test
	void whatIsOverIsUnavailable() {
		for (int port : new int[] { 40002, 40003 }) {
			assertThat(this.diagnostics.connection(key(port)))
				.isEqualTo(new Reading.Unavailable<>("the kernel has no such connection (any more)"));
		}
	}

	@Test
	void sampleVisitsThePortsConnections() {
		List<String> visited = new ArrayList<>();
		assertThat(this.diagnostics.sample(9999, (sample) -> {
			visited.add("%08x:%d %08x:%d %d %d %s".formatted(sample.localAddress(), sample.localPort(),
					sample.remoteAddress(), sample.remotePort(), sample.cookie(), sample.inode(), sample.state()));
			assertThat(sample.has(TcpInfoField.RTT_MICROS)).isFalse();
			assertThatExceptionOfType(NoSuchElementException.class)
				.isThrownBy(() -> sample.get(TcpInfoField.RTT_MICROS));
			assertThat(sample.congestionControl()).isNull();
		})).isNull();
		assertThat(visited).containsExactly("7f000001:9999 c0a8010b:40000 0 125 ESTABLISHED",
				"7f000001:9999 c0a8010b:40001 0 126 CLOSE_WAIT");
	}

	@Test
	void whenTheVisitorAsksForMoreThenItIsTold() {
		assertThatIllegalStateException()
			.isThrownBy(() -> this.diagnostics.sample(9999, (sample) -> this.diagnostics.listener(LOCAL)))
			.withMessage("A visitor must not ask for more");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "   0: 0100007F:270F",
			"   0: 0100007F:270F 00000000:0000 0A 00000000:0000000G " + "00:00000000 00000000     0        0 123 1",
			"   0: 0100007F:270F 00000000:0000 FF 00000000:00000000 00:00000000 00000000     0        0 123 1",
			"   0: \u001b[31m0100007F:270F" })
	void whenALineIsGarbledThenItIsUnavailable(String line) throws IOException {
		write(TITLE + line + "\n");
		assertThat(this.diagnostics.sample(9999, (sample) -> {
		})).contains("net/tcp cannot be read: it has the line \"").doesNotContain("\u001b");
	}

	@Test
	void whenTheFileIsAbsentThenItIsUnavailable() throws IOException {
		Files.delete(this.proc.resolve("net/tcp"));
		assertThat(this.diagnostics.listener(LOCAL)).isInstanceOfSatisfying(Reading.Unavailable.class,
				(reading) -> assertThat(reading.reason()).contains("net/tcp cannot be read: ")
					.contains("NoSuchFileException"));
	}

	@Test
	void whenClosedOrNotIpv4ThenItIsUnavailable() {
		InetSocketAddress ipv6 = new InetSocketAddress(InetAddress.ofLiteral("::1"), 1);
		assertThat(this.diagnostics.listener(ipv6)).isInstanceOf(Reading.Unavailable.class);
		this.diagnostics.close();
		assertThat(this.diagnostics.listener(LOCAL)).isEqualTo(new Reading.Unavailable<>("closed"));
	}

	private static SocketKey key(int remotePort) {
		return SocketKey.of(LOCAL, new InetSocketAddress(InetAddress.ofLiteral("192.168.1.11"), remotePort));
	}

	private void write(String content) throws IOException {
		Path file = this.proc.resolve("net/tcp");
		Files.createDirectories(file.getParent());
		Files.writeString(file, content, StandardCharsets.ISO_8859_1);
	}

}
