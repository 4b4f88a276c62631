package io.weir.connection;

import io.weir.api.ConnectionHandler;
import java.io.IOException;
import java.util.Map;
import io.weir.transport.PooledConnection;
import io.weir.CapturedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.weir.ServedConnection;
import io.weir.connection.ConnectionRegistry.Totals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ConnectionRegistry}.
 */
class ConnectionRegistryTests {

	private final ConnectionRegistry registry = new ConnectionRegistry();

	@Test
	void whenConnectionsComeAndGoThenTheyAreFoundWhileOpen() throws Exception {
		assertThat(this.registry.totals().closed()).containsOnlyKeys(CloseReason.values())
			.containsEntry(CloseReason.RESET, 0L);
		try (ServedConnection first = new ServedConnection(this.registry, ConnectionTests::echo);
				ServedConnection second = new ServedConnection(this.registry, ConnectionTests::echo)) {
			assertThat(first.connection().id()).isEqualTo(1);
			assertThat(second.connection().id()).isEqualTo(2);
			assertThat(this.registry.active()).isEqualTo(2);
			assertThat(this.registry.find(2)).isSameAs(second.connection());
			assertThat(this.registry.connections()).containsExactlyInAnyOrder(first.connection(), second.connection());
			second.peer().send((byte) 1).endStream();
			assertThat(second.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(this.registry.find(2)).isNull();
			assertThat(this.registry.active()).isEqualTo(1);
			assertThat(this.registry.totals().accepted()).isEqualTo(2);
			assertThat(this.registry.totals().closed(CloseReason.END_OF_STREAM)).isEqualTo(1);
		}
	}

	@Test
	void whenAListenerFailsThenTheConnectionIsServedAndItsPlaceGivenBackOnce() throws Exception {
		List<CloseReason> told = new CopyOnWriteArrayList<>();
		this.registry.addListener(new ConnectionListener() {

			@Override
			public void opened(Connection connection) {
				throw new IllegalStateException("a bug");
			}

			@Override
			public void closed(Connection connection, CloseReason reason) {
				throw new StackOverflowError("another");
			}

		});
		this.registry.addListener((_, reason) -> told.add(reason));
		try (CapturedLog log = CapturedLog.info(ConnectionRegistry.class.getName());
				ServedConnection served = new ServedConnection(this.registry, ConnectionTests::echo)) {
			assertThat(served.peer().send((byte) 1).endStream().receiveToEnd()).hasSize(1);
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			Awaitility.await().until(served::releases, (count) -> count == 1);
			assertThat(told).containsExactly(CloseReason.END_OF_STREAM);
			assertThat(log.messages()).singleElement().asString().contains("listener", "served all the same");
		}
		assertThat(this.registry.active()).isZero();
	}

	@Test
	void whenPreparationFailsThenItIsRejectedForThatReasonAndNoCloseIsCounted() throws Exception {
		Map<Throwable, RejectReason> failures = Map.of(new IOException("gone"), RejectReason.SOCKET_OPTION,
				new IllegalStateException("a bug"), RejectReason.PREPARATION);
		for (Map.Entry<Throwable, RejectReason> failure : failures.entrySet()) {
			try (ServedConnection served = ServedConnection.failing(this.registry, failure.getKey())) {
				Awaitility.await().until(served::releases, (count) -> count == 1);
				assertThat(this.registry.active()).isZero();
				assertThat(served.connection().channel().isOpen()).isFalse();
				assertThat(this.registry.totals().rejected(failure.getValue())).isEqualTo(1);
			}
		}
		assertThat(this.registry.totals().closed().values()).containsOnly(0L);
		assertThat(this.registry.totals().accepted()).isEqualTo(2);
	}

	@Test
	void whenConnectionsCloseInParallelThenNoTotalEverGoesDown() throws Exception {
		int threads = 6;
		int connections = 40;
		AtomicBoolean done = new AtomicBoolean();
		try (ServedConnection other = new ServedConnection(new ConnectionRegistry(), ConnectionTests::echo);
				ExecutorService executor = Executors.newFixedThreadPool(threads + 1)) {
			// Many open ones make a sum take long, so that closes fall into it
			for (int i = 0; i < 20_000; i++) {
				this.registry.register(
						new Connection(this.registry.nextId(), other.connection().channel(), other.thread(), null));
			}
			Future<Integer> sampler = executor.submit(() -> sampleUntil(done));
			List<Future<?>> clients = new ArrayList<>();
			for (int i = 0; i < threads; i++) {
				clients.add(executor.submit(() -> {
					for (int j = 0; j < connections; j++) {
						exchange();
					}
					return null;
				}));
			}
			for (Future<?> client : clients) {
				client.get(60, TimeUnit.SECONDS);
			}
			done.set(true);
			assertThat(sampler.get(10, TimeUnit.SECONDS)).isPositive();
		}
		Totals totals = this.registry.totals();
		long count = 240;
		assertThat(totals.bytesReceived()).isEqualTo(count * 1000);
		assertThat(totals.bytesSent()).isEqualTo(count * 1000);
		assertThat(totals.records()).isEqualTo(count);
		assertThat(totals.closed(CloseReason.END_OF_STREAM)).isEqualTo(count);
		assertThat(this.registry.active()).isEqualTo(20_000);
	}

	private void exchange() throws Exception {
		ConnectionHandler handler = (connection) -> {
			((PooledConnection) connection).recordUnpacked();
			ConnectionTests.echo(connection);
		};
		try (ServedConnection served = new ServedConnection(this.registry, handler)) {
			served.peer().send(new byte[1000]).endStream().receiveToEnd();
			served.reason();
		}
	}

	private int sampleUntil(AtomicBoolean done) {
		int samples = 0;
		Totals last = this.registry.totals();
		while (!done.get()) {
			Totals next = this.registry.totals();
			assertThat(next.bytesReceived()).isGreaterThanOrEqualTo(last.bytesReceived());
			assertThat(next.bytesSent()).isGreaterThanOrEqualTo(last.bytesSent());
			assertThat(next.records()).isGreaterThanOrEqualTo(last.records());
			assertThat(next.closed(CloseReason.END_OF_STREAM))
				.isGreaterThanOrEqualTo(last.closed(CloseReason.END_OF_STREAM));
			last = next;
			samples++;
		}
		return samples;
	}

	@Test
	void whenAConnectionIsOpenThenItsBytesAreInTheTotals() throws Exception {
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::echo)) {
			served.peer().send(new byte[10]).receive(10);
			Awaitility.await().until(() -> this.registry.totals().bytesSent() == 10);
			assertThat(this.registry.totals().bytesReceived()).isEqualTo(10);
		}
	}

}
