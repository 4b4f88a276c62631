package io.weir.actuate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.weir.kernel.ProcReader;
import io.weir.monitor.FakeProc;
import io.weir.monitor.FakeProcTest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KernelMetrics}.
 */
class KernelMetricsTests extends FakeProcTest {

	private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

	private final MeterRefresher refresher = new MeterRefresher();

	@BeforeEach
	void writeProc() throws IOException {
		this.proc.files(1024, 2048)
			.write("sys/net/core/somaxconn", "4096\n")
			.write("sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n")
			.write("sys/net/ipv4/tcp_congestion_control", "cubic\n")
			.write("net/netstat", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 3 4\n");
	}

	@Test
	void whenBoundThenWhatCanBeReadHasMetersAndNothingElse() {
		new KernelMetrics(this.proc.reader(), this.refresher).bindTo(this.meters);
		assertThat(this.meters.get("tcp.kernel.limit").gauges()).extracting((gauge) -> gauge.getId().getTag("name"))
			.containsExactlyInAnyOrder("net.core.somaxconn", "net.ipv4.tcp_rmem.min", "net.ipv4.tcp_rmem.default",
					"net.ipv4.tcp_rmem.max", "nofile.soft", "nofile.hard");
		assertThat(limit("net.core.somaxconn")).isEqualTo(4096);
		assertThat(limit("net.ipv4.tcp_rmem.max")).isEqualTo(6291456);
		assertThat(limit("nofile.hard")).isEqualTo(2048);
		assertThat(this.meters.get("tcp.kernel.events").functionCounters())
			.extracting((counter) -> counter.getId().getTag("name"))
			.containsExactlyInAnyOrder("ListenOverflows", "ListenDrops");
		assertThat(events("ListenDrops")).isEqualTo(4);
		assertThat(this.meters.get("tcp.kernel.events").functionCounters())
			.allMatch((counter) -> "events".equals(counter.getId().getBaseUnit()))
			.allSatisfy((counter) -> assertThat(counter.getId().getDescription()).contains("network namespace"));
	}

	@Test
	void whenAFigureChangesThenTheMeterFollowsWithinASecond() throws IOException {
		new KernelMetrics(this.proc.reader(), this.refresher).bindTo(this.meters);
		assertThat(events("ListenDrops")).isEqualTo(4);
		this.proc.write("net/netstat", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 3 9\n")
			.write("sys/net/core/somaxconn", "128\n");
		Awaitility.await().until(() -> events("ListenDrops") == 9);
		assertThat(limit("net.core.somaxconn")).isEqualTo(128);
	}

	@Test
	void whenALimitCanNoLongerBeReadThenItsMeterGoesAndComesBack() throws IOException {
		new KernelMetrics(this.proc.reader(), this.refresher).bindTo(this.meters);
		this.proc.write("sys/net/core/somaxconn", "");
		Awaitility.await().until(() -> {
			this.refresher.refresh();
			return this.meters.find("tcp.kernel.limit").tag("name", "net.core.somaxconn").gauge() == null;
		});
		assertThat(limit("net.ipv4.tcp_rmem.max")).isEqualTo(6291456);
		this.proc.write("sys/net/core/somaxconn", "128\n");
		Awaitility.await().until(() -> {
			this.refresher.refresh();
			return this.meters.find("tcp.kernel.limit").tag("name", "net.core.somaxconn").gauge() != null;
		});
		assertThat(limit("net.core.somaxconn")).isEqualTo(128);
	}

	@Test
	void whenEventsCannotBeReadThenTheirCountersDoNotFall() throws IOException {
		ProcReader figures = this.proc.reader();
		new KernelMetrics(figures, this.refresher).bindTo(this.meters);
		Files.delete(this.proc.root().resolve("net/netstat"));
		Awaitility.await().until(() -> figures.events().counters().isEmpty());
		assertThat(events("ListenDrops")).isEqualTo(4);
	}

	@Test
	void whenThereIsNoProcThenThereIsNoMeter(@TempDir Path nowhere) {
		new KernelMetrics(new FakeProc(nowhere).reader(), this.refresher).bindTo(this.meters);
		assertThat(this.meters.getMeters()).isEmpty();
	}

	private double limit(String name) {
		return this.meters.get("tcp.kernel.limit").tag("name", name).gauge().value();
	}

	private double events(String name) {
		return this.meters.get("tcp.kernel.events").tag("name", name).functionCounter().count();
	}

}
