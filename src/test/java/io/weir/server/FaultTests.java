package io.weir.server;

import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.weir.Bystander;
import io.weir.CapturedLog;
import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.api.ConnectionHandler;
import io.weir.protocol.Protocol;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What peers, handlers and operators do to a running server, one fault a test. In each
 * test another client is served meanwhile as ever.
 */
class FaultTests extends FaultTest {

	@Test
	void whenMoreClientsComeThanMayBeOpenThenAllAreServedInTurn() throws Exception {
		this.maxConnections = 8;
		TcpServer server = start(Protocol.ECHO);
		Bystander other = bystander(server);
		Awaitility.await().until(() -> other.exchanges() > 0);
		List<Peer> peers = new ArrayList<>();
		for (int i = 0; i < this.maxConnections + 50; i++) {
			peers.add(connect(server).send(DATA));
		}
		Awaitility.await().until(() -> server.status().state() == ServerState.FULL);
		assertThat(this.registry.active()).isEqualTo(this.maxConnections);
		for (Peer peer : peers) {
			assertThat(peer.receive(DATA.length)).isEqualTo(DATA);
			peer.close();
		}
		awaitClosed(CloseReason.END_OF_STREAM, peers.size());
		Awaitility.await().until(() -> server.status().state() == ServerState.ACCEPTING);
	}

	@Test
	void whenAHandlerThrowsAnErrorThenItsPermitIsGivenBack() throws Exception {
		// One place, and one for the other client
		this.maxConnections = 2;
		AtomicInteger failures = new AtomicInteger();
		ConnectionHandler echo = Protocol.ECHO.handler(1024, RECORD);
		TcpServer server = start((connection) -> {
			if (failures.getAndDecrement() > 0) {
				throw new StackOverflowError("injected");
			}
			echo.handle(connection);
		});
		bystander(server).awaitServed();
		failures.set(3);
		for (int i = 0; i < 3; i++) {
			assertThat(connect(server).receiveToEnd()).isEmpty();
		}
		awaitClosed(CloseReason.HANDLER_ERROR, 3);
		assertEchoed(connect(server));
	}

	@Test
	void whenAPeerResetsThenOnlyItsConnectionEndsAsReset() throws Exception {
		TcpServer server = start(Protocol.ECHO_RECORD);
		Bystander other = bystander(server, Protocol.ECHO_RECORD);
		try (CapturedLog log = CapturedLog.info("io.weir")) {
			Peer midRead = connect(server);
			assertEchoed(midRead);
			midRead.reset();
			Peer midRecord = connect(server);
			assertEchoed(midRecord);
			midRecord.send(new byte[10]);
			Connection connection = connection(midRecord);
			Awaitility.await().until(() -> connection.bytesReceived() == DATA.length + 10);
			midRecord.reset();
			awaitClosed(CloseReason.RESET, 2);
			assertThat(log.events()).isEmpty();
		}
		other.awaitServed();
		other.close();
		awaitClosed(CloseReason.END_OF_STREAM, 1);
	}

	@Test
	void whenAPeerResetsMidWriteThenItsConnectionEndsAsReset() throws Exception {
		TcpServer server = start(Protocol.ECHO);
		Bystander other = bystander(server);
		try (CapturedLog log = CapturedLog.info("io.weir")) {
			SocketChannel peer = blockPeers(server, 1).getFirst();
			other.awaitServed();
			peer.setOption(StandardSocketOptions.SO_LINGER, 0);
			peer.close();
			awaitClosed(CloseReason.RESET, 1);
			assertThat(log.events()).isEmpty();
		}
		assertEchoed(connect(server));
	}

	@Test
	void whenManyConnectionsComeAndGoThenCountsAreExactAndNoneIsLeft() throws Exception {
		TcpServer server = start(Protocol.ECHO);
		int port = port(server);
		int clients = 8;
		int each = 2_500;
		try (ExecutorService executor = Executors.newFixedThreadPool(clients)) {
			List<Future<?>> results = new ArrayList<>();
			for (int client = 0; client < clients; client++) {
				results.add(executor.submit(() -> {
					for (int i = 0; i < each; i++) {
						try (Peer peer = Peer.connect(port)) {
							assertEchoed(peer);
							peer.endStream().receiveToEnd();
						}
					}
					return null;
				}));
			}
			for (Future<?> result : results) {
				result.get();
			}
		}
		awaitNoneActive();
		long count = (long) clients * each;
		assertThat(this.registry.totals().accepted()).isEqualTo(count);
		assertThat(closed(CloseReason.END_OF_STREAM)).isEqualTo(count);
		assertThat(this.registry.totals().bytesReceived()).isEqualTo(count * DATA.length);
		assertThat(this.registry.totals().bytesSent()).isEqualTo(count * DATA.length);
	}

	@Test
	void whenTheOperatorClosesAConnectionThenThePeerGetsFinAndCanStillSend() throws Exception {
		TcpServer server = start(Protocol.ECHO);
		Peer peer = connect(server);
		assertEchoed(peer);
		Connection connection = this.registry.connections().iterator().next();
		Peer other = connect(server);
		assertEchoed(other);
		assertThat(connection.end(CloseReason.CLOSED_BY_OPERATOR)).isTrue();
		for (int part = 1; part <= 3; part++) {
			long expected = 2L * DATA.length + part * 1000L;
			peer.send(new byte[1000]);
			// In the one second for which it is read on
			Awaitility.await()
				.pollDelay(Duration.ZERO)
				.pollInterval(Duration.ofMillis(1))
				.until(() -> this.registry.totals().bytesReceived() == expected);
		}
		assertThat(peer.receiveToEnd()).isEmpty();
		peer.close();
		awaitClosed(CloseReason.CLOSED_BY_OPERATOR, 1);
		assertEchoed(other);
		assertThat(this.registry.totals().bytesUnanswered()).isEqualTo(3000);
	}

}
