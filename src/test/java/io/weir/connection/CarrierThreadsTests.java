package io.weir.connection;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

import jdk.management.VirtualThreadSchedulerMXBean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for {@link CarrierThreads}.
 */
class CarrierThreadsTests {

	private final VirtualThreadSchedulerMXBean scheduler = ManagementFactory
		.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);

	private final AtomicBoolean ended = new AtomicBoolean();

	@AfterEach
	void endSpinning() {
		this.ended.set(true);
	}

	@ParameterizedTest
	@CsvSource({
			// One that has time left is enough, as is a machine that has none
			"1, 0.5, 7, 8, 1", "1, 0.95, 7, 8, 2", "1, 0.95, 0.2, 8, 1",
			// Quickly up, slowly down
			"2, 1.7, 5, 8, 2", "2, 1.9, 5, 8, 4", "4, 3.9, 4, 8, 8", "4, 3.9, 4, 6, 6", "8, 7.9, 3, 8, 8",
			"8, 4.0, 4, 8, 7", "8, 4.5, 4, 8, 8", "2, 0.7, 1, 2, 2", "2, 0.5, 1, 2, 1", "1, 0, 8, 8, 1",
			"1, -0.1, 0, 8, 1" })
	void whenCarriersAreBusyThenThereAreMore(int count, double busy, double spare, int most, int next) {
		assertThat(CarrierThreads.next(count, busy, spare, most)).isEqualTo(next);
	}

	@Test
	void whenItBeginsThenThereIsOne() {
		assertThat(new CarrierThreads().isOne()).isTrue();
		assertThat(this.scheduler.getParallelism()).isEqualTo(1);
	}

	@Test
	void whenTheOnlyCarrierIsBusyThenThereAreMoreUntilItIsNot() {
		assumeThat(Runtime.getRuntime().availableProcessors()).as("processors").isGreaterThan(1);
		CarrierThreads carriers = new CarrierThreads();

		Thread.startVirtualThread(() -> {
			while (!this.ended.get()) {
				Thread.onSpinWait();
			}
		});
		// Where other programs leave it no processor, it stays alone: so give it time
		Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(100)).until(() -> {
			carriers.adapt();
			return this.scheduler.getParallelism() == 2;
		});
		assertThat(carriers.isOne()).isFalse();
		this.ended.set(true);
		Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(100)).until(() -> {
			carriers.adapt();
			return this.scheduler.getParallelism() == 1;
		});
		assertThat(carriers.isOne()).isTrue();
	}

}
