package io.weir;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.weir.records.BreakableDisk;
import io.weir.records.SmallDisk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Records on their way out of the jar: nothing is lost, whatever happens to the output.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
@EnabledOnOs(value = OS.LINUX, disabledReason = "uses FIFOs, a tmpfs and signals")
class RecordsIntegrationTests {

	private static final int RECORD = 16;

	private static final JsonMapper JSON = new JsonMapper();

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenFiveMillionRecordsComeThenEachIsInTheFilesOnceAndInItsOrder() throws Exception {
		int connections = 64;
		int each = 80_000;
		Path file = this.directory.resolve("records.jsonl");
		try (WeirProcess weir = toFile(file, "--tcp.server.records.max-file-size=100MB");
				Actuator actuator = weir.actuator()) {
			send(weir.tcpPort(), connections, each);
			awaitWritten(actuator, (long) connections * each);
			JsonNode records = actuator.json("/tcpserver").get("records");
			assertThat(records.get("unpacked").longValue()).isEqualTo((long) connections * each);
			assertThat(records.get("failed").longValue()).isZero();
			assertThat(records.get("pending").longValue()).isZero();
			assertThat(actuator.text("/prometheus")).contains("tcp_server_records_total{result=\"written\"} 5120000.0",
					"tcp_server_records_pending 0.0");
			List<Path> files = files();
			assertThat(files).hasSizeGreaterThan(4);
			long lines = 0;
			Map<Long, Long> next = new HashMap<>();
			for (Path one : files) {
				assertThat(Files.size(one)).isLessThanOrEqualTo(100 << 20);
				lines += assertOrder(one, next);
			}
			assertThat(lines).isEqualTo((long) connections * each);
			assertThat(next.values()).containsOnly((long) each);
		}
	}

	@Test
	void whenTheDiskIsFullThenPeersWaitAndNothingIsLost() throws Exception {
		int each = 50_000;
		try (SmallDisk disk = new SmallDisk(Files.createDirectory(this.directory.resolve("disk")))) {
			Path file = disk.path().resolve("records.jsonl");
			try (WeirProcess weir = toFile(file); Actuator actuator = weir.actuator()) {
				CompletableFuture<Void> sent = sendInBackground(weir.tcpPort(), 4, each);
				Awaitility.await()
					.atMost(Duration.ofSeconds(20))
					.until(() -> actuator.json("/tcpserver").toString().contains("No space left on device"));
				weir.awaitLog("No space left on device");
				JsonNode records = actuator.json("/tcpserver").get("records");
				assertThat(records.get("written").longValue() + records.get("pending").longValue())
					.isEqualTo(records.get("unpacked").longValue());
				assertThat(records.get("failed").longValue()).isZero();
				// Others are served meanwhile, and the actuator is
				assertThat(actuator.json("/health/readiness").get("status").stringValue()).isEqualTo("UP");
				Awaitility.await().during(Duration.ofSeconds(2)).until(() -> !sent.isDone());
				disk.grow(100);
				sent.get(60, TimeUnit.SECONDS);
				awaitWritten(actuator, 4L * each);
				Map<Long, Long> next = new HashMap<>();
				assertThat(assertOrder(file, next)).isEqualTo(4L * each);
				assertThat(next.values()).containsOnly((long) each);
				assertThat(actuator.json("/tcpserver").get("findings").toString()).doesNotContain("No space");
				assertThat(weir.log().lines().filter((line) -> line.contains("No space left on device"))).hasSize(1);
			}
		}
	}

	@Test
	void whenTheDiskFailsThenPeersWaitAndNothingIsLost() throws Exception {
		int each = 20_000;
		try (BreakableDisk disk = new BreakableDisk(Files.createDirectory(this.directory.resolve("disk")))) {
			Path file = disk.path().resolve("records.jsonl");
			try (WeirProcess weir = toFile(file); Actuator actuator = weir.actuator()) {
				send(weir.tcpPort(), 1, 1000);
				awaitWritten(actuator, 1000);
				disk.breakDown();
				CompletableFuture<Void> sent = sendInBackground(weir.tcpPort(), 4, each);
				Awaitility.await()
					.atMost(Duration.ofSeconds(20))
					.until(() -> actuator.json("/tcpserver").get("findings").toString().contains("Input/output error"));
				assertThat(actuator.json("/tcpserver").at("/records/failed").longValue()).isZero();
				assertThat(sent).isNotDone();
				disk.mend();
				sent.get(60, TimeUnit.SECONDS);
				awaitWritten(actuator, 1000 + 4L * each);
			}
			disk.mountAgain();
			try (Stream<String> lines = Files.lines(file)) {
				Map<Long, Long> next = new HashMap<>();
				lines.skip(1000).forEach((line) -> assertNext(line, next));
				assertThat(next).hasSize(4).values().containsOnly((long) each);
			}
		}
	}

	@Test
	void whenNobodyReadsAFifoForTenSecondsThenPeersWaitAndNothingIsLost() throws Exception {
		Path fifo = this.directory.resolve("fifo");
		assumeTrue(Command.succeeds("mkfifo", fifo.toString()), "there is no mkfifo");
		int each = 50_000;
		try (WeirProcess weir = toFile(fifo, "--tcp.server.idle-timeout=4s"); Actuator actuator = weir.actuator()) {
			CompletableFuture<Void> sent = sendInBackground(weir.tcpPort(), 2, each);
			Awaitility.await()
				.atMost(Duration.ofSeconds(20))
				.until(() -> actuator.json("/tcpserver").get("findings").toString().contains("a write is blocked"));
			// Longer than a connection may be idle
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.during(Duration.ofSeconds(10))
				.until(() -> !sent.isDone());
			assertThat(actuator.json("/tcpserver").at("/connections/active").intValue()).isEqualTo(2);
			Map<Long, Long> next = new HashMap<>();
			try (BufferedReader reader = Files.newBufferedReader(fifo)) {
				for (int i = 0; i < 2 * each; i++) {
					assertNext(reader.readLine(), next);
				}
			}
			sent.get(60, TimeUnit.SECONDS);
			assertThat(next.values()).containsOnly((long) each);
			awaitWritten(actuator, 2L * each);
		}
	}

	@Test
	void whenAFifoIsReadSlowlyThenPeersWaitAndNothingIsLost() throws Exception {
		Path fifo = this.directory.resolve("fifo");
		assumeTrue(Command.succeeds("mkfifo", fifo.toString()), "there is no mkfifo");
		int each = 50_000;
		try (WeirProcess weir = toFile(fifo, "--tcp.server.idle-timeout=4s"); Actuator actuator = weir.actuator()) {
			CompletableFuture<Void> sent = sendInBackground(weir.tcpPort(), 2, each);
			ByteArrayOutputStream read = new ByteArrayOutputStream();
			try (InputStream in = Files.newInputStream(fifo)) {
				// 1 KB a second
				for (int i = 0; i < 5; i++) {
					read.write(in.readNBytes(1024));
					Awaitility.await().during(Duration.ofSeconds(1)).until(() -> !sent.isDone());
				}
				assertThat(actuator.json("/health/readiness").get("status").stringValue()).isEqualTo("UP");
				Map<Long, Long> next = new HashMap<>();
				BufferedReader rest = new BufferedReader(
						new InputStreamReader(new SequenceInputStream(new ByteArrayInputStream(read.toByteArray()), in),
								StandardCharsets.UTF_8));
				for (int i = 0; i < 2 * each; i++) {
					assertNext(rest.readLine(), next);
				}
				assertThat(next).hasSize(2).values().containsOnly((long) each);
			}
			sent.get(60, TimeUnit.SECONDS);
			awaitWritten(actuator, 2L * each);
		}
	}

	@Test
	void whenAClientBehindAProxyHasIpv6ThenItsLinesSaySo() throws Exception {
		Path file = this.directory.resolve("records.jsonl");
		try (WeirProcess weir = toFile(file, "--tcp.server.proxy-protocol.enabled=true",
				"--tcp.server.proxy-protocol.trusted=127.0.0.1"); Peer proxy = Peer.connect(weir.tcpPort())) {
			proxy.send(
					"PROXY TCP6 2001:0db8:0:0:0:0:0:7 2001:db8::1 40112 9999\r\n".getBytes(StandardCharsets.US_ASCII));
			proxy.send(ByteBuffer.allocate(RECORD).putLong(1).putLong(2).array());
			Awaitility.await().until(() -> Files.exists(file) && Files.size(file) > 0);
			assertThat(JSON.readTree(Files.readString(file)).get("peer").stringValue())
				.isEqualTo("[2001:db8::7]:40112");
		}
	}

	@Test
	void whenLogrotateRenamesAndRemovesThenEveryRecordIsInOneOfTheFiles() throws Exception {
		int each = 100_000;
		Path file = this.directory.resolve("records.jsonl");
		try (WeirProcess weir = toFile(file); Actuator actuator = weir.actuator()) {
			CompletableFuture<Void> sent = sendInBackground(weir.tcpPort(), 2, each);
			int rotations = 0;
			while (!sent.isDone()) {
				if (Files.exists(file) && Files.size(file) > 0) {
					Files.move(file, this.directory.resolve("rotated.%05d".formatted(rotations++)));
				}
				Thread.onSpinWait();
			}
			sent.get();
			awaitWritten(actuator, 2L * each);
			assertThat(rotations).isGreaterThan(3);
			Map<Long, Long> next = new HashMap<>();
			long lines = 0;
			for (Path one : files()) {
				lines += assertOrder(one, next);
			}
			assertThat(lines).isEqualTo(2L * each);
			Files.deleteIfExists(file);
			send(weir.tcpPort(), 1, 10);
			awaitWritten(actuator, 2L * each + 10);
			assertThat(Files.readAllLines(file)).hasSize(10);
		}
	}

	@Test
	void whenItIsKilledInAWriteThenTheNextOneLeavesWholeLinesAlone() throws Exception {
		Path file = this.directory.resolve("records.jsonl");
		try (WeirProcess weir = toFile(file)) {
			CompletableFuture<Void> sent = sendInBackground(weir.tcpPort(), 2, 1_000_000);
			Awaitility.await().until(() -> Files.exists(file) && Files.size(file) > 1_000_000);
			weir.signal("KILL");
			weir.exitCode();
			Awaitility.await().until(sent::isCompletedExceptionally);
		}
		long before = Files.readAllLines(file).size();
		try (WeirProcess weir = toFile(file); Actuator actuator = weir.actuator()) {
			send(weir.tcpPort(), 1, 1000);
			awaitWritten(actuator, 1000);
		}
		List<String> lines = Files.readAllLines(file);
		assertThat(lines).hasSize((int) before + 1000);
		List<String> broken = lines.stream().filter((line) -> !line.endsWith("}")).toList();
		assertThat(broken).hasSizeLessThanOrEqualTo(1);
		lines.stream().filter((line) -> !broken.contains(line)).forEach(JSON::readTree);
	}

	@Test
	void whenItIsStoppedThenWhatIsPendingIsWrittenAndTheLastLineSaysSo() throws Exception {
		int each = 100_000;
		Path file = this.directory.resolve("records.jsonl");
		try (WeirProcess weir = toFile(file, "--tcp.server.drain.grace-period=10s")) {
			send(weir.tcpPort(), 4, each);
			weir.terminate();
			assertThat(weir.exitCode()).isEqualTo(143);
			assertThat(weir.log()).contains(", 0 records could not be written");
		}
		Map<Long, Long> next = new HashMap<>();
		assertThat(assertOrder(file, next)).isEqualTo(4L * each);
	}

	@Test
	void whenItIsStoppedAndNobodyReadsThenItEndsInTimeAndSaysHowManyAreLost() throws Exception {
		Path fifo = this.directory.resolve("fifo");
		assumeTrue(Command.succeeds("mkfifo", fifo.toString()), "there is no mkfifo");
		try (WeirProcess weir = toFile(fifo, "--tcp.server.drain.grace-period=1s");
				Actuator actuator = weir.actuator()) {
			Process reader = new ProcessBuilder("sh", "-c", "exec 3< " + fifo + "; read line; cat <&3").start();
			CompletableFuture<Void> sent = sendInBackground(weir.tcpPort(), 2, 100_000);
			Awaitility.await()
				.atMost(Duration.ofSeconds(20))
				.until(() -> actuator.json("/tcpserver").get("findings").toString().contains("a write is blocked"));
			long unpacked = awaitNoMoreUnpacked(actuator);
			long begin = System.nanoTime();
			weir.terminate();
			assertThat(weir.exitCode()).isEqualTo(143);
			// The grace period and 8 s
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1 + 8));
			Awaitility.await().until(sent::isDone);
			reader.getOutputStream().write('\n');
			reader.getOutputStream().close();
			long whole = new String(reader.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).chars()
				.filter((one) -> one == '\n')
				.count();
			assertThat(weir.log()).contains(", " + (unpacked - whole) + " records could not be written");
		}
	}

	@Test
	void whenRecordsGoToStandardOutputThenTheLogGoesToStandardError() throws Exception {
		Path out = this.directory.resolve("out");
		Path err = this.directory.resolve("err");
		try (WeirProcess weir = WeirProcess.start(List.of("sh", "-c", "exec \"$@\" > " + out + " 2> " + err + "", "sh"),
				this.directory, Map.of(), "--tcp.server.port=0", "--tcp.server.protocol=record",
				"--tcp.server.record-format=!QQ", "--tcp.server.records.output=stdout",
				"--logging.structured.format.console=ecs")) {
			Awaitility.await()
				.atMost(Duration.ofSeconds(60))
				.until(() -> Files.exists(err) && Files.readString(err).contains("Started WeirApplication"));
			int port = Integer.parseInt(Files.readString(err).replaceAll("(?s).*Listening on [\\d.]+:(\\d+) .*", "$1"));
			send(port, 4, 10_000);
			Map<Long, Long> next = new HashMap<>();
			Awaitility.await().until(() -> Files.readAllLines(out).size() == 40_000);
			assertThat(assertOrder(out, next)).isEqualTo(40_000);
			weir.terminate();
			assertThat(weir.exitCode()).isEqualTo(143);
			assertThat(Files.readAllLines(err)).hasSizeGreaterThan(5)
				.filteredOn((line) -> line.startsWith("{"))
				.isNotEmpty()
				.allSatisfy((line) -> assertThat(JSON.readTree(line).get("ecs")).isNotNull());
			assertThat(Files.readAllLines(out)).hasSize(40_000);
		}
	}

	// The buffer is full: a peer may fill it later than a write is blocked
	private static long awaitNoMoreUnpacked(Actuator actuator) {
		AtomicLong last = new AtomicLong(-1);
		return Awaitility.await()
			.pollInterval(Duration.ofSeconds(1))
			.until(() -> actuator.json("/tcpserver").at("/records/unpacked").longValue(),
					(unpacked) -> last.getAndSet(unpacked) == unpacked);
	}

	private WeirProcess toFile(Path file, String... more) throws IOException {
		List<String> arguments = new ArrayList<>(List.of("--tcp.server.port=0", "--tcp.server.protocol=record",
				"--tcp.server.record-format=!QQ", "--tcp.server.records.fields=client, number",
				"--tcp.server.records.output=file", "--tcp.server.records.file=" + file));
		arguments.addAll(List.of(more));
		return WeirProcess.start(this.directory, Map.of(), arguments.toArray(String[]::new)).awaitStarted();
	}

	private static void send(int port, int connections, int each) throws Exception {
		sendInBackground(port, connections, each).get(2, TimeUnit.MINUTES);
	}

	// Done when the server has read all and ended each connection
	private static CompletableFuture<Void> sendInBackground(int port, int connections, int each) {
		CompletableFuture<?>[] all = new CompletableFuture<?>[connections];
		for (int c = 0; c < connections; c++) {
			long client = c;
			CompletableFuture<Void> done = new CompletableFuture<>();
			all[c] = done;
			Thread.ofVirtual().start(() -> {
				try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
					send(socket, client, each);
					done.complete(null);
				}
				catch (IOException ex) {
					done.completeExceptionally(ex);
				}
			});
		}
		return CompletableFuture.allOf(all);
	}

	private static void send(Socket socket, long client, int each) throws IOException {
		OutputStream out = socket.getOutputStream();
		ByteBuffer buffer = ByteBuffer.allocate(1000 * RECORD);
		for (long number = 0; number < each; number++) {
			buffer.putLong(client).putLong(number);
			if (!buffer.hasRemaining() || number == each - 1) {
				out.write(buffer.array(), 0, buffer.position());
				buffer.clear();
			}
		}
		socket.shutdownOutput();
		assertThat(socket.getInputStream().read()).isEqualTo(-1);
	}

	private static void awaitWritten(Actuator actuator, long count) {
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.until(() -> actuator.json("/tcpserver").at("/records/written").longValue() == count);
	}

	// The oldest first
	private List<Path> files() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter((file) -> file.getFileName().toString().matches("(records|rotated).*"))
				.sorted((one, other) -> age(other) - age(one))
				.toList();
		}
	}

	private static int age(Path file) {
		String name = file.getFileName().toString();
		if (name.startsWith("rotated")) {
			return Integer.MAX_VALUE / 2 - Integer.parseInt(name.substring(8));
		}
		return name.endsWith("l") ? 0 : Integer.parseInt(name.substring(name.lastIndexOf('.') + 1));
	}

	private static long assertOrder(Path file, Map<Long, Long> next) throws IOException {
		long lines = 0;
		try (BufferedReader reader = Files.newBufferedReader(file)) {
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				assertNext(line, next);
				lines++;
			}
		}
		return lines;
	}

	private static void assertNext(String line, Map<Long, Long> next) {
		JsonNode record = JSON.readTree(line);
		JsonNode first = record.has("client") ? record.get("client") : record.get("f1");
		JsonNode second = record.has("number") ? record.get("number") : record.get("f2");
		long client = first.longValue();
		if (second.longValue() != next.getOrDefault(client, 0L)) {
			throw new AssertionError(line + " is not number " + next.get(client));
		}
		next.merge(client, 1L, Long::sum);
	}

}
