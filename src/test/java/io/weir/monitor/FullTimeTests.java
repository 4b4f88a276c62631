package io.weir.monitor;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import io.weir.kernel.Reading;
import io.weir.server.ServerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FullTime}.
 */
class FullTimeTests {

	private final AtomicLong now = new AtomicLong();

	private final FullTime time = new FullTime(this.now::get);

	private Duration after(long millis, ServerState state, long waiting) {
		this.now.addAndGet(Duration.ofMillis(millis).toNanos());
		return this.time.look(state, new Reading.Available<>(
				new AcceptQueue(waiting, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty())));
	}

	@Test
	void itCountsWhileFullAndNewcomersWait() {
		assertThat(after(0, ServerState.FULL, 1)).isZero();
		assertThat(after(5000, ServerState.FULL, 2)).hasSeconds(5);
		assertThat(after(7000, ServerState.FULL, 3)).hasSeconds(12);
	}

	@Test
	void itIsZeroWhileNobodyWaitsOrAPlaceIsFree() {
		assertThat(after(0, ServerState.FULL, 0)).isZero();
		assertThat(after(20_000, ServerState.FULL, 0)).isZero();
		assertThat(after(0, ServerState.ACCEPTING, 5)).isZero();
		assertThat(after(20_000, ServerState.ACCEPTING, 5)).isZero();
		assertThat(after(0, ServerState.FULL, 1)).isZero();
	}

	@Test
	void aMomentWithAFreePlaceIsNoEnd() {
		after(0, ServerState.FULL, 1);
		assertThat(after(6000, ServerState.ACCEPTING, 1)).isZero();
		assertThat(after(1000, ServerState.FULL, 1)).hasSeconds(7);
		assertThat(after(1000, ServerState.FULL, 0)).isZero();
		assertThat(after(1000, ServerState.FULL, 1)).hasSeconds(9);
	}

	// A second and its work apart, as the sampler's are
	@Test
	void whenSomeLooksFindNobodyWaitingThenItGoesOn() {
		after(0, ServerState.FULL, 1);
		for (int i = 0; i < 5; i++) {
			after(1050, ServerState.FULL, 1);
			after(1050, ServerState.FULL, 0);
		}
		assertThat(after(1050, ServerState.FULL, 1)).hasMillis(11_550);
		after(1050, ServerState.ACCEPTING, 1);
		after(1050, ServerState.FULL, 0);
		assertThat(after(1050, ServerState.FULL, 1)).hasMillis(14_700);
	}

	@Test
	void afterMoreThanAMomentItBeginsAnew() {
		after(0, ServerState.FULL, 1);
		after(6000, ServerState.ACCEPTING, 0);
		after(2000, ServerState.ACCEPTING, 0);
		assertThat(after(501, ServerState.FULL, 1)).isZero();
		assertThat(after(2000, ServerState.FULL, 1)).hasSeconds(2);
	}

	@Test
	void whereTheQueueIsNotKnownItIsZero() {
		after(0, ServerState.FULL, 1);
		assertThat(this.time.look(ServerState.FULL, new Reading.Unavailable<>("not Linux"))).isZero();
	}

}
