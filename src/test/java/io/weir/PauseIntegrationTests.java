package io.weir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static io.weir.protocol.Recipe.DATA;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process that did not run for longer than its timeouts (a suspended machine, a
 * throttled container) ends nobody whose bytes came meanwhile.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs SIGSTOP and /proc")
class PauseIntegrationTests {

	// The process is stopped before it is over for the first of many clients
	private static final Duration TIMEOUT = Duration.ofSeconds(5);

	private static final Duration PAUSE = Duration.ofMillis(8500);

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenTheProcessIsStoppedForLongerThanTheIdleTimeoutThenAllThatSendMeanwhileAreAnswered() throws Exception {
		List<Peer> peers = new ArrayList<>();
		try (WeirProcess weir = start(); Actuator actuator = weir.actuator()) {
			connect(weir, 200, peers);
			// One that sends nothing is idle all the same
			Peer silent = connect(weir, 1, peers).getLast();
			weir.signal("STOP");
			for (Peer peer : peers) {
				if (peer != silent) {
					peer.send(DATA);
				}
			}
			pause(weir);
			weir.signal("CONT");
			int answered = 0;
			for (Peer peer : peers) {
				answered += (peer != silent && isAnswered(peer)) ? 1 : 0;
			}
			assertThat(answered).as("clients that are answered").isEqualTo(200);
			assertThat(silent.receiveToEnd()).isEmpty();
			Awaitility.await()
				.atMost(TIMEOUT.plusSeconds(15))
				.until(() -> actuator.json("/tcpserver").at("/connections/active").asInt() == 0);
			assertThat(actuator.json("/tcpserver").at("/connections/closed/idle_timeout").asInt()).isEqualTo(201);
		}
		finally {
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	@Test
	void whenTheProcessIsStoppedForLongerThanTheWriteTimeoutThenThoseThatReadMeanwhileGetAll() throws Exception {
		int size = 2_000_000;
		List<Peer> peers = new ArrayList<>();
		try (WeirProcess weir = start("--tcp.server.send-buffer-size=16KB", "--tcp.server.receive-buffer-size=16KB");
				Actuator actuator = weir.actuator();
				ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
			connect(weir, 20, peers);
			List<Future<Peer>> sends = new ArrayList<>();
			for (Peer peer : peers) {
				sends.add(threads.submit(() -> peer.send(new byte[size])));
			}
			Awaitility.await("all writes are blocked").until(() -> writing(actuator) == peers.size());
			weir.signal("STOP");
			List<Future<Integer>> counts = new ArrayList<>();
			for (Peer peer : peers) {
				counts.add(threads.submit(() -> count(peer, size)));
			}
			pause(weir);
			weir.signal("CONT");
			int complete = 0;
			for (Future<Integer> count : counts) {
				complete += (count.get(20, TimeUnit.SECONDS) == size) ? 1 : 0;
			}
			assertThat(complete).as("clients that get all").isEqualTo(peers.size());
			for (Future<Peer> send : sends) {
				assertThat(send.get(10, TimeUnit.SECONDS)).isNotNull();
			}
		}
		finally {
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	private WeirProcess start(String... more) throws IOException {
		List<String> arguments = new ArrayList<>(List.of("--tcp.server.port=0", "--tcp.server.protocol=echo",
				"--tcp.server.idle-timeout=" + TIMEOUT.toMillis(), "--tcp.server.write-timeout=" + TIMEOUT.toMillis()));
		arguments.addAll(List.of(more));
		return WeirProcess.start(this.directory, Map.of(), arguments.toArray(String[]::new)).awaitStarted();
	}

	private static List<Peer> connect(WeirProcess weir, int count, List<Peer> peers) throws IOException {
		for (int i = 0; i < count; i++) {
			Peer peer = Peer.connect(weir.tcpPort());
			peers.add(peer);
			// Also of those that read while the process is stopped
			peer.timeout(30_000);
			assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
		}
		return peers;
	}

	private static void pause(WeirProcess weir) {
		Awaitility.await("a pause")
			.during(PAUSE)
			.atMost(PAUSE.plusSeconds(20))
			.until(() -> Files.readString(Path.of("/proc", Long.toString(weir.pid()), "status")).contains("State:\tT"));
	}

	// An end or a reset is no answer
	private static boolean isAnswered(Peer peer) {
		try {
			return peer.receive(DATA.length).length == DATA.length;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static int count(Peer peer, int count) {
		try {
			return peer.receive(count).length;
		}
		catch (IOException ex) {
			return -1;
		}
	}

	private static int writing(Actuator actuator) throws Exception {
		int writing = 0;
		for (var connection : actuator.json("/tcpconnections").at("/connections")) {
			writing += connection.at("/state").asString().equals("writing") ? 1 : 0;
		}
		return writing;
	}

}
