package io.weir.records;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.weir.api.UnpackedRecord;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SinkWatch}, at times of their own.
 */
@Timeout(30)
class SinkWatchTests {

	// Where System.nanoTime() may be as well
	private static final long BEGIN = Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(20);

	private final Semaphore inside = new Semaphore(0);

	private final Semaphore taken = new Semaphore(0);

	private final Semaphore left = new Semaphore(0);

	private final SinkWatch watch = new SinkWatch((record) -> {
		this.inside.release();
		try {
			this.taken.acquire();
		}
		catch (InterruptedException ex) {
			throw new InterruptedIOException();
		}
	});

	@Test
	void whenNothingWaitsThenThereIsNoFaultHoweverLongNothingComes() throws Exception {
		assertThat(faultAfter(0)).isNull();
		assertThat(faultAfter(100)).isNull();
		take();
		assertThat(faultAfter(101)).isNull();
		assertThat(faultAfter(200)).isNull();
	}

	@Test
	void whenConnectionsWaitForTenSecondsThenItSaysHowManyAndForHowLong() throws Exception {
		enter();
		enter();
		assertThat(faultAfter(3)).isNull();
		assertThat(faultAfter(12)).isNull();
		assertThat(faultAfter(13)).isEqualTo(new WriteFault("the sink " + this.watch.type().getName(),
				"2 connections wait in it", Duration.ofSeconds(10)));
		enter();
		assertThat(faultAfter(50)).isEqualTo(new WriteFault("the sink " + this.watch.type().getName(),
				"3 connections wait in it", Duration.ofSeconds(47)));
	}

	@Test
	void whenOneIsTakenNowAndThenThenThereIsNoFaultThoughOthersWait() throws Exception {
		enter();
		for (int second = 0; second < 60; second += 9) {
			assertThat(faultAfter(second)).isNull();
			take();
		}
	}

	// Nobody has looked while it was not there
	@Test
	void whenOneHasJustComeThenTheTimeBeforeItDoesNotCount() throws Exception {
		assertThat(faultAfter(0)).isNull();
		enter();
		assertThat(faultAfter(100)).isNull();
		assertThat(faultAfter(109)).isNull();
		assertThat(faultAfter(110)).isNotNull();
	}

	@Test
	void whenOneOfThoseThatWaitIsCutThenTheFaultLasts() throws Exception {
		Thread cut = enter();
		enter();
		assertThat(faultAfter(0)).isNull();
		assertThat(faultAfter(10)).isNotNull();
		cut.interrupt();
		cut.join();
		assertThat(Objects.requireNonNull(faultAfter(11)))
			.satisfies((fault) -> assertThat(fault.reason()).isEqualTo("1 connection waits in it"))
			.satisfies((fault) -> assertThat(fault.lasting()).isEqualTo(Duration.ofSeconds(11)));
	}

	@Test
	void whenTheOnlyOneIsCutThenTheNextOneBeginsAnEpisodeOfItsOwn() throws Exception {
		Thread cut = enter();
		assertThat(faultAfter(0)).isNull();
		assertThat(faultAfter(10)).isNotNull();
		cut.interrupt();
		cut.join();
		enter();
		assertThat(faultAfter(11)).isNull();
		assertThat(faultAfter(21)).isNotNull();
	}

	private @Nullable WriteFault faultAfter(int seconds) {
		return this.watch.fault(BEGIN + TimeUnit.SECONDS.toNanos(seconds));
	}

	// A connection that waits until something is taken
	private Thread enter() throws InterruptedException {
		Thread connection = Thread.ofPlatform().daemon().start(() -> {
			try {
				this.watch.accept(new UnpackedRecord(1, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
						Instant.now(), List.of("x"), List.of(1L)));
				this.left.release();
			}
			catch (InterruptedIOException ex) {
				// It was cut
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		});
		this.inside.acquire();
		return connection;
	}

	// One more goes through the sink
	private void take() throws InterruptedException {
		enter();
		this.taken.release();
		this.left.acquire();
	}

}
