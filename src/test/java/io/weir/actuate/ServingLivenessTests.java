package io.weir.actuate;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;

import io.weir.CapturedLog;
import io.weir.ServedConnection;
import io.weir.connection.ConnectionRegistry;
import io.weir.monitor.Newcomers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link ServingLiveness}.
 */
class ServingLivenessTests {

	private final List<Object> events = new ArrayList<>();

	private final Newcomers newcomers = mock();

	private final AtomicBoolean socketsLeft = new AtomicBoolean(true);

	private final AtomicLong now = new AtomicLong();

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private final ServingLiveness liveness = new ServingLiveness(this.events::add, this.newcomers,
			this.socketsLeft::get, this.now::get);

	private long failures;

	@BeforeEach
	void listen() {
		this.registry.addListener(this.liveness);
	}

	private void pass(int seconds, int failuresPerSecond) {
		for (int i = 0; i < seconds; i++) {
			this.now.addAndGet(Duration.ofSeconds(1).toNanos());
			this.failures += failuresPerSecond;
			given(this.newcomers.failures()).willReturn(this.failures);
			this.liveness.run();
		}
	}

	// Returns when it is served, until its peer sends something or ends
	private ServedConnection open() throws Exception {
		CountDownLatch handled = new CountDownLatch(1);
		ServedConnection connection = new ServedConnection(this.registry, (client) -> {
			handled.countDown();
			client.read(ByteBuffer.allocate(1));
		});
		assertThat(handled.await(10, TimeUnit.SECONDS)).isTrue();
		return connection;
	}

	private void serve(Throwable failure) throws Exception {
		try (ServedConnection served = new ServedConnection(this.registry, (connection) -> {
			if (failure instanceof Error error) {
				throw error;
			}
		})) {
			served.peer().endStream();
			served.reason();
		}
	}

	@Test
	void whenNewcomersFailForTenSecondsAndNothingIsShortThenLivenessIsBrokenOnce() {
		try (CapturedLog log = CapturedLog.info(ServingLiveness.class.getName())) {
			pass(10, 1);
			assertThat(this.events).isEmpty();
			pass(5, 1);
			assertBroken();
			assertThat(log.messages()).singleElement().asString().contains("Liveness is broken", "10 s");
		}
	}

	@Test
	void whenDescriptorsAreShortThenTimeBeginsWhenTheyAreBack() {
		this.socketsLeft.set(false);
		pass(60, 5);
		assertThat(this.events).isEmpty();
		this.socketsLeft.set(true);
		pass(9, 1);
		assertThat(this.events).isEmpty();
		pass(2, 1);
		assertBroken();
	}

	@Test
	void whenANewcomerIsServedInBetweenThenLivenessIsNotBroken() throws Exception {
		pass(8, 1);
		serve(new IllegalStateException("served, and its own fault"));
		pass(8, 1);
		assertThat(this.events).isEmpty();
	}

	// With a limit of threads each of those that end makes room for one, which may stay
	@Test
	void whenANewcomerIsServedAndStaysThenLivenessIsNotBroken() throws Exception {
		pass(8, 1);
		try (ServedConnection stays = open()) {
			pass(9, 1);
			assertThat(this.events).isEmpty();
			pass(2, 1);
			assertBroken();
			assertThat(stays.isServed()).isTrue();
		}
	}

	@Test
	void whenAnOldConnectionEndsInBetweenThenLivenessIsBrokenAllTheSame() throws Exception {
		try (ServedConnection old = open()) {
			pass(1, 1);
			old.peer().endStream();
			old.reason();
			pass(10, 1);
			assertBroken();
		}
	}

	@Test
	void whenFailuresAreFarApartThenLivenessIsNotBroken() {
		for (int i = 0; i < 5; i++) {
			pass(1, 1);
			pass(20, 0);
		}
		assertThat(this.events).isEmpty();
	}

	@Test
	void whenANewcomersThreadDoesNotBeginThenLivenessIsBroken() {
		given(this.newcomers.isWaitingForThread(any())).willReturn(true);
		pass(12, 0);
		assertBroken();
	}

	@Test
	void whenAClassCannotBeLinkedAgainAndAgainThenLivenessIsBrokenAtOnce() throws Exception {
		serve(new NoClassDefFoundError("injected"));
		serve(new NoClassDefFoundError("injected"));
		serve(new AssertionError("served, and its own fault"));
		serve(new NoClassDefFoundError("injected"));
		serve(new NoClassDefFoundError("injected"));
		assertThat(this.events).isEmpty();
		serve(new NoClassDefFoundError("injected"));
		assertBroken();
	}

	private void assertBroken() {
		assertThat(this.events).singleElement()
			.isInstanceOfSatisfying(AvailabilityChangeEvent.class,
					(event) -> assertThat(event.getState()).isEqualTo(LivenessState.BROKEN));
	}

}
