package io.weir.monitor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.weir.ServedConnection;
import io.weir.api.ConnectionHandler;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.RejectReason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.spy;

/**
 * Tests for {@link ConnectionHistory}.
 */
class ConnectionHistoryTests {

	private static final ConnectionHandler ECHO = (connection) -> {
		ByteBuffer buffer = ByteBuffer.allocate(8192);
		while (connection.read(buffer.clear()) >= 0) {
			connection.write(buffer.flip());
		}
	};

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private final Diagnoses diagnoses = new RunningServer(1).diagnoses();

	private final ConnectionHistory history = new ConnectionHistory(3, this.diagnoses);

	ConnectionHistoryTests() {
		this.registry.addListener(this.history);
	}

	@Test
	void whenAConnectionEndsThenWhatItDidIsRemembered() throws Exception {
		Instant before = Instant.now();
		try (ServedConnection served = new ServedConnection(this.registry, ECHO)) {
			served.peer().send(new byte[7]).receive(7);
			served.connection().sampled(120, 3);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			ClosedConnection closed = only();
			assertThat(closed.id()).isEqualTo(served.connection().id());
			assertThat(closed.peer().getPort()).isEqualTo(served.peer().port());
			assertThat(closed.via()).isNull();
			assertThat(closed.reason()).isEqualTo("end_of_stream");
			assertThat(closed.detail()).isNull();
			assertThat(closed.bytesReceived()).isEqualTo(7);
			assertThat(closed.bytesSent()).isEqualTo(7);
			assertThat(closed.session()).isNull();
			assertThat(closed.rttMicros()).isEqualTo(120);
			assertThat(closed.retransmits()).isEqualTo(3);
			assertThat(closed.duration()).isPositive();
			assertThat(closed.closedAt()).isBetween(before, Instant.now().plusMillis(1));
		}
	}

	@Test
	void whenTheClockWasSetWhileItWasOpenThenItsEndIsOfTheClockOfNow() throws Exception {
		Instant before = Instant.now();
		try (ServedConnection served = new ServedConnection(this.registry, ECHO)) {
			Connection connection = spy(served.connection());
			given(connection.openedAt()).willReturn(before.minus(Duration.ofHours(2)));
			this.history.closed(connection, CloseReason.IDLE_TIMEOUT);
			served.peer().endStream();
			served.reason();
		}
		ClosedConnection closed = this.history.find((one) -> one.reason().equals("idle_timeout")).getFirst();
		assertThat(closed.closedAt()).isBetween(before, Instant.now());
		assertThat(closed.duration()).isLessThan(Duration.ofHours(1));
	}

	@Test
	void whenNoSampleWasTakenThenTheKernelsFiguresAreUnknown() throws Exception {
		end();
		assertThat(only().rttMicros()).isEqualTo(-1);
		assertThat(only().retransmits()).isEqualTo(-1);
	}

	@Test
	void whenAHandlerFailsThenItsTextIsEscapedAndCut() throws Exception {
		try (ServedConnection served = new ServedConnection(this.registry, (connection) -> {
			throw new IllegalStateException("\u202e\n" + "x".repeat(1000));
		})) {
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
		}
		assertThat(only().detail()).startsWith("java.lang.IllegalStateException: \\u202e\\nxxx")
			.endsWith("x... (1035 characters)");
	}

	@Test
	void whenThePeerResetsThenTheDetailSaysWhatFailed() throws Exception {
		try (ServedConnection served = new ServedConnection(this.registry, ECHO)) {
			served.peer().send(new byte[1]).receive(1);
			served.peer().reset();
			assertThat(served.reason()).isEqualTo(CloseReason.RESET);
		}
		assertThat(only().detail()).contains("Connection reset");
	}

	@Test
	void whenTheServerEndsItThenWhatFailsAfterwardsIsNoDetail() throws Exception {
		try (ServedConnection served = new ServedConnection(this.registry, ECHO)) {
			served.peer().send(new byte[1]).receive(1);
			served.connection().end(CloseReason.IDLE_TIMEOUT);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.IDLE_TIMEOUT);
		}
		assertThat(only().detail()).isNull();
	}

	@Test
	void whenMoreEndThanThereIsRoomForThenTheOldestAreForgotten() throws Exception {
		for (int i = 0; i < 5; i++) {
			end();
		}
		assertThat(find()).extracting(ClosedConnection::id).containsExactly(5L, 4L, 3L);
	}

	@Test
	void whenManyAreRefusedOrSendNothingThenTheOthersAreKeptAndAllAreMergedByTime() throws Exception {
		end();
		InetSocketAddress scanner = new InetSocketAddress("192.0.2.7", 1);
		for (int i = 0; i < 10; i++) {
			this.history.rejected(scanner, RejectReason.SOCKET_OPTION);
		}
		end();
		try (ServedConnection empty = new ServedConnection(this.registry, ECHO)) {
			empty.peer().endStream();
			assertThat(empty.reason()).isEqualTo(CloseReason.EMPTY);
		}
		try (ServedConnection failing = ServedConnection.failing(this.registry, new IOException("no\u0000option"))) {
			Awaitility.await().until(() -> failing.releases() == 1);
		}
		assertThat(find()).extracting(ClosedConnection::reason)
			.containsExactly("socket_option", "empty", "end_of_stream", "socket_option", "end_of_stream");
		assertThat(find().getFirst().detail()).isEqualTo("java.io.IOException: no\\x00option");
		ClosedConnection refused = find().get(3);
		assertThat(refused.id()).isZero();
		assertThat(refused.peer()).isEqualTo(scanner);
		assertThat(refused.duration()).isZero();
		assertThat(this.history.find((closed) -> closed.reason().equals("socket_option"))).hasSize(2);
	}

	@Test
	void whenTheSizeIsZeroThenNothingIsRemembered() throws Exception {
		ConnectionHistory none = new ConnectionHistory(0, this.diagnoses);
		this.registry.addListener(none);
		end();
		none.rejected(new InetSocketAddress("192.0.2.7", 1), RejectReason.PREPARATION);
		assertThat(none.find((closed) -> true)).isEmpty();
	}

	@Test
	void whenManyThreadsAddThenNoneIsLostAndNoneIsTwice() throws Exception {
		ConnectionHistory large = new ConnectionHistory(1_000, this.diagnoses);
		try (ExecutorService executor = Executors.newFixedThreadPool(8)) {
			for (int i = 0; i < 8; i++) {
				int first = i * 250;
				executor.execute(() -> {
					for (int port = first; port < first + 250; port++) {
						large.rejected(new InetSocketAddress("192.0.2.7", port), RejectReason.PREPARATION);
					}
				});
			}
			executor.shutdown();
			assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
		}
		List<ClosedConnection> found = large.find((closed) -> true);
		assertThat(found).hasSize(1_000).extracting(ClosedConnection::peer).doesNotHaveDuplicates();
		List<Long> times = new ArrayList<>(found.stream().map((closed) -> -closed.closedNanos()).toList());
		assertThat(times).isSorted();
	}

	private void end() throws Exception {
		try (ServedConnection served = new ServedConnection(this.registry, ECHO)) {
			served.peer().send((byte) 1).receive(1);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
		}
	}

	private List<ClosedConnection> find() {
		return this.history.find((closed) -> true);
	}

	private ClosedConnection only() {
		assertThat(find()).hasSize(1);
		return find().getFirst();
	}

}
