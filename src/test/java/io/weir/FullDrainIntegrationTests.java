package io.weir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static io.weir.protocol.Recipe.DATA;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The stop of a server that is full, while clients wait in the kernel's accept queue.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class FullDrainIntegrationTests {

	private static final int PLACES = 50;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenTerminatedWhileFullThenThoseInTheQueueAreServedAsPlacesComeFree() throws Exception {
		try (WeirProcess weir = start(Duration.ofSeconds(20)); Clients clients = new Clients(weir.tcpPort())) {
			clients.fill(PLACES);
			List<Peer> queued = clients.queue(250);
			weir.terminate();
			weir.awaitLog("Draining");
			Awaitility.await("the first ones have been served on for a while")
				.pollDelay(Duration.ofSeconds(1))
				.until(() -> clients.isServed());
			clients.end();
			int answered = 0;
			Map<String, Integer> failures = new TreeMap<>();
			for (Peer peer : queued) {
				try {
					answered += (peer.receive(DATA.length).length == DATA.length) ? 1 : 0;
					assertThat(peer.endStream().receiveToEnd()).isEmpty();
				}
				catch (IOException ex) {
					failures.merge(String.valueOf(ex.getMessage()), 1, Integer::sum);
				}
			}
			assertThat(failures).as("failures of clients that waited in the queue").isEmpty();
			assertThat(answered).as("clients that waited in the queue and were answered").isEqualTo(queued.size());
			assertThat(weir.exitCode()).isEqualTo(143);
		}
	}

	@Test
	void whenTheGracePeriodEndsBeforeTheQueueIsEmptyThenTheLogSaysHowManyWereLeft() throws Exception {
		int waiting = 137;
		try (WeirProcess weir = start(Duration.ofSeconds(2)); Clients clients = new Clients(weir.tcpPort())) {
			clients.fill(PLACES);
			clients.queue(waiting);
			weir.terminate();
			assertThat(weir.exitCode()).isEqualTo(143);
			assertThat(lastLine(weir)).contains(PLACES + " cut at the end of the grace period")
				.containsPattern("\\b" + waiting + "\\b");
		}
	}

	private WeirProcess start(Duration gracePeriod) throws IOException {
		return WeirProcess.start(this.directory, Map.of(), "--tcp.server.port=0", "--tcp.server.protocol=echo",
				"--tcp.server.max-connections=" + PLACES, "--tcp.server.drain.grace-period=" + gracePeriod.toMillis())
			.awaitStarted();
	}

	private static String lastLine(WeirProcess weir) {
		return weir.log()
			.lines()
			.filter((line) -> line.contains("Stopped listening"))
			.reduce((first, second) -> second)
			.orElseThrow();
	}

	/**
	 * Clients that take all places and exchange bytes again and again, and others that
	 * wait.
	 */
	private static final class Clients implements AutoCloseable {

		private final List<Peer> all = new ArrayList<>();

		private final List<Future<Boolean>> served = new ArrayList<>();

		private final CountDownLatch enough = new CountDownLatch(1);

		private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

		private final int port;

		private Clients(int port) {
			this.port = port;
		}

		private void fill(int count) throws IOException {
			for (int i = 0; i < count; i++) {
				Peer peer = Peer.connect(this.port);
				this.all.add(peer);
				assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
				this.served.add(this.threads.submit(() -> exchange(peer)));
			}
		}

		private boolean exchange(Peer peer) throws IOException, InterruptedException {
			do {
				if (peer.send(DATA).receive(DATA.length).length < DATA.length) {
					return false;
				}
			}
			while (!this.enough.await(20, TimeUnit.MILLISECONDS));
			peer.close();
			return true;
		}

		private List<Peer> queue(int count) throws IOException {
			List<Peer> queued = new ArrayList<>();
			for (int i = 0; i < count; i++) {
				Peer peer = Peer.connect(this.port);
				this.all.add(peer);
				queued.add(peer.send(DATA));
			}
			return queued;
		}

		private boolean isServed() {
			return this.served.stream().noneMatch(Future::isDone);
		}

		private void end() throws Exception {
			this.enough.countDown();
			for (Future<Boolean> result : this.served) {
				assertThat(result.get(10, TimeUnit.SECONDS)).as("served to its end").isTrue();
			}
		}

		@Override
		public void close() throws IOException {
			this.enough.countDown();
			for (Peer peer : this.all) {
				peer.close();
			}
			this.threads.shutdownNow();
		}

	}

}
