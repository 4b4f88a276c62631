package io.weir.config;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.context.annotation.AnnotationConfigApplicationContext;

import io.weir.CapturedLog;
import io.weir.actuate.MeterRefresher;
import io.weir.actuate.TcpServerMetrics;
import io.weir.config.ActuateConfiguration.MonitorStarter;
import io.weir.monitor.ConnectionSampler;
import io.weir.monitor.FakeProc;
import io.weir.monitor.Findings;
import io.weir.monitor.RunningServer;
import io.weir.server.TcpServerLifecycle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MonitorStarter}.
 */
class MonitorStarterTests {

	@Test
	void whenTheServerStartsThenFindingsAreLoggedMetersRefreshedAndSamplesTaken(@TempDir Path root) throws Exception {
		SimpleMeterRegistry meters = new SimpleMeterRegistry();
		MeterRefresher refresher = new MeterRefresher();
		CountDownLatch sampled = new CountDownLatch(1);
		try (RunningServer running = new RunningServer(8192, null, 1000, proc(root).reader());
				ConnectionSampler sampler = new ConnectionSampler(running.server(), running.registry(),
						running.diagnostics(), Duration.ofMillis(50), running.diagnoses());
				CapturedLog log = CapturedLog.info(Findings.class.getName());
				AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			sampler.addListener(sampled::countDown);
			new TcpServerMetrics(running.monitor(), refresher).bindTo(meters);
			context.registerBean(MonitorStarter.class,
					() -> new MonitorStarter(sampler, running.findings(), refresher));
			context.registerBean(TcpServerLifecycle.class, () -> new TcpServerLifecycle(running.server(), context));
			context.refresh();
			assertThat(log.messages()).hasSize(2)
				.anySatisfy((line) -> assertThat(line).startsWith("backlog: 8192 requested, 4096 granted")
					.contains("What to do: "))
				.anySatisfy((line) -> assertThat(line).startsWith("max-connections: 1000 requested"));
			assertThat(meters.get("tcp.server.backlog").tag("kind", "requested").gauge().value()).isEqualTo(8192);
			assertThat(sampled.await(10, TimeUnit.SECONDS)).isTrue();
		}
	}

	private static FakeProc proc(Path root) throws IOException {
		return new FakeProc(root).files(1024, 2048).write("sys/net/core/somaxconn", "4096\n");
	}

}
