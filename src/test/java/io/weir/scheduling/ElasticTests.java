package io.weir.scheduling;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.weir.Footprint;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the number of event loops follows the load, and that connections move.
 */
@Timeout(60)
class ElasticTests {

	private final FakeLoad load = new FakeLoad();

	@AutoClose("stop")
	private final EventLoopScheduler scheduler = new EventLoopScheduler(SchedulableThreads.find(), this.load, 3);

	@BeforeEach
	void start() {
		this.scheduler.start();
	}

	private static final class FakeLoad implements LoopLoad {

		private final Map<String, Double> busy = new ConcurrentHashMap<>();

		private volatile double spare = 2;

		@Override
		public double busy(EventLoop loop) {
			return this.busy.getOrDefault(loop.thread().getName(), 0.0);
		}

		@Override
		public double spareProcessors() {
			return this.spare;
		}

	}

	private void adapt(int times) {
		for (int i = 0; i < times; i++) {
			this.scheduler.adaptNow();
		}
	}

	private List<String> names() {
		return this.scheduler.states().stream().map((state) -> state.loop().thread().getName()).toList();
	}

	private int count(int index) {
		return this.scheduler.states().get(index).loop().count().get();
	}

	@Test
	void whenALoopIsBusyForTwoRoundsAndTheMachineIsNotThenThereIsOneMore() {
		this.load.busy.put("tcp-loop-1", 0.95);
		adapt(1);
		assertThat(names()).containsExactly("tcp-loop-1");
		adapt(1);
		assertThat(names()).containsExactly("tcp-loop-1", "tcp-loop-2");
		// The new one has time
		adapt(3);
		assertThat(names()).hasSize(2);
		this.load.busy.put("tcp-loop-2", 0.95);
		adapt(2);
		assertThat(names()).hasSize(3);
		this.load.busy.put("tcp-loop-3", 0.95);
		adapt(5);
		assertThat(names()).hasSize(3);
	}

	@Test
	void whenTheMachineHasNothingToSpareThenThereIsNoFurtherLoop() {
		this.load.busy.put("tcp-loop-1", 1.0);
		this.load.spare = 0.4;
		adapt(5);
		assertThat(names()).hasSize(1);
	}

	@Test
	void whenOneLoopLessSufficesThenTheLastEndsAndItsThreadToo() {
		this.load.busy.put("tcp-loop-1", 0.95);
		adapt(2);
		Thread last = this.scheduler.states().getLast().loop().thread();
		this.load.busy.put("tcp-loop-1", 0.3);
		this.load.busy.put("tcp-loop-2", 0.35);
		adapt(3);
		assertThat(names()).hasSize(2);
		this.load.busy.put("tcp-loop-2", 0.2);
		adapt(2);
		assertThat(names()).containsExactly("tcp-loop-1");
		Awaitility.await().until(() -> !last.isAlive());
	}

	@Test
	void whenLoopsComeAndGoUnderLoadThenConnectionsMoveAndNoByteIsLost() throws Exception {
		long before = Footprint.openFiles();
		try (EchoServer server = new EchoServer(this.scheduler)) {
			List<CompletableFuture<Void>> clients = new ArrayList<>();
			for (int i = 0; i < 16; i++) {
				clients.add(client(server, i));
			}
			try (Socket idle = server.dial()) {
				exchange(idle, new byte[] { 1 });
				int times = 0;
				while (!clients.stream().allMatch(CompletableFuture::isDone)) {
					this.load.busy.put("tcp-loop-1", 0.95);
					awaitAdapted(clients, () -> this.scheduler.states().size() == 2 && count(1) > 2);
					this.load.busy.put("tcp-loop-1", 0.1);
					awaitAdapted(clients, () -> this.scheduler.states().size() == 1);
					times++;
				}
				assertThat(times).isGreaterThan(2);
				for (CompletableFuture<Void> client : clients) {
					client.get(1, TimeUnit.SECONDS);
				}
				exchange(idle, new byte[] { 2 });
			}
			this.load.busy.put("tcp-loop-1", 0.1);
			Awaitility.await().until(() -> {
				this.scheduler.adaptNow();
				return this.scheduler.states().size() == 1 && count(0) == 0;
			});
			Awaitility.await().until(() -> Footprint.openFiles() <= before + 1);
		}
	}

	private void awaitAdapted(List<CompletableFuture<Void>> clients, BooleanSupplier condition) {
		Awaitility.await().pollInterval(Duration.ofMillis(20)).until(() -> {
			this.scheduler.adaptNow();
			return condition.getAsBoolean() || clients.stream().allMatch(CompletableFuture::isDone);
		});
	}

	private static CompletableFuture<Void> client(EchoServer server, int seed) throws IOException {
		Socket socket = server.dial();
		CompletableFuture<Void> done = new CompletableFuture<>();
		Thread.ofPlatform().daemon().start(() -> {
			try (socket) {
				Random random = new Random(seed);
				long begin = System.nanoTime();
				while (System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(3)) {
					byte[] bytes = new byte[1 + random.nextInt(9_000)];
					random.nextBytes(bytes);
					exchange(socket, bytes);
				}
				done.complete(null);
			}
			catch (IOException | AssertionError ex) {
				done.completeExceptionally(ex);
			}
		});
		return done;
	}

	private static void exchange(Socket socket, byte[] bytes) throws IOException {
		socket.getOutputStream().write(bytes);
		assertThat(socket.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
	}

	@Test
	void whenALoopIsRetiredThenIdleConnectionsMoveToo() throws Exception {
		this.load.busy.put("tcp-loop-1", 0.95);
		adapt(2);
		try (EchoServer server = new EchoServer(this.scheduler)) {
			List<Socket> sockets = new ArrayList<>();
			for (int i = 0; i < 20; i++) {
				sockets.add(server.dial());
				exchange(sockets.get(i), new byte[] { (byte) i });
			}
			// Fewer to the busy one
			assertThat(count(0)).isBetween(4, 10);
			assertThat(count(1)).isBetween(10, 16);
			this.load.busy.put("tcp-loop-1", 0.1);
			Awaitility.await().until(() -> {
				this.scheduler.adaptNow();
				return this.scheduler.states().size() == 1;
			});
			assertThat(count(0)).isEqualTo(20);
			for (Socket socket : sockets) {
				exchange(socket, new byte[] { 9 });
				socket.close();
			}
			Awaitility.await().until(() -> count(0) == 0);
		}
	}

}
