package io.weir.connection;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

import jdk.management.VirtualThreadSchedulerMXBean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FairYield}.
 */
class FairYieldTests {

	private static final int YIELDING = 4;

	private final VirtualThreadSchedulerMXBean scheduler = ManagementFactory
		.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);

	private final int parallelism = this.scheduler.getParallelism();

	private final FairYield fair = new FairYield();

	private final AtomicLongArray turns = new AtomicLongArray(YIELDING);

	private final List<Thread> yielding = new ArrayList<>();

	private volatile boolean ended;

	@BeforeEach
	void begin() {
		for (int i = 0; i < YIELDING; i++) {
			int index = i;
			this.yielding.add(Thread.ofVirtual().unstarted(() -> work(index)));
		}
	}

	// As connections whose next bytes have always come when it is their turn
	private void work(int index) {
		while (!this.ended) {
			long end = System.nanoTime() + 10_000;
			while (System.nanoTime() < end) {
				Thread.onSpinWait();
			}
			this.turns.incrementAndGet(index);
			this.fair.pass(System.nanoTime());
		}
	}

	@AfterEach
	void end() throws InterruptedException {
		this.ended = true;
		for (Thread thread : this.yielding) {
			assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
		}
		this.scheduler.setParallelism(this.parallelism);
	}

	// With more carriers, threads wait and are let go at the same time
	@ParameterizedTest
	@ValueSource(ints = { 1, 4 })
	void whenThreadsYieldAllTheTimeThenNewOnesBeginAndTheyGoOn(int carriers) throws InterruptedException {
		this.scheduler.setParallelism(carriers);
		this.yielding.forEach(Thread::start);
		Awaitility.await().until(() -> this.turns.get(0) > 100);
		for (int i = 0; i < 100; i++) {
			CountDownLatch begun = new CountDownLatch(1);
			Thread.startVirtualThread(begun::countDown);
			assertThat(begun.await(5, TimeUnit.SECONDS)).as("thread %d began", i).isTrue();
		}
		for (int i = 0; i < YIELDING; i++) {
			int index = i;
			long before = this.turns.get(i);
			Awaitility.await().until(() -> this.turns.get(index) > before + 100);
		}
	}

}
