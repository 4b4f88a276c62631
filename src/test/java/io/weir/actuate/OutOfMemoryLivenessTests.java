package io.weir.actuate;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.context.ApplicationEventPublisher;

import io.weir.CapturedLog;
import io.weir.ServedConnection;
import io.weir.connection.CloseReason;
import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OutOfMemoryLiveness}.
 */
class OutOfMemoryLivenessTests {

	private final List<Object> events = new ArrayList<>();

	private final AtomicLong now = new AtomicLong();

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private void guard() {
		ApplicationEventPublisher publisher = this.events::add;
		this.registry.addListener(new OutOfMemoryLiveness(publisher, this.now::get));
	}

	private void fail(Error failure) throws Exception {
		ConnectionHandler handler = (connection) -> {
			throw failure;
		};
		try (ServedConnection served = new ServedConnection(this.registry, handler)) {
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
		}
	}

	@Test
	void whenMemoryRunsOutAgainAndAgainThenLivenessIsBroken() throws Exception {
		guard();
		try (CapturedLog log = CapturedLog.info(OutOfMemoryLiveness.class.getName())) {
			fail(new OutOfMemoryError("injected"));
			fail(new OutOfMemoryError("injected"));
			assertThat(this.events).isEmpty();
			fail(new OutOfMemoryError("injected"));
			assertThat(this.events).singleElement()
				.isInstanceOfSatisfying(AvailabilityChangeEvent.class,
						(event) -> assertThat(event.getState()).isEqualTo(LivenessState.BROKEN));
			// That is said once
			fail(new OutOfMemoryError("injected"));
			assertThat(this.events).hasSize(1);
			assertThat(log.messages()).singleElement().asString().contains("liveness is broken", "What to do");
		}
	}

	@Test
	void whenMemoryRunsOutNowAndThenThenOnlyTheConnectionsEnd() throws Exception {
		guard();
		for (int i = 0; i < 6; i++) {
			fail(new OutOfMemoryError("injected"));
			this.now.addAndGet(OutOfMemoryLiveness.PERIOD.toNanos() / 2 + 1);
		}
		assertThat(this.events).isEmpty();
	}

	// A parser that recurses on what a peer sends, for instance
	@Test
	void whenAHandlerFailsOtherwiseThenLivenessIsNotBroken() throws Exception {
		guard();
		for (int i = 0; i < 6; i++) {
			fail(new AssertionError("a bug"));
			fail(new StackOverflowError());
		}
		assertThat(this.events).isEmpty();
	}

}
