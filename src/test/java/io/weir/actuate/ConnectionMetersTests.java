package io.weir.actuate;

import java.util.ArrayList;
import java.util.List;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.RejectReason;
import io.weir.monitor.RunningServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConnectionMeters}.
 */
class ConnectionMetersTests {

	private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

	private final MeterRefresher refresher = new MeterRefresher();

	@Test
	void whenThereIsNoConnectionThenDurationsAndSizesAreThere() {
		assertThat(new ConnectionMeters(this.meters, 2, this.refresher)).isNotNull();
		assertThat(this.meters.get("tcp.server.connection.duration").timers()).hasSize(CloseReason.values().length)
			.extracting((timer) -> timer.getId().getTag("reason"))
			.contains("end_of_stream", "partial_record", "closed_by_operator", "drain_timeout");
		assertThat(this.meters.get("tcp.server.connection.size").summaries())
			.extracting((summary) -> summary.getId().getTag("direction"))
			.containsExactlyInAnyOrder("received", "sent");
		assertThat(this.meters.get("tcp.server.connection.size").summaries())
			.allMatch((summary) -> "bytes".equals(summary.getId().getBaseUnit()));
		assertThat(this.meters.find("tcp.server.connection.bytes").meters()).isEmpty();
		assertThat(this.meters.getMeters())
			.allSatisfy((meter) -> assertThat(meter.getId().getDescription()).isNotBlank());
	}

	@Test
	void whenAConnectionIsOpenThenItHasMetersUntilItCloses() throws Exception {
		try (RunningServer running = start(2)) {
			try (Peer peer = running.connect()) {
				peer.send(new byte[10]).receive(10);
				look();
				assertThat(this.meters.get("tcp.server.connection.bytes").meters()).hasSize(2)
					.allMatch((meter) -> "bytes".equals(meter.getId().getBaseUnit()));
				Awaitility.await().until(() -> bytes("1", "sent") == 10);
				assertThat(bytes("1", "received")).isEqualTo(10);
			}
			awaitClosed(1);
			assertThat(connections()).isEmpty();
			assertThat(
					this.meters.get("tcp.server.connection.size").tag("direction", "received").summary().totalAmount())
				.isEqualTo(10);
			assertThat(this.meters.get("tcp.server.connection.size").tag("direction", "sent").summary().count())
				.isEqualTo(1);
			assertThat(this.meters.get("tcp.server.connection.duration")
				.tag("reason", "end_of_stream")
				.timer()
				.totalTime(java.util.concurrent.TimeUnit.NANOSECONDS)).isPositive();
			assertThat(this.meters.get("tcp.server.connection.duration").tag("reason", "reset").timer().count())
				.isZero();
		}
	}

	@Test
	void whenThePlacesAreTakenThenTheNextOneWaitsForAFreeOne() throws Exception {
		try (RunningServer running = start(2);
				Peer first = running.connect();
				Peer second = running.connect();
				Peer third = running.connect()) {
			first.send((byte) 1).receive(1);
			second.send((byte) 1).receive(1);
			third.send((byte) 1).receive(1);
			assertThat(connections()).hasSize(2);
			String without = List.of("1", "2", "3")
				.stream()
				.filter((id) -> !connections().contains(id))
				.findFirst()
				.get();
			first.endStream();
			first.receiveToEnd();
			awaitClosed(1);
			try (Peer fourth = running.connect()) {
				fourth.send((byte) 1).receive(1);
				// A freed place goes to the next one accepted
				assertThat(connections()).hasSizeLessThanOrEqualTo(2).doesNotContain(without);
				if (!without.equals("1")) {
					assertThat(connections()).contains("4").doesNotContain("1");
				}
			}
		}
	}

	@Test
	void whenAConnectionIsRejectedThenItsPlaceIsFree() throws Exception {
		ConnectionMeters own = new ConnectionMeters(this.meters, 1, this.refresher);
		try (RunningServer running = new RunningServer(200).start();
				Peer first = running.connect();
				Peer second = running.connect()) {
			first.send((byte) 1).receive(1);
			second.send((byte) 1).receive(1);
			running.registry().connections().forEach((connection) -> {
				own.opened(connection);
				assertThat(connections()).containsExactly(Long.toString(connection.id()));
				own.rejected(connection, RejectReason.PROXY_HEADER);
				assertThat(connections()).isEmpty();
			});
		}
	}

	@Test
	void whenThereAreNoPlacesThenNoConnectionHasMeters() throws Exception {
		try (RunningServer running = start(0); Peer peer = running.connect()) {
			peer.send((byte) 1).receive(1);
			assertThat(connections()).isEmpty();
			peer.endStream().receiveToEnd();
			awaitClosed(1);
			assertThat(this.meters.get("tcp.server.connection.size").tag("direction", "sent").summary().totalAmount())
				.isEqualTo(1);
		}
	}

	@Test
	void whenTwoThousandConnectionsHaveGoneThenTheMetersAreAsMany() throws Exception {
		try (RunningServer running = start(100)) {
			int before = this.meters.getMeters().size();
			for (int i = 0; i < 20; i++) {
				List<Peer> peers = new ArrayList<>();
				for (int j = 0; j < 100; j++) {
					peers.add(running.connect());
				}
				for (Peer peer : peers) {
					peer.send((byte) 1).receive(1);
				}
				look();
				assertThat(this.meters.getMeters()).hasSize(before + 200);
				for (Peer peer : peers) {
					peer.close();
				}
				awaitClosed(100L * (i + 1));
			}
			assertThat(this.meters.getMeters()).hasSize(before);
		}
	}

	@Test
	void whenNobodyLooksThenNoMetersAreRegistered() throws Exception {
		try (RunningServer running = start(2); Peer peer = running.connect()) {
			peer.send((byte) 1).receive(1);
			assertThat(this.meters.find("tcp.server.connection.bytes").meters()).isEmpty();
			assertThat(connections()).containsExactly("1");
		}
	}

	private RunningServer start(int max) {
		RunningServer running = new RunningServer(200);
		running.registry().addListener(new ConnectionMeters(this.meters, max, this.refresher));
		return running.start();
	}

	// Registers, as the endpoints that show meters have it done
	private void look() {
		this.refresher.refresh();
	}

	private void awaitClosed(long count) {
		Awaitility.await()
			.pollInterval(java.time.Duration.ofMillis(5))
			.until(() -> this.meters.get("tcp.server.connection.size")
				.tag("direction", "sent")
				.summary()
				.count() == count);
	}

	private List<String> connections() {
		look();
		return this.meters.find("tcp.server.connection.bytes")
			.tag("direction", "sent")
			.meters()
			.stream()
			.map(Meter::getId)
			.map((id) -> String.valueOf(id.getTag("connection")))
			.toList();
	}

	private double bytes(String id, String direction) {
		FunctionCounter counter = this.meters.get("tcp.server.connection.bytes")
			.tag("connection", id)
			.tag("direction", direction)
			.functionCounter();
		return counter.count();
	}

}
