package io.weir.server;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConnectionThreads}.
 */
class ConnectionThreadsTests {

	@Test
	void whenAskedForAThreadThenItIsOfTheKindAndNamed() {
		assertThat(unstarted(ConnectionThreads.AUTO).isVirtual()).isTrue();
		assertThat(unstarted(ConnectionThreads.VIRTUAL).isVirtual()).isTrue();
		Thread platform = unstarted(ConnectionThreads.PLATFORM);
		assertThat(platform.isVirtual()).isFalse();
		assertThat(platform.isDaemon()).isTrue();
	}

	@Test
	void whenAskedForItsTextThenItIsTheConfigurationsName() {
		assertThat(ConnectionThreads.values()).extracting(ConnectionThreads::text)
			.containsExactly("auto", "virtual", "platform");
	}

	private static Thread unstarted(ConnectionThreads threads) {
		Thread thread = threads.unstarted("connection-7", () -> {
		});
		assertThat(thread.getName()).isEqualTo("connection-7");
		assertThat(thread.getState()).isEqualTo(Thread.State.NEW);
		return thread;
	}

}
