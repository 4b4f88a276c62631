package io.weir.actuate;

import java.io.IOException;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.context.annotation.AnnotationConfigApplicationContext;

import io.weir.CapturedLog;
import io.weir.server.TcpServerLifecycle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Findings}.
 */
class FindingsTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path root;

	@SuppressWarnings("NullAway.Init")
	private FakeProc proc;

	@BeforeEach
	void writeProc() throws IOException {
		this.proc = new FakeProc(this.root).files(1024, 2048).write("sys/net/core/somaxconn", "4096\n");
	}

	@Test
	void whenEverythingFitsThenThereIsNoFinding() {
		try (RunningServer running = new RunningServer(4096, null, 896, this.proc.reader())) {
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
				assertThat(finding.remedy()).startsWith("sysctl -w net.core.somaxconn=8192");
			});
		}
	}

	@Test
	void whenABufferIsClampedThenTheFindingNamesTheUsableSize() {
		try (RunningServer running = new RunningServer(null, Integer.MAX_VALUE, 10, this.proc.reader()).start()) {
			assertThat(running.findings().current()).hasSize(2).anySatisfy((finding) -> {
				assertThat(finding.setting()).isEqualTo("receive-buffer-size");
				assertThat(finding.message())
					.matches("2147483647 bytes requested, \\d+ granted: net.core.rmem_max clamps it");
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
				assertThat(finding.message()).contains("1000 requested", "open files leaves room for 896");
				assertThat(finding.remedy()).contains("1128", "tcp.server.max-connections to 896");
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
	void whenTheServerStartsThenEachFindingIsLogged() {
		try (RunningServer running = new RunningServer(8192, null, 1000, this.proc.reader());
				CapturedLog log = CapturedLog.info(Findings.class.getName());
				AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			context.registerBean(Findings.class, () -> running.findings());
			context.registerBean(TcpServerLifecycle.class, () -> new TcpServerLifecycle(running.server(), context));
			context.refresh();
			assertThat(log.messages()).hasSize(2)
				.anySatisfy((line) -> assertThat(line).startsWith("backlog: 8192 requested, 4096 granted")
					.contains("What to do: "))
				.anySatisfy((line) -> assertThat(line).startsWith("max-connections: 1000 requested"));
		}
	}

}
