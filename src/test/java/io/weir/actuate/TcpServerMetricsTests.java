package io.weir.actuate;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.weir.Peer;
import io.weir.kernel.ProcReader;
import io.weir.monitor.FakeProc;
import io.weir.monitor.RunningServer;
import io.weir.server.EffectiveSettings;
import io.weir.server.Setting;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TcpServerMetrics}.
 */
class TcpServerMetricsTests {

	private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

	private final MeterRefresher refresher = new MeterRefresher();

	@Test
	void whenTheServerHasNotStartedThenTheMetersAreThereSaveThoseOfItsSettings() {
		try (RunningServer running = new RunningServer(10)) {
			new TcpServerMetrics(running.monitor(), this.refresher).bindTo(this.meters);
			assertThat(ids()).containsExactlyInAnyOrder("tcp.server.active.connections|connections|",
					"tcp.server.max.connections|connections|", "tcp.server.accepted.connections|connections|",
					"tcp.server.rejected.connections|connections|reason=socket_option",
					"tcp.server.rejected.connections|connections|reason=thread_start",
					"tcp.server.rejected.connections|connections|reason=preparation",
					"tcp.server.rejected.connections|connections|reason=denied",
					"tcp.server.rejected.connections|connections|reason=address_limit",
					"tcp.server.rejected.connections|connections|reason=proxy_header",
					"tcp.server.accept.errors|errors|error=EMFILE", "tcp.server.accept.errors|errors|error=ENFILE",
					"tcp.server.accept.errors|errors|error=ENOMEM", "tcp.server.accept.errors|errors|error=other",
					"tcp.server.state|null|state=starting", "tcp.server.state|null|state=accepting",
					"tcp.server.state|null|state=full", "tcp.server.state|null|state=backing_off",
					"tcp.server.state|null|state=draining", "tcp.server.state|null|state=stopped",
					"tcp.server.state|null|state=failed", "tcp.server.bytes|bytes|direction=received",
					"tcp.server.bytes|bytes|direction=sent", "tcp.server.records|records|result=partial",
					"tcp.server.records|records|result=unpacked", "tcp.server.records|records|result=written",
					"tcp.server.records|records|result=failed", "tcp.server.records.pending|null|",
					"tcp.server.unanswered|bytes|");
			assertThat(this.meters.getMeters()).allSatisfy(
					(meter) -> assertThat(meter.getId().getDescription()).as(meter.getId().toString()).isNotBlank());
			assertThat(gauge("tcp.server.state", "state", "starting")).isEqualTo(1);
			assertThat(gauge("tcp.server.state", "state", "stopped")).isZero();
		}
	}

	private List<String> ids() {
		return this.meters.getMeters()
			.stream()
			.map(Meter::getId)
			.map((id) -> id.getName() + "|" + id.getBaseUnit() + "|"
					+ String.join(",",
							id.getTags().stream().map((tag) -> tag.getKey() + "=" + tag.getValue()).toList()))
			.toList();
	}

	@Test
	void whenConnectionsComeAndGoThenTheyAreCounted() throws Exception {
		try (RunningServer running = new RunningServer(10).start()) {
			new TcpServerMetrics(running.monitor(), this.refresher).bindTo(this.meters);
			assertThat(gauge("tcp.server.state", "state", "accepting")).isEqualTo(1);
			assertThat(this.meters.get("tcp.server.max.connections").gauge().value()).isEqualTo(10);
			assertThat(this.meters.get("tcp.server.state").gauges().stream().mapToDouble(Gauge::value).sum())
				.isEqualTo(1);
			try (Peer peer = running.connect(); Peer partial = running.connect()) {
				peer.send((byte) 'r', (byte) 1, (byte) 2).receive(3);
				assertThat(partial.send((byte) 'p').endStream().receiveToEnd()).isEmpty();
				running.awaitActive(1);
				Awaitility.await().until(() -> counter("tcp.server.bytes", "direction", "sent") == 3);
				assertThat(counter("tcp.server.bytes", "direction", "received")).isEqualTo(4);
				assertThat(counter("tcp.server.accepted.connections")).isEqualTo(2);
				assertThat(gauge("tcp.server.active.connections")).isEqualTo(1);
				assertThat(counter("tcp.server.records", "result", "unpacked")).isEqualTo(1);
				assertThat(counter("tcp.server.records", "result", "partial")).isEqualTo(1);
			}
			running.awaitActive(0);
			assertThat(counter("tcp.server.bytes", "direction", "received")).isEqualTo(4);
			assertThat(gauge("tcp.server.active.connections")).isZero();
		}
	}

	@Test
	void whenTheServerStartsThenItsSettingsHaveGauges() {
		try (RunningServer running = new RunningServer(7, 50_000, 10, new ProcReader())) {
			new TcpServerMetrics(running.monitor(), this.refresher).bindTo(this.meters);
			assertThat(this.meters.find("tcp.server.backlog").gauges()).isEmpty();
			running.start();
			this.refresher.refresh();
			EffectiveSettings settings = Objects.requireNonNull(running.server().settings());
			assertSetting(settings.backlog(), "tcp.server.backlog");
			assertSetting(settings.receiveBuffer().setting(), "tcp.server.socket.buffer", "direction", "received");
			assertSetting(settings.sendBuffer().setting(), "tcp.server.socket.buffer", "direction", "sent");
			assertThat(gauge("tcp.server.backlog", "kind", "requested")).isEqualTo(7);
			assertThat(gauge("tcp.server.socket.buffer", "direction", "sent", "kind", "requested")).isEqualTo(50_000);
			assertThat(gauge("tcp.server.socket.buffer", "direction", "sent", "kind", "effective")).isEqualTo(100_000);
			assertThat(this.meters.get("tcp.server.backlog").gauges()).hasSize(3)
				.allMatch((meter) -> "connections".equals(meter.getId().getBaseUnit()));
			assertThat(this.meters.get("tcp.server.socket.buffer").gauges()).hasSize(6)
				.allMatch((meter) -> "bytes".equals(meter.getId().getBaseUnit()));
		}
	}

	@Test
	void whenAFigureIsNotKnownThenItHasNoMeter(@TempDir Path nowhere) {
		try (RunningServer running = new RunningServer(null, null, 10, new FakeProc(nowhere).reader()).start()) {
			new TcpServerMetrics(running.monitor(), this.refresher).bindTo(this.meters);
			assertThat(this.meters.find("tcp.server.backlog").gauges()).isEmpty();
			assertThat(this.meters.get("tcp.server.socket.buffer").gauges())
				.extracting((meter) -> meter.getId().getTag("kind"))
				.containsOnly("effective");
		}
	}

	private void assertSetting(Setting setting, String name, String... tags) {
		assertThat(this.meters.get(name).tags(tags).tag("kind", "requested").gauge().value())
			.isEqualTo((double) Objects.requireNonNull(setting.requested()));
		assertThat(this.meters.get(name).tags(tags).tag("kind", "effective").gauge().value())
			.isEqualTo((double) Objects.requireNonNull(setting.effective()));
		assertThat(this.meters.get(name).tags(tags).tag("kind", "maximum").gauge().value())
			.isEqualTo((double) Objects.requireNonNull(setting.maximum()));
	}

	private double gauge(String name, String... tags) {
		return this.meters.get(name).tags(tags).gauge().value();
	}

	private double counter(String name, String... tags) {
		return this.meters.get(name).tags(tags).functionCounters().stream().mapToDouble(FunctionCounter::count).sum();
	}

}
