package io.weir.monitor;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.weir.CapturedLog;
import io.weir.tls.ServerCertificate;
import io.weir.tls.TlsStatus;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TlsFindings}.
 */
class TlsFindingsTests extends FakeProcTest {

	private static TlsStatus validFor(Duration time) {
		return new TlsStatus("web", new ServerCertificate("CN=a", Instant.now().plus(time)), 0, null);
	}

	@Test
	void whenTheCertificateExpiresAndWhenItHasThenEachIsToldOnce() {
		AtomicReference<@Nullable TlsStatus> tls = new AtomicReference<>(validFor(Duration.ofDays(15)));
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader()).start();
				CapturedLog log = CapturedLog.info(Findings.class.getName())) {
			Findings findings = running.findings(tls::get, List.of());
			findings.logNew();
			assertThat(log.messages()).noneSatisfy((line) -> assertThat(line).startsWith("ssl: "));
			for (int days : List.of(13, 7, 1, -1, -2)) {
				tls.set(validFor(Duration.ofDays(days)));
				findings.logNew();
			}
			assertThat(log.messages().stream().filter((line) -> line.startsWith("ssl: "))).satisfiesExactly(
					(line) -> assertThat(line)
						.startsWith("ssl: the certificate of CN=a in the bundle 'web' expires at "),
					(line) -> assertThat(line)
						.startsWith("ssl: the certificate of CN=a in the bundle 'web' expired at ")
						.contains("clients refuse it"));
		}
	}

}
