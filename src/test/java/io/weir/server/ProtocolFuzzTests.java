package io.weir.server;

import io.weir.Footprint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.FakeDiagnostics;
import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.protocol.Protocol;
import io.weir.struct.StructFormat;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clients that behave at random, compared with a model of each protocol: which bytes come
 * back, and what the server counts, to the byte. A failure names its seed;
 * {@code -Dweir.fuzz.seed=} repeats just that one, {@code -Dweir.fuzz.first=} begins with
 * another one than 1.
 */
class ProtocolFuzzTests {

	private static final int[] CHUNK_SIZES = { 1, 7, 1024, 5000 };

	private static final String[] FORMATS = { "! I 2s Q 2h f", "B", "<3sQ", "1000s" };

	// What always fits into the socket buffers of both sides when nobody reads
	private static final int MAX_UNREAD = 30_000;

	private final Map<Scenario.Config, Server> servers = new HashMap<>();

	@AfterEach
	void stop() {
		this.servers.values().forEach((server) -> server.tcp.stop());
	}

	@ParameterizedTest
	@CsvSource({ "ECHO_RECORD, 700", "ECHO, 150", "RECORD, 150", "DISCARD, 60" })
	void whenAClientBehavesAtRandomThenAllIsAsTheModelSays(Protocol protocol, int count) {
		Long only = Long.getLong("weir.fuzz.seed");
		long first = Long.getLong("weir.fuzz.first", 1);
		LongStream seeds = (only != null) ? LongStream.of(only) : LongStream.range(first, first + count);
		seeds.forEach((seed) -> {
			Scenario scenario = new Scenario(protocol, seed);
			try {
				this.servers.computeIfAbsent(scenario.config, Server::new).check(scenario);
			}
			catch (Throwable ex) {
				throw new AssertionError("-Dweir.fuzz.seed=" + seed + ": " + scenario, ex);
			}
		});
	}

	/**
	 * How a client sends.
	 */
	private enum Mode {

		/** Waits for each answer before it goes on. */
		LOCK_STEP,

		/** All is in the kernel's queue before the server looks at it. */
		QUEUED,

		/** Sends all without waiting, then reads. */
		PIPELINED,

		/** Sends all without waiting, and reads meanwhile. */
		DUPLEX

	}

	/**
	 * What one client does, made from a seed.
	 */
	private static final class Scenario {

		/**
		 * What its server is set to.
		 */
		record Config(Protocol protocol, int chunkSize, String format, ConnectionThreads threads) {
		}

		private final Config config;

		private final Random random;

		private final Mode mode;

		private final boolean resets;

		// In lock step: what is sent before an answer is waited for. Else: one item
		private final List<byte[]> steps = new ArrayList<>();

		// In lock step with echo-record: the size of each echo unit
		private final List<Integer> units = new ArrayList<>();

		private final int longestSegment;

		private final double delays;

		Scenario(Protocol protocol, long seed) {
			this.random = new Random(seed);
			int chunk = this.random.nextInt(CHUNK_SIZES.length);
			int format = this.random.nextInt(FORMATS.length);
			ConnectionThreads[] threads = ConnectionThreads.values();
			this.config = new Config(protocol, CHUNK_SIZES[chunk], FORMATS[format],
					threads[(chunk + format) % threads.length]);
			this.mode = pick(Mode.values());
			this.resets = this.random.nextInt(5) == 0;
			this.longestSegment = pick(1, 50, 3000, 100_000);
			this.delays = pick(0.0, 0.0, 0.02, 0.2);
			if (this.mode == Mode.LOCK_STEP) {
				lockStep();
			}
			else {
				this.steps.add(bytes(length()));
			}
		}

		@SafeVarargs
		private <T> T pick(T... values) {
			return values[this.random.nextInt(values.length)];
		}

		byte[] bytes(int length) {
			byte[] bytes = new byte[length];
			this.random.nextBytes(bytes);
			return bytes;
		}

		int recordSize() {
			return StructFormat.parse(this.config.format).size();
		}

		// Often near a boundary of the protocol
		private int length() {
			int max = (this.longestSegment == 1) ? 1500
					: (this.mode == Mode.DUPLEX) ? pick(10_000, 300_000, 1_500_000) : MAX_UNREAD;
			if (this.longestSegment == 50) {
				max = Math.min(max, 10_000);
			}
			int exchange = recordSize() + ((this.config.protocol == Protocol.ECHO_RECORD) ? this.config.chunkSize : 0);
			int whole = this.random.nextInt(1 + max / exchange) * exchange;
			return switch (this.random.nextInt(4)) {
				case 0 -> whole;
				case 1 -> Math.max(0, whole - 1);
				case 2 -> Math.min(max, whole + 1);
				default -> this.random.nextInt(max + 1);
			};
		}

		// A record may be sent together with the next unit; at the end there may be less
		// than a record
		private void lockStep() {
			int count = this.random.nextInt(25);
			if (this.config.protocol != Protocol.ECHO_RECORD) {
				for (int i = 0; i < count; i++) {
					this.steps.add(bytes(1 + this.random.nextInt(pick(10, 3000))));
				}
				return;
			}
			for (int i = 0; i < count; i++) {
				int unit = pick(this.config.chunkSize, 1 + this.random.nextInt(this.config.chunkSize));
				this.units.add(unit);
				int before = (i == 0) ? 0 : recordSize();
				this.steps.add(bytes(before + unit));
			}
			if (count > 0) {
				this.steps.add(bytes(this.random.nextInt(1 + recordSize())));
			}
		}

		/**
		 * Sends bytes in segments, the last of them at least so long.
		 */
		void send(Peer peer, byte[] bytes, int last) throws IOException {
			int position = 0;
			while (position < bytes.length) {
				int split = bytes.length - last - position;
				int length = (split > 0) ? Math.min(split, 1 + this.random.nextInt(this.longestSegment))
						: bytes.length - position;
				// Sometimes the last one takes with it what comes before
				if (length == split && this.random.nextBoolean()) {
					length += last;
				}
				peer.send(Arrays.copyOfRange(bytes, position, position + length));
				position += length;
				if (this.random.nextDouble() < this.delays) {
					LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(this.random.nextInt(300)));
				}
			}
		}

		byte[] stream() {
			ByteArrayOutputStream stream = new ByteArrayOutputStream();
			this.steps.forEach(stream::writeBytes);
			return stream.toByteArray();
		}

		@Override
		public String toString() {
			return this.config + " " + this.mode + (this.resets ? " RESETS" : "") + ", sends "
					+ this.steps.stream().map((bytes) -> bytes.length).toList() + " in segments of up to "
					+ this.longestSegment + ((this.delays > 0) ? " with delays" : "");
		}

	}

	/**
	 * What must come of a stream that the client has ended.
	 */
	@SuppressWarnings("ArrayRecordComponent") // Never compared as a whole
	private record Model(byte[] echo, long records, CloseReason reason) {

		/**
		 * With echo-record: by the sizes of the units; a unit that is not listed is a
		 * whole chunk.
		 */
		static Model of(Scenario scenario) {
			byte[] stream = scenario.stream();
			int record = scenario.recordSize();
			if (stream.length == 0) {
				return new Model(stream, 0, CloseReason.EMPTY);
			}
			return switch (scenario.config.protocol) {
				case ECHO -> new Model(stream, 0, CloseReason.END_OF_STREAM);
				case DISCARD -> new Model(new byte[0], 0, CloseReason.END_OF_STREAM);
				case RECORD -> new Model(new byte[0], stream.length / record, end(stream.length % record));
				case ECHO_RECORD -> echoRecord(stream, scenario.units, scenario.config.chunkSize, record);
			};
		}

		private static Model echoRecord(byte[] stream, List<Integer> units, int chunk, int record) {
			ByteArrayOutputStream echo = new ByteArrayOutputStream();
			int position = 0;
			for (int i = 0; position < stream.length; i++) {
				int unit = Math.min((i < units.size()) ? units.get(i) : chunk, stream.length - position);
				echo.write(stream, position, unit);
				position += unit;
				if (stream.length - position < record) {
					return new Model(echo.toByteArray(), i, end(stream.length - position));
				}
				position += record;
			}
			return new Model(echo.toByteArray(), (stream.length - echo.size()) / record, end(0));
		}

		/**
		 * With echo-record, when the sizes of the units are left to chance: what came
		 * back says how much of the stream was no echo. It must be whole records, each
		 * after a unit, and less than one at the end.
		 */
		static Model ofAnyUnits(Scenario scenario, byte[] echo) {
			byte[] stream = scenario.stream();
			int record = scenario.recordSize();
			int notEchoed = stream.length - echo.length;
			assertThat(notEchoed).as("more came back than was sent").isNotNegative();
			int records = notEchoed / record;
			// Where in the echo the next unit may begin
			Set<Integer> begins = Set.of(0);
			for (int i = 0; i < records; i++) {
				begins = ends(stream, i * record, echo, begins, scenario.config.chunkSize);
			}
			boolean legal = (begins.contains(echo.length) && notEchoed % record == 0)
					|| ends(stream, records * record, echo, begins, scenario.config.chunkSize).contains(echo.length);
			assertThat(legal)
				.as("%d of %d bytes came back, which no sequence of units explains", echo.length, stream.length)
				.isTrue();
			return new Model(echo, records, (stream.length == 0) ? CloseReason.EMPTY : end(notEchoed % record));
		}

		// Where units may end that begin at one of these positions
		private static Set<Integer> ends(byte[] stream, int shift, byte[] echo, Set<Integer> begins, int chunk) {
			Set<Integer> ends = new TreeSet<>();
			for (int begin : begins) {
				int max = Math.min(Math.min(chunk, echo.length - begin), stream.length - shift - begin);
				for (int i = begin; i < begin + max && echo[i] == stream[shift + i]; i++) {
					ends.add(i + 1);
				}
			}
			return ends;
		}

		private static CloseReason end(int rest) {
			return (rest == 0) ? CloseReason.END_OF_STREAM : CloseReason.PARTIAL_RECORD;
		}

	}

	/**
	 * A running server, one connection at a time.
	 */
	private static final class Server {

		private final ConnectionRegistry registry = new ConnectionRegistry();

		private final TcpServer tcp;

		private volatile CountDownLatch gate = new CountDownLatch(0);

		Server(Scenario.Config config) {
			ConnectionHandler handler = config.protocol.handler(config.chunkSize, StructFormat.parse(config.format));
			this.tcp = Settings.server(Settings.LISTENER, Settings.SOCKETS, new ServingSettings(1, config.threads,
					Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO), (connection) -> {
						awaitOpen();
						handler.handle(connection);
					}, this.registry, new FakeDiagnostics());
			this.tcp.start();
		}

		private void awaitOpen() {
			try {
				this.gate.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

		void check(Scenario scenario) throws Exception {
			Totals before = this.registry.totals();
			long accepted = this.registry.totals().accepted();
			this.gate = new CountDownLatch((scenario.mode == Mode.QUEUED) ? 1 : 0);
			try (Peer peer = Peer.connect(Objects.requireNonNull(this.tcp.address()).getPort())) {
				Model model = Model.of(scenario);
				CompletableFuture<byte[]> duplex = new CompletableFuture<>();
				switch (scenario.mode) {
					case LOCK_STEP -> lockStep(scenario, model, peer, before);
					case QUEUED -> {
						sendAll(scenario, peer);
						await().until(() -> queued() == scenario.stream().length);
						this.gate.countDown();
					}
					case PIPELINED -> sendAll(scenario, peer);
					case DUPLEX -> {
						Thread.ofVirtual().start(() -> duplex.complete(readToEnd(peer)));
						sendAll(scenario, peer);
					}
				}
				if (scenario.resets) {
					peer.reset();
					awaitClosed(accepted + 1);
					checkReset(scenario, model, minus(before));
				}
				else {
					peer.endStream();
					byte[] rest = (scenario.mode == Mode.DUPLEX) ? duplex.get(20, TimeUnit.SECONDS)
							: peer.receiveToEnd();
					awaitClosed(accepted + 1);
					checkEnd(scenario, model, rest, minus(before));
				}
			}
			finally {
				this.gate.countDown();
			}
			assertThat(this.registry.totals().accepted()).isEqualTo(accepted + 1);
		}

		private static ConditionFactory await() {
			return Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofNanos(100_000));
		}

		private long queued() throws IOException {
			var connections = this.registry.connections().iterator();
			return connections.hasNext() ? Footprint.queuedBytes(connections.next().channel()) : -1;
		}

		private void awaitClosed(long accepted) {
			await().until(() -> this.registry.totals().accepted() == accepted && this.registry.active() == 0);
		}

		private static void sendAll(Scenario scenario, Peer peer) throws IOException {
			scenario.send(peer, scenario.steps.getFirst(), 0);
		}

		private static byte[] readToEnd(Peer peer) {
			try {
				return peer.receiveToEnd();
			}
			catch (IOException ex) {
				// A reset's own end; else nothing, which is missed
				return new byte[0];
			}
		}

		// A unit is one write, and so one segment: what has come when it begins is all of
		// it
		private void lockStep(Scenario scenario, Model model, Peer peer, Totals before) throws IOException {
			int position = 0;
			long sent = before.bytesReceived();
			for (int i = 0; i < scenario.steps.size(); i++) {
				byte[] step = scenario.steps.get(i);
				int echo = switch (scenario.config.protocol) {
					case ECHO -> step.length;
					case ECHO_RECORD -> (i < scenario.units.size()) ? scenario.units.get(i) : 0;
					case RECORD, DISCARD -> 0;
				};
				scenario.send(peer, step, (scenario.config.protocol == Protocol.ECHO_RECORD) ? echo : 0);
				sent += step.length;
				assertThat(peer.receive(echo)).as("step %d", i)
					.isEqualTo(Arrays.copyOfRange(model.echo, position, position + echo));
				position += echo;
			}
			long all = sent;
			await().until(() -> this.registry.totals().bytesReceived() == all);
		}

		private static void checkEnd(Scenario scenario, Model exact, byte[] echo, Totals counted) {
			Model model = exact;
			switch (scenario.mode) {
				case LOCK_STEP -> assertThat(echo).isEmpty();
				case QUEUED -> assertThat(echo).isEqualTo(exact.echo);
				case PIPELINED, DUPLEX -> {
					if (scenario.config.protocol == Protocol.ECHO_RECORD) {
						model = Model.ofAnyUnits(scenario, echo);
					}
					assertThat(Arrays.mismatch(echo, model.echo)).as("first byte that is another").isEqualTo(-1);
				}
			}
			assertThat(counted)
				.isEqualTo(totals(scenario.stream().length, model.echo.length, model.records, model.reason));
		}

		// In lock step the server has read and answered all. Else it may have got any
		// part
		private static void checkReset(Scenario scenario, Model model, Totals counted) {
			long received = scenario.stream().length;
			long sent = model.echo.length;
			long records = model.records;
			if (scenario.mode != Mode.LOCK_STEP) {
				assertThat(counted.bytesReceived()).isLessThanOrEqualTo(received);
				received = counted.bytesReceived();
				switch (scenario.config.protocol) {
					case ECHO -> assertThat(counted.bytesSent()).isLessThanOrEqualTo(received);
					case RECORD -> records = received / scenario.recordSize();
					case ECHO_RECORD -> {
						assertThat(counted.bytesSent() + counted.records() * scenario.recordSize())
							.isLessThanOrEqualTo(received);
						records = counted.records();
					}
					case DISCARD -> assertThat(sent).isZero();
				}
				sent = (sent > 0) ? counted.bytesSent() : 0;
			}
			assertThat(counted)
				.isEqualTo(totals(received, sent, records, (received > 0) ? CloseReason.RESET : CloseReason.EMPTY));
		}

		private static Totals totals(long received, long sent, long records, CloseReason reason) {
			Map<CloseReason, Long> closed = new EnumMap<>(CloseReason.class);
			for (CloseReason each : CloseReason.values()) {
				closed.put(each, (each == reason) ? 1L : 0L);
			}
			return new Totals(0, received, sent, records, 0, closed, Map.of());
		}

		private Totals minus(Totals before) {
			Totals now = this.registry.totals();
			Map<CloseReason, Long> closed = new EnumMap<>(CloseReason.class);
			now.closed().forEach((reason, count) -> closed.put(reason, count - before.closed(reason)));
			return new Totals(now.active(), now.bytesReceived() - before.bytesReceived(),
					now.bytesSent() - before.bytesSent(), now.records() - before.records(),
					now.bytesUnanswered() - before.bytesUnanswered(), closed, Map.of());
		}

	}

}
