package io.weir.scheduling;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

import java.net.Socket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.Stopwatch;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that threads that never wait let others run.
 */
@Timeout(60)
class FairnessTests {

	private static final int BUSY = 24;

	private static final int NEWCOMERS = 20;

	private static final Duration LIMIT = Duration.ofMillis(250);

	private final AtomicLongArray turns = new AtomicLongArray(BUSY);

	private volatile boolean ended;

	private static ConnectionScheduler scheduler(String text) {
		return "virtual".equals(text) ? Schedulers.virtual() : Schedulers.auto();
	}

	@ParameterizedTest
	@CsvSource({ "event-loop, read", "event-loop, read by another", "event-loop, give way", "virtual, read",
			"virtual, read by another", "virtual, give way" })
	void whenThreadsNeverWaitThenNewThreadsRunAndTheyThemselvesGoOn(String text, String safePoint) throws Exception {
		ConnectionScheduler scheduler = scheduler(text);
		assertThat(scheduler).isInstanceOf(text.equals("virtual") ? BlockingScheduler.class : EventLoopScheduler.class);
		scheduler.start();
		CountDownLatch over = new CountDownLatch(BUSY);
		try (SocketChannel any = SocketChannel.open()) {
			Duration calm = slowest(() -> begin(scheduler, any));
			startBusy(scheduler, any, over, safePoint);
			assertThat(slowest(() -> begin(scheduler, any))).as("slowest newcomer").isLessThan(limit(calm));
			for (int i = 0; i < BUSY; i++) {
				int index = i;
				long before = this.turns.get(i);
				Awaitility.await().until(() -> this.turns.get(index) > before + 10);
			}
		}
		finally {
			end(over);
			scheduler.stop();
		}
	}

	@ParameterizedTest
	@CsvSource({ "event-loop", "virtual" })
	void whenThreadsNeverWaitThenThoseWhoseBytesHaveComeAreServed(String text) throws Exception {
		ConnectionScheduler scheduler = scheduler(text);
		scheduler.start();
		CountDownLatch over = new CountDownLatch(BUSY);
		try (SocketChannel any = SocketChannel.open();
				EchoServer server = new EchoServer(scheduler);
				Socket socket = server.dial()) {
			Duration calm = slowest(() -> exchange(socket));
			startBusy(scheduler, any, over, "read");
			assertThat(slowest(() -> exchange(socket))).as("slowest exchange").isLessThan(limit(calm));
		}
		finally {
			end(over);
			scheduler.stop();
		}
	}

	// The machine may be busy with something else
	private static Duration limit(Duration calm) {
		return LIMIT.plus(calm.multipliedBy(3));
	}

	private static Duration slowest(Step step) throws Exception {
		long slowest = 0;
		for (int i = 0; i < NEWCOMERS; i++) {
			Stopwatch watch = Stopwatch.start();
			step.run();
			slowest = Math.max(slowest, watch.time().toNanos());
		}
		return Duration.ofNanos(slowest);
	}

	private interface Step {

		void run() throws Exception;

	}

	private static void begin(ConnectionScheduler scheduler, SocketChannel any) throws InterruptedException {
		CountDownLatch begun = new CountDownLatch(1);
		scheduler.newThread("newcomer", any).start(begun::countDown);
		assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
	}

	private static void exchange(Socket socket) throws IOException {
		socket.getOutputStream().write(1);
		assertThat(socket.getInputStream().read()).isEqualTo(1);
	}

	private void startBusy(ConnectionScheduler scheduler, SocketChannel any, CountDownLatch over, String safePoint) {
		for (int i = 0; i < BUSY; i++) {
			int index = i;
			ConnectionThread thread = scheduler.newThread("busy-" + i, any);
			Runnable busy = () -> {
				while (!this.ended) {
					work();
					this.turns.incrementAndGet(index);
					letOthersGoFirst(thread, safePoint.startsWith("read"));
				}
				over.countDown();
			};
			// A handler may have a thread that reads while it writes
			thread.start(safePoint.equals("read by another") ? () -> Thread.startVirtualThread(busy) : busy);
		}
		Awaitility.await().until(() -> this.turns.get(BUSY - 1) > 1);
	}

	private static void letOthersGoFirst(ConnectionThread thread, boolean read) {
		if (read) {
			thread.beforeRead(true);
		}
		else {
			thread.giveWay();
		}
	}

	private static void work() {
		long end = System.nanoTime() + 50_000;
		while (System.nanoTime() < end) {
			Thread.onSpinWait();
		}
	}

	private void end(CountDownLatch over) throws InterruptedException {
		this.ended = true;
		assertThat(over.await(10, TimeUnit.SECONDS)).isTrue();
	}

}
