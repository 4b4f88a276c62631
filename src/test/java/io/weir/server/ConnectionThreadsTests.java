package io.weir.server;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConnectionThreads}.
 */
class ConnectionThreadsTests {

	@Test
	void whenAskedForASchedulerThenItIsOfTheKind() {
		assertThat(ConnectionThreads.AUTO.scheduler().text()).isEqualTo("event-loop");
		assertThat(ConnectionThreads.VIRTUAL.scheduler().text()).isEqualTo("virtual");
		assertThat(ConnectionThreads.PLATFORM.scheduler().text()).isEqualTo("platform");
	}

	@Test
	void whenAskedForItsTextThenItIsTheConfigurationsName() {
		assertThat(ConnectionThreads.values()).extracting(ConnectionThreads::text)
			.containsExactly("auto", "virtual", "platform");
	}

}
