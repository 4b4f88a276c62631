package io.weir.connection;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

import jdk.management.VirtualThreadSchedulerMXBean;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.CapturedLog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for {@link CarrierThreads}.
 */
class CarrierThreadsTests {

	private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

	private static final String PARALLELISM = "jdk.virtualThreadScheduler.parallelism";

	private final VirtualThreadSchedulerMXBean scheduler = ManagementFactory
		.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);

	private final AtomicBoolean ended = new AtomicBoolean();

	@AfterEach
	void end() {
		this.ended.set(true);
		this.scheduler.setParallelism(PROCESSORS);
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
	void whenItBeginsThenThereIsOneAndAtTheEndAsManyAsBefore() {
		this.scheduler.setParallelism(PROCESSORS);
		CarrierThreads carriers = new CarrierThreads();
		assertThat(this.scheduler.getParallelism()).isEqualTo(PROCESSORS);
		carriers.begin();
		assertThat(carriers.isOne()).isTrue();
		assertThat(this.scheduler.getParallelism()).isEqualTo(1);
		carriers.end();
		assertThat(carriers.isOne()).isEqualTo(PROCESSORS == 1);
		assertThat(this.scheduler.getParallelism()).isEqualTo(PROCESSORS);
		// The watch that adapts may be in its last round
		letARoundPass(carriers);
		assertThat(this.scheduler.getParallelism()).isEqualTo(PROCESSORS);
	}

	@Test
	void whenTheOnlyCarrierIsBusyThenThereAreMoreUntilItIsNot() {
		assumeThat(PROCESSORS).as("processors").isGreaterThan(1);
		CarrierThreads carriers = begun();
		Thread.startVirtualThread(() -> {
			while (!this.ended.get()) {
				Thread.onSpinWait();
			}
		});
		// Where other programs leave it no processor, it stays alone: so give it time
		try {
			awaitParallelism(carriers, 2);
		}
		catch (ConditionTimeoutException ex) {
			assumeThat(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage())
				.as("load of a machine that has a processor to spare")
				.isLessThan(PROCESSORS);
			throw ex;
		}
		assertThat(carriers.isOne()).isFalse();
		this.ended.set(true);
		awaitParallelism(carriers, 1);
		assertThat(carriers.isOne()).isTrue();
	}

	@Test
	void whenTheOnlyCarrierIsStuckInASystemCallThenTheOthersGetAnotherOne() throws Exception {
		assumeThat(PROCESSORS).as("processors").isGreaterThan(1);
		CarrierThreads carriers = begun();
		// As by a write(2) to a log that nobody reads
		try (Pipe pipe = new Pipe()) {
			Thread stuck = Thread.startVirtualThread(pipe::read);
			CountDownLatch served = new CountDownLatch(20);
			try {
				Awaitility.await().until(() -> pipe.isRead);
				while (served.getCount() > this.scheduler.getQueuedVirtualThreadCount()) {
					Thread.startVirtualThread(served::countDown);
				}
				// So far it may be work that came after an idle second
				letARoundPass(carriers);
				assertThat(this.scheduler.getParallelism()).isEqualTo(1);
				awaitParallelism(carriers, 2);
				Awaitility.await().pollInterval(Duration.ofMillis(100)).until(() -> {
					carriers.adapt();
					return served.getCount() == 0;
				});
				// Nothing is queued now, and the other one has nothing to do
				letARoundPass(carriers);
				letARoundPass(carriers);
				assertThat(this.scheduler.getParallelism()).isEqualTo(2);
				assertThat(stuck.isAlive()).isTrue();
			}
			finally {
				pipe.write();
				stuck.join();
			}
		}
	}

	@Test
	void whenTheOperatorHasChosenThenThatStays() {
		System.setProperty(PARALLELISM, "3");
		try {
			this.scheduler.setParallelism(3);
			CarrierThreads carriers = new CarrierThreads();
			carriers.begin();
			assertThat(carriers.isOne()).isFalse();
			// None is busy
			letARoundPass(carriers);
			assertThat(this.scheduler.getParallelism()).isEqualTo(3);
			carriers.end();
			assertThat(this.scheduler.getParallelism()).isEqualTo(3);
		}
		finally {
			System.clearProperty(PARALLELISM);
		}
	}

	@Test
	void whenCarriersAreCalledOtherwiseThenTheirNumberIsLeftToTheJdk() throws Exception {
		assumeThat(PROCESSORS).as("processors").isGreaterThan(1);
		CarrierThreads carriers = new CarrierThreads("no-thread-is-called-so-");
		carriers.begin();
		Thread.startVirtualThread(() -> {
		}).join();
		try (CapturedLog log = CapturedLog.info(CarrierThreads.class.getName())) {
			// A carrier may be about to start
			letARoundPass(carriers);
			assertThat(this.scheduler.getParallelism()).isEqualTo(1);
			awaitParallelism(carriers, PROCESSORS);
			assertThat(carriers.isOne()).isFalse();
			letARoundPass(carriers);
			assertThat(this.scheduler.getParallelism()).isEqualTo(PROCESSORS);
			assertThat(log.messages()).singleElement().asString().contains("no-thread-is-called-so-");
		}
	}

	private CarrierThreads begun() {
		CarrierThreads carriers = new CarrierThreads();
		carriers.begin();
		return carriers;
	}

	private void awaitParallelism(CarrierThreads carriers, int count) {
		Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(100)).until(() -> {
			carriers.adapt();
			return this.scheduler.getParallelism() == count;
		});
	}

	private static void letARoundPass(CarrierThreads carriers) {
		LockSupport.parkNanos(Duration.ofMillis(1100).toNanos());
		carriers.adapt();
	}

	/**
	 * A pipe by the C library, of whose calls the JDK knows nothing.
	 */
	private static final class Pipe implements AutoCloseable {

		private static final FunctionDescriptor TRANSFER = FunctionDescriptor.of(ValueLayout.JAVA_LONG,
				ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);

		private final Arena arena = Arena.ofShared();

		private final MemorySegment ends = this.arena.allocate(ValueLayout.JAVA_INT, 2);

		private final MemorySegment bytes = this.arena.allocate(1);

		private final MethodHandle read = handle("read", TRANSFER);

		private final MethodHandle write = handle("write", TRANSFER);

		private volatile boolean isRead;

		Pipe() {
			call(handle("pipe", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS)), this.ends);
			// What is done once is done here: a thread that begins to read just reads
			write();
			read();
			this.isRead = false;
		}

		void read() {
			this.isRead = true;
			call(this.read, end(0), this.bytes, 1L);
		}

		void write() {
			call(this.write, end(1), this.bytes, 1L);
		}

		private int end(int index) {
			return this.ends.getAtIndex(ValueLayout.JAVA_INT, index);
		}

		private static MethodHandle handle(String name, FunctionDescriptor type) {
			Linker linker = Linker.nativeLinker();
			return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
		}

		private static void call(MethodHandle handle, Object... arguments) {
			try {
				Number result = (Number) handle.invokeWithArguments(arguments);
				if (result.longValue() < 0) {
					throw new IllegalStateException(handle + " failed");
				}
			}
			catch (Throwable ex) {
				throw new IllegalStateException(ex);
			}
		}

		@Override
		public void close() {
			MethodHandle close = handle("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
			call(close, end(0));
			call(close, end(1));
			this.arena.close();
		}

	}

}
