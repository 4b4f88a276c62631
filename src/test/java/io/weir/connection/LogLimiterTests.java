package io.weir.connection;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LogLimiter}.
 */
class LogLimiterTests {

	private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);

	@Test
	void whenLinesComeTooOftenThenTheyAreCountedAndToldWithTheNextOne() {
		LogLimiter limiter = new LogLimiter(this.now::get);
		assertThat(limiter.tryAcquire()).isZero();
		assertThat(limiter.tryAcquire()).isEqualTo(-1);
		this.now.addAndGet(Duration.ofMillis(9_999).toNanos());
		assertThat(limiter.tryAcquire()).isEqualTo(-1);
		this.now.addAndGet(Duration.ofMillis(1).toNanos());
		assertThat(limiter.tryAcquire()).isEqualTo(2);
		assertThat(limiter.tryAcquire()).isEqualTo(-1);
		this.now.addAndGet(Duration.ofSeconds(10).toNanos());
		assertThat(limiter.tryAcquire()).isEqualTo(1);
	}

}
