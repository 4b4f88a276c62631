package io.weir.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.CapturedLog;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LogLimiter}.
 */
class LogLimiterTests {

	private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);

	@Test
	void whenLinesComeTooOftenThenTheyAreCountedAndToldWithTheNextOne() {
		LogLimiter limiter = new LogLimiter(this.now::get);
		List<Long> told = new ArrayList<>();
		limiter.log(told::add);
		limiter.log(told::add);
		this.now.addAndGet(Duration.ofMillis(9_999).toNanos());
		limiter.log(told::add);
		this.now.addAndGet(Duration.ofMillis(1).toNanos());
		limiter.log(told::add);
		limiter.log(told::add);
		this.now.addAndGet(Duration.ofSeconds(10).toNanos());
		limiter.log(told::add);
		assertThat(told).containsExactly(0L, 2L, 1L);
	}

	@Test
	void whenThereIsNoMemoryForTheLineThenItCountsAsSuppressed() {
		LogLimiter limiter = new LogLimiter(this.now::get);
		Logger logger = LoggerFactory.getLogger("test");
		limiter.log((lines) -> assertThat(lines).isZero());
		limiter.warn(logger, "It failed", new IllegalStateException());
		this.now.addAndGet(Duration.ofSeconds(10).toNanos());
		try (CapturedLog log = CapturedLog.withoutMemory("test")) {
			limiter.warn(logger, "It failed", new IllegalStateException());
			assertThat(log.messages()).containsExactly("It failed (1 such lines were suppressed before)");
		}
		this.now.addAndGet(Duration.ofSeconds(10).toNanos());
		try (CapturedLog log = CapturedLog.info("test")) {
			limiter.warn(logger, "It failed", new IllegalStateException());
			assertThat(log.messages()).containsExactly("It failed (2 such lines were suppressed before)");
		}
	}

}
