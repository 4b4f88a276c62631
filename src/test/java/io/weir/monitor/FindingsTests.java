package io.weir.monitor;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.weir.CapturedLog;
import io.weir.Peer;
import io.weir.server.ServerState;
import io.weir.server.ServerStatus;
import io.weir.server.SocketSettings.KeepAlive;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Findings}.
 */
class FindingsTests extends FakeProcTest {

	@BeforeEach
	void writeProc() throws IOException {
		// Not what the kernel grants, so that no one takes the maximum for it
		this.proc.write("sys/net/core/rmem_max", "99999999\n")
			.files(1024, 2048)
			.write("sys/net/core/somaxconn", "4096\n");
		overflows(100);
	}

	private void overflows(int count) throws IOException {
		this.proc.write("net/netstat", "TcpExt: ListenOverflows\nTcpExt: %d\n".formatted(count));
	}

	@Test
	void whenEverythingFitsThenThereIsNoFinding() {
		try (RunningServer running = new RunningServer(4096, null, 640, this.proc.reader())) {
			Findings findings = running.findings();
			assertThat(findings.current()).isEmpty();
			running.start();
			assertThat(findings.current()).isEmpty();
		}
	}

	@Test
	void whenTheBacklogIsClampedThenTheFindingNamesBothNumbersAndTheSysctl() {
		try (RunningServer running = new RunningServer(8192, null, 10, this.proc.reader()).start()) {
			assertThat(running.findings().current()).singleElement().satisfies((finding) -> {
				assertThat(finding.setting()).isEqualTo("backlog");
				assertThat(finding.message()).isEqualTo("8192 requested, 4096 granted: net.core.somaxconn is 4096");
				assertThat(finding.remedy()).startsWith("sysctl -w net.core.somaxconn=8192").contains("restart");
			});
		}
	}

	@Test
	void whenABufferIsClampedThenTheFindingNamesTheUsableSize() {
		try (RunningServer running = new RunningServer(null, Integer.MAX_VALUE, 10, this.proc.reader()).start()) {
			Long granted = Objects.requireNonNull(running.server().settings()).receiveBuffer().usable();
			assertThat(running.findings().current()).hasSize(2).anySatisfy((finding) -> {
				assertThat(finding.setting()).isEqualTo("receive-buffer-size");
				assertThat(finding.message())
					.isEqualTo("2147483647 bytes requested, " + granted + " granted: net.core.rmem_max clamps it");
				assertThat(finding.remedy()).contains("sysctl -w net.core.rmem_max=2147483647",
						"tcp.server.receive-buffer-size", "tcp_rmem");
			}).anySatisfy((finding) -> {
				assertThat(finding.setting()).isEqualTo("send-buffer-size");
				assertThat(finding.message()).contains("net.core.wmem_max");
				assertThat(finding.remedy()).contains("tcp.server.send-buffer-size", "tcp_wmem");
			});
		}
	}

	@Test
	void whenFilesAreTooFewThenTheFindingNamesTheNumberThatFits() {
		try (RunningServer running = new RunningServer(null, null, 1000, this.proc.reader()).start()) {
			assertThat(running.findings().current()).singleElement().satisfies((finding) -> {
				assertThat(finding.setting()).isEqualTo("max-connections");
				assertThat(finding.message()).contains("1000 requested", "open files leaves room for 640");
				assertThat(finding.remedy()).contains("1384", "tcp.server.max-connections to 640");
			});
		}
	}

	@Test
	void whenFilesAreTooFewForAnyConnectionThenOnlyTheLimitOfFilesIsToBeRaised() throws IOException {
		this.proc.files(384, 384);
		try (RunningServer running = new RunningServer(null, null, 1000, this.proc.reader()).start()) {
			assertThat(running.findings().current()).singleElement().satisfies((finding) -> {
				assertThat(finding.message()).contains("open files leaves room for 0");
				assertThat(finding.remedy()).contains("1384").doesNotContain("tcp.server.max-connections");
			});
		}
	}

	@Test
	void whenTheCauseIsGoneAtTheNextStartThenSoIsTheFinding() throws IOException {
		try (RunningServer running = new RunningServer(8192, null, 10, this.proc.reader()).start()) {
			Findings findings = running.findings();
			assertThat(findings.current()).hasSize(1);
			running.server().stop();
			assertThat(findings.current()).isEmpty();
			this.proc.write("sys/net/core/somaxconn", "8192\n");
			running.start();
			assertThat(findings.current()).isEmpty();
		}
	}

	@Test
	void whenTheAcceptQueueOverflowsThenTheFindingNamesTheBoundAndGoesAwayInTime() throws IOException {
		AtomicLong now = new AtomicLong();
		try (RunningServer running = new RunningServer(10, null, 10, this.proc.reader())) {
			running.diagnostics().listener(0, 10, 7);
			running.start();
			Findings findings = running.findings(now::get);
			// What was before is no evidence of now
			assertThat(findings.current()).isEmpty();
			running.diagnostics().listener(11, 10, 9);
			overflows(102);
			assertThat(findings.current()).singleElement().satisfies((finding) -> {
				assertThat(finding.setting()).isEqualTo("accept-queue");
				assertThat(finding.message()).contains("10 waiting", "2 times");
				assertThat(finding.remedy()).contains("tcp.server.backlog bounds it", "at most 4096");
			});
			now.addAndGet(Growth.EVIDENCE_TIME.toNanos() - 1);
			assertThat(findings.current()).hasSize(1);
			now.addAndGet(1);
			assertThat(findings.current()).isEmpty();
		}
	}

	@Test
	void whenStrayPacketsAreDroppedThenThereIsNoFinding() {
		try (RunningServer running = new RunningServer(10, null, 10, this.proc.reader())) {
			running.diagnostics().listener(0, 10, 0);
			running.start();
			Findings findings = running.findings();
			assertThat(findings.current()).isEmpty();
			running.diagnostics().listener(0, 10, 1000);
			assertThat(findings.current()).isEmpty();
		}
	}

	@Test
	void whenTheAcceptQueueOverflowsAtSomaxconnThenThatIsTheBound() throws IOException {
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader())) {
			running.diagnostics().listener(0, 4096, 0);
			running.start();
			Findings findings = running.findings();
			assertThat(findings.current()).isEmpty();
			running.diagnostics().listener(4097, 4096, 1);
			overflows(101);
			assertThat(findings.current()).singleElement()
				.satisfies((finding) -> assertThat(finding.remedy()).startsWith("net.core.somaxconn bounds it"));
		}
	}

	@Test
	void whenTheReceiveBufferIsFixedBelowWhatTuningWouldGiveThenItIsFound() throws IOException {
		this.proc.write("sys/net/ipv4/tcp_rmem", "4096 131072 6291456\n");
		try (RunningServer running = new RunningServer(null, 50_000, 10, this.proc.reader()).start()) {
			assertThat(running.findings().current()).singleElement().satisfies((finding) -> {
				assertThat(finding.setting()).isEqualTo("receive-buffer-size");
				assertThat(finding.message()).isEqualTo("fixed at 50000 usable bytes, which turns the kernel's "
						+ "autotuning off; it would go up to 3145728");
			});
		}
	}

	@Test
	void whenSynCookiesAreSentThenTheyAreFoundAndForgottenInTime() throws IOException {
		AtomicLong now = new AtomicLong();
		cookies(5);
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader()).start()) {
			Findings findings = running.findings(now::get);
			assertThat(findings.current()).isEmpty();
			cookies(6);
			// The file is read at most once a second
			Awaitility.await()
				.untilAsserted(() -> assertThat(findings.current()).singleElement()
					.satisfies((finding) -> assertThat(finding.message()).startsWith("6 SYN cookies sent")));
			now.addAndGet(Growth.EVIDENCE_TIME.toNanos());
			assertThat(findings.current()).isEmpty();
		}
	}

	@Test
	void whenSynsAreDroppedWithoutCookiesThenTheyAreFoundToo() throws IOException {
		AtomicLong now = new AtomicLong();
		netstat("SyncookiesSent TCPReqQFullDrop", "2 5");
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader()).start()) {
			Findings findings = running.findings(now::get);
			assertThat(findings.current()).isEmpty();
			netstat("SyncookiesSent TCPReqQFullDrop", "2 6");
			Awaitility.await()
				.untilAsserted(() -> assertThat(findings.current()).singleElement().satisfies((finding) -> {
					assertThat(finding.setting()).isEqualTo("syn-queue");
					assertThat(finding.message()).startsWith("2 SYN cookies sent and 6 SYNs dropped so far");
					assertThat(finding.remedy()).contains("net.ipv4.tcp_syncookies to 1");
				}));
			now.addAndGet(Growth.EVIDENCE_TIME.toNanos());
			assertThat(findings.current()).isEmpty();
		}
	}

	@Test
	void whenTheKernelIsShortOfMemoryForTcpThenItIsFoundAndForgottenInTime() throws IOException {
		AtomicLong now = new AtomicLong();
		netstat("TCPAbortOnMemory TCPMemoryPressures", "7 3");
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader()).start()) {
			Findings findings = running.findings(now::get);
			assertThat(findings.current()).isEmpty();
			for (int aborts : new int[] { 7, 8 }) {
				netstat("TCPAbortOnMemory TCPMemoryPressures", aborts + " 4");
				Awaitility.await()
					.untilAsserted(() -> assertThat(findings.current()).singleElement().satisfies((finding) -> {
						assertThat(finding.setting()).isEqualTo("tcp-memory");
						assertThat(finding.message()).contains("short of memory for TCP", "4 times",
								"reset " + aborts + " connections");
					}));
				now.addAndGet(Growth.EVIDENCE_TIME.toNanos());
				assertThat(findings.current()).isEmpty();
			}
		}
	}

	private void netstat(String names, String values) throws IOException {
		this.proc.write("net/netstat", "TcpExt: %s\nTcpExt: %s\n".formatted(names, values));
	}

	private void cookies(int count) throws IOException {
		this.proc.write("net/netstat", "TcpExt: SyncookiesSent\nTcpExt: %d\n".formatted(count));
	}

	@Test
	void whenKeepAliveIsSlowerThanTheIdleTimeoutThenItIsFound() {
		KeepAlive keepAlive = new KeepAlive(Duration.ofSeconds(60), Duration.ofSeconds(10), 6);
		for (Map.Entry<Duration, Integer> timeout : Map
			.of(Duration.ofSeconds(119), 1, Duration.ofSeconds(120), 0, Duration.ZERO, 0)
			.entrySet()) {
			try (RunningServer running = new RunningServer(keepAlive, timeout.getKey(), this.proc.reader()).start()) {
				assertThat(running.findings().current()).hasSize(timeout.getValue())
					.allSatisfy((finding) -> assertThat(finding.message()).isEqualTo(
							"finds a dead peer after 2 min, but the idle timeout ends the connection after 119 s"));
			}
		}
	}

	@Test
	void whenAFindingLastsThenItIsToldOnceAndAgainAfterItWasGone() throws IOException {
		AtomicLong now = new AtomicLong();
		try (RunningServer running = new RunningServer(10, null, 10, this.proc.reader());
				CapturedLog log = CapturedLog.info(Findings.class.getName())) {
			running.diagnostics().listener(0, 10, 0);
			running.start();
			Findings findings = running.findings(now::get);
			findings.logNew();
			running.diagnostics().listener(0, 10, 1);
			overflows(101);
			findings.logNew();
			running.diagnostics().listener(0, 10, 2);
			overflows(102);
			findings.logNew();
			assertThat(log.messages()).hasSize(1);
			now.addAndGet(Growth.EVIDENCE_TIME.toNanos());
			findings.logNew();
			running.diagnostics().listener(0, 10, 3);
			overflows(103);
			findings.logNew();
			assertThat(log.messages()).hasSize(2).allSatisfy((line) -> assertThat(line).startsWith("accept-queue: "));
		}
	}

	@Test
	void whenATimeIsBelowASecondThenTheFindingSaysSo() {
		KeepAlive keepAlive = new KeepAlive(Duration.ofSeconds(1), Duration.ofSeconds(1), 1);
		try (RunningServer running = new RunningServer(keepAlive, Duration.ofMillis(500), this.proc.reader()).start()) {
			assertThat(running.findings().current()).singleElement()
				.satisfies((finding) -> assertThat(finding.message())
					.isEqualTo("finds a dead peer after 2 s, but the idle timeout ends the connection after 500 ms"));
		}
	}

	@Test
	void whenSomaxconnIsRaisedWhileItRunsThenTheFindingNamesTheValueOfNowAndTheRestart() throws IOException {
		try (RunningServer running = new RunningServer(8192, null, 10, this.proc.reader()).start()) {
			Findings findings = running.findings();
			assertThat(findings.current()).hasSize(1);
			this.proc.write("sys/net/core/somaxconn", "6000\n");
			// The file is read at most once a second
			Awaitility.await()
				.untilAsserted(() -> assertThat(findings.current()).singleElement().satisfies((finding) -> {
					assertThat(finding.message()).isEqualTo("8192 requested, 4096 granted: "
							+ "net.core.somaxconn was 4096 at the start and is 6000 now");
					assertThat(finding.remedy()).startsWith("sysctl -w net.core.somaxconn=8192")
						.endsWith("Then restart Weir");
				}));
			this.proc.write("sys/net/core/somaxconn", "10000\n");
			Awaitility.await()
				.untilAsserted(() -> assertThat(findings.current()).singleElement().satisfies((finding) -> {
					assertThat(finding.message()).endsWith("and is 10000 now");
					assertThat(finding.remedy()).isEqualTo("Restart Weir");
				}));
			ServerStatus status = running.monitor().status();
			assertThat(Objects.requireNonNull(status.settings()).backlog()).satisfies((backlog) -> {
				assertThat(backlog.effective()).isEqualTo(4096);
				assertThat(backlog.maximum()).isEqualTo(10_000);
				assertThat(backlog.limitedBy()).isEqualTo("net.core.somaxconn");
			});
		}
	}

	@Test
	void whenNoBacklogIsAskedForThenARaisedSomaxconnIsFoundToo() throws IOException {
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader()).start()) {
			Findings findings = running.findings();
			assertThat(findings.current()).isEmpty();
			this.proc.write("sys/net/core/somaxconn", "10000\n");
			Awaitility.await()
				.untilAsserted(() -> assertThat(findings.current()).singleElement()
					.satisfies((finding) -> assertThat(finding.message()).isEqualTo(
							"left out, 4096 granted: " + "net.core.somaxconn was 4096 at the start and is 10000 now")));
		}
	}

	@Test
	void whenTheLimitOfFilesIsRaisedWhileItRunsThenTheFindingGoes() throws IOException {
		try (RunningServer running = new RunningServer(null, null, 1000, this.proc.reader()).start()) {
			Findings findings = running.findings();
			assertThat(findings.current()).hasSize(1);
			this.proc.files(4096, 4096);
			Awaitility.await().untilAsserted(() -> assertThat(findings.current()).isEmpty());
		}
	}

	@Test
	void whenFullForTenSecondsWhileNewcomersWaitThenItIsFoundAndToldOnce() throws IOException {
		AtomicLong now = new AtomicLong();
		try (RunningServer running = new RunningServer(null, null, 1, this.proc.reader());
				Peer peer = waiting(running).start().connect();
				CapturedLog log = CapturedLog.info(Findings.class.getName())) {
			peer.send((byte) 1).receive(1);
			Awaitility.await().until(() -> running.server().status().state(), (state) -> state == ServerState.FULL);
			Findings findings = running.findings(now::get);
			assertThat(findings.current()).isEmpty();
			now.addAndGet(Duration.ofMillis(9999).toNanos());
			assertThat(findings.current()).isEmpty();
			now.addAndGet(Duration.ofMillis(2501).toNanos());
			assertThat(findings.current()).singleElement().satisfies((finding) -> {
				assertThat(finding.setting()).isEqualTo("max-connections");
				assertThat(finding.message())
					.isEqualTo("all of 1 places have been taken for 12 s, and 3 clients wait in the accept queue");
			});
			findings.logNew();
			findings.logNew();
			assertThat(log.messages()).singleElement()
				.satisfies((line) -> assertThat(line).startsWith("max-connections: all of 1 places have been taken"));
			running.diagnostics().listener(0, 4096, 0);
			assertThat(findings.current()).isEmpty();
		}
	}

	private static RunningServer waiting(RunningServer running) {
		running.diagnostics().listener(3, 4096, 0);
		return running;
	}

}
