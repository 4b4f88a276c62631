package io.weir.monitor;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalLong;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.Peer;
import io.weir.kernel.Reading;
import io.weir.server.ServerState;
import io.weir.server.ServerStatus;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Verdict}.
 */
class VerdictTests {

	private final RunningServer running = new RunningServer(2, Duration.ofSeconds(1), Duration.ofSeconds(1));

	@AfterEach
	void close() {
		this.running.close();
	}

	private String verdict() {
		return this.running.monitor().snapshot().verdict();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					accepting   | 0  | accepted at once
					accepting   | 7  | accepted: after 7 that wait in the queue
					accepting   | 17 | dropped: the queue of 16 is full with 17, as connections come faster than they are accepted; newcomers were dropped 9 times so far
					full        | 2  | waits: 2 of 2 places are taken, 2 of 16 wait in the queue
					full        | 17 | dropped: the queue of 16 is full with 17, as 2 of 2 places are taken; newcomers were dropped 9 times so far
					full        |    | waits: 2 of 2 places are taken, how many wait in the queue is not known
					backing_off | 3  | waits: accept(2) has failed for 4 s and is tried again, 3 of 16 wait in the queue
					backing_off | 17 | dropped: the queue of 16 is full with 17, as accept(2) has failed for 4 s and is tried again; newcomers were dropped 9 times so far
					failed      | 1  | waits: the accept loop has failed and starts again in a second, 1 of 16 wait in the queue
					starting    |    | nobody listens: the server is starting
					stopped     |    | nobody listens: the server is stopped
					""")
	void everyStateHasItsSentence(String state, @Nullable Long waiting, String verdict) {
		ServerState accepting = ServerState.valueOf(state.toUpperCase(Locale.ROOT));
		Reading<AcceptQueue> queue = (waiting != null)
				? new Reading.Available<>(
						new AcceptQueue(waiting, OptionalLong.of(16), OptionalLong.of(9), OptionalLong.of(10)))
				: new Reading.Unavailable<>("not asked");
		assertThat(Verdict.of(status(accepting, accepting), queue)).isEqualTo(verdict);
	}

	@Test
	void aDrainTakesNewcomersUntilItsDelayIsOver() {
		Reading<AcceptQueue> queue = new Reading.Unavailable<>("not asked");
		assertThat(Verdict.of(status(ServerState.DRAINING, ServerState.FULL), queue)).isEqualTo(
				"waits: 2 of 2 places are taken, how many wait in the queue is not known; only until tcp.server.drain.delay is over");
		assertThat(Verdict.of(status(ServerState.DRAINING, ServerState.STOPPED), queue))
			.isEqualTo("nobody listens: the server drains, and takes no newcomers any more");
	}

	private ServerStatus status(ServerState state, ServerState accepting) {
		ServerStatus status = this.running.server().status();
		return new ServerStatus(state, accepting, null, Duration.ofSeconds(4), null, null, null, status.protocol(),
				status.protocolSource(), status.sockets(), status.serving(), status.stalls(), status.acceptErrors());
	}

	@Test
	void aRealServerPassesThroughThem() throws Exception {
		assertThat(verdict()).startsWith("nobody listens: the server is starting");
		this.running.start();
		this.running.diagnostics().listener(0, 2, 0);
		assertThat(verdict()).isEqualTo("accepted at once");
		try (Peer one = this.running.connect(); Peer two = this.running.connect()) {
			one.send((byte) 1).receive(1);
			two.send((byte) 1).receive(1);
			Awaitility.await().until(() -> verdict().startsWith("waits: 2 of 2 places are taken, 0 of 2 wait"));
			this.running.diagnostics().listener(3, 2, 0);
			assertThat(verdict()).startsWith("dropped: the queue of 2 is full with 3, as 2 of 2 places are taken");
			this.running.diagnostics().listener(0, 2, 0);
			Thread stopping = Thread.ofPlatform().start(this.running.server()::stop);
			// Within the delay, and after it until the connections are cut
			Awaitility.await().until(() -> verdict().endsWith("; only until tcp.server.drain.delay is over"));
			assertThat(verdict()).startsWith("waits: ");
			// The loop waits for a place for this one
			this.running.diagnostics().listener(1, 2, 0);
			Awaitility.await().until(() -> verdict().startsWith("nobody listens: the server drains"));
			assertThat(Objects.requireNonNull(this.running.server().address())).isNotNull();
			stopping.join();
		}
		assertThat(verdict()).isEqualTo("nobody listens: the server is stopped");
	}

}
