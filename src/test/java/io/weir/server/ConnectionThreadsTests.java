package io.weir.server;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConnectionThreads}.
 */
class ConnectionThreadsTests {

	@Test
	void whenAskedForASchedulerThenItIsOfTheKind() {
		assertThat(ConnectionThreads.values()).extracting((threads) -> threads.scheduler().getClass().getSimpleName())
			.containsExactly("EventLoopScheduler", "BlockingScheduler", "BlockingScheduler");
	}

}
