package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static io.weir.protocol.Recipe.RECORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests that the page for people shows the figures of the endpoints, of the same moment,
 * where there is something to show in each section.
 */
class StatusPageFiguresIntegrationTests extends StatusPageTest {

	// What a figure's unit is worth, in bytes or seconds
	private static final Map<String, Double> UNITS = Map.ofEntries(Map.entry("B", 1d), Map.entry("KB", 1024d),
			Map.entry("MB", 1024d * 1024), Map.entry("GB", 1024d * 1024 * 1024), Map.entry("µs", 1e-6),
			Map.entry("ms", 1e-3), Map.entry("s", 1d), Map.entry("min", 60d), Map.entry("h", 3600d),
			Map.entry("d", 86_400d));

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@SuppressWarnings("NullAway.Init")
	private Object witness;

	@BeforeEach
	void watch() {
		this.witness = browser.runFirst(PageMoment.WITNESS);
	}

	@AfterEach
	void stopWatching() {
		browser.runFirstNoMore(this.witness);
	}

	@Test
	void whenClientsComeAndGoThenEachSectionShowsWhatTheEndpointsTell() throws Exception {
		RunningWeir weir = start("--tcp.server.backlog=1000000", "--tcp.server.receive-buffer-size=100000",
				"--tcp.server.proxy-protocol.enabled=true", "--tcp.server.proxy-protocol.trusted=127.0.0.1",
				"--tcp.server.deny=127.0.0.66", "--tcp.server.records.output=file",
				"--tcp.server.records.file=" + this.directory.resolve("records.jsonl"));
		int port = weir.tcpPort();
		try (Peer direct = exchange(Peer.connect("127.0.0.2", port), 700);
				Peer behindProxy = exchange(Peer.connect(port).send(proxyHeader("203.0.113.7")), 60);
				Peer slow = connectWithSmallBuffer(port).send(proxyHeader("203.0.113.9"))) {
			Thread filling = Thread.ofVirtual().start(() -> sendWithoutReading(slow));
			// Before the page is opened, and while it is open
			end(port);
			open(weir);
			awaitRows(3);
			browser.findAll("#open button.peer").forEach((button) -> button.click());
			end(port);
			exchange(direct, 200);
			long ends = 2 * 7L;
			PageMoment moment = PageMoment.await(browser, (now) -> now.closed().path("total").asLong() == ends
					&& now.open().path("total").asLong() == 3
					&& now.open().at("/connections").valueStream().anyMatch((one) -> one.at("/diagnosis").isObject())
					&& now.server().at("/diagnosis/peer_reads_slowly").asInt() == 1
					&& now.server().at("/verdict").asString().startsWith("accepted at once")
					&& now.server().at("/records/pending").asLong() == 0
					&& now.server().at("/events/TCPAbortOnClose").asLong() > now.serverAtFirst()
						.at("/events/TCPAbortOnClose")
						.asLong());
			assertSections(moment);
			assertThat(moment.server().at("/records/written").asLong()).isPositive()
				.isEqualTo(moment.server().at("/records/unpacked").asLong());
			assertThat(moment.text("#held")).isEqualTo("Connections held up now: 1 × peer reads slowly");
			assertThat(moment.texts("#open .about")).contains("via 127.0.0.1:" + slow.port(),
					"via 127.0.0.1:" + behindProxy.port());
			assertThat(moment.texts("#last td:nth-child(3)")).contains("end of stream", "empty", "partial record",
					"reset", "denied", "proxy header");
			assertThat(moment.all("#events tr[data-event]", "outerHTML"))
				.anyMatch((row) -> row.contains("TCPAbortOnClose"));
			assertThat(browser.findAll("#limits dt")).isNotEmpty();
			slow.reset();
			filling.join(Duration.ofSeconds(10));
		}
	}

	@Test
	void whenAllPlacesAreTakenAndRecordsCannotBeWrittenThenEachSectionShowsIt() throws Exception {
		Path full = Path.of("/dev/full");
		assumeTrue(Files.isWritable(full), "there is no /dev/full");
		RunningWeir weir = start("--tcp.server.protocol=record", "--tcp.server.max-connections=2",
				"--tcp.server.records.output=file", "--tcp.server.records.file=" + full);
		try (Peer first = Peer.connect(weir.tcpPort()).send(RECORD);
				Peer second = Peer.connect(weir.tcpPort()).send(RECORD).send(RECORD);
				Peer waiting = Peer.connect(weir.tcpPort())) {
			open(weir, "Full: newcomers wait until a place is free");
			awaitRows(2);
			PageMoment moment = PageMoment.await(browser,
					(now) -> now.server().at("/records/unpacked").asLong() == 3
							&& now.server().at("/acceptQueue/length").asLong() == 1
							&& now.server().at("/findings").toString().contains("No space left on device")
							&& now.open().at("/connections/0/records").asLong() == 2);
			assertSections(moment);
			assertThat(moment.text("#verdict")).startsWith("waits: 2 of 2 places are taken, 1 of ");
			assertThat(moment.text("[data-figure=records] .note")).endsWith("0 written, 3 pending, 0 failed");
			assertThat(moment.texts("#findings li")).anyMatch((text) -> text.contains("No space left on device"));
			assertThat(moment.text("#ended")).isEqualTo("None has ended yet.");
			assertThat(waiting.port()).isPositive();
			assertThat(first.port()).isNotEqualTo(second.port());
		}
	}

	private static Peer exchange(Peer peer, int count) throws IOException {
		peer.send(new byte[count]);
		assertThat(peer.receive(count)).hasSize(count);
		return peer.send(RECORD);
	}

	private static byte[] proxyHeader(String client) {
		return "PROXY TCP4 %s 192.0.2.1 40009 9999\r\n".formatted(client).getBytes(StandardCharsets.US_ASCII);
	}

	private static Peer connectWithSmallBuffer(int port) throws IOException {
		return Peer.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 4096);
	}

	private static void sendWithoutReading(Peer peer) {
		try {
			for (int i = 0; i < 10_000; i++) {
				peer.send(new byte[8192]);
			}
		}
		catch (IOException ex) {
			// The test closes it while a write waits
		}
	}

	// Seven, each for another reason but two
	private static void end(int port) throws IOException {
		try (Peer peer = exchange(Peer.connect("127.0.0.2", port), 10).endStream()) {
			assertThat(peer.receiveToEnd()).isEmpty();
		}
		try (Peer peer = exchange(Peer.connect("127.0.0.2", port), 20).send(new byte[5])) {
			peer.receive(5);
			peer.send(new byte[7]).endStream();
			assertThat(peer.receiveToEnd()).isEmpty();
		}
		try (Peer peer = Peer.connect("127.0.0.2", port).endStream()) {
			assertThat(peer.receiveToEnd()).isEmpty();
		}
		exchange(Peer.connect("127.0.0.2", port), 30).reset();
		Peer.connect("127.0.0.66", port).close();
		try (Peer peer = Peer.connect(port).send("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII))) {
			assertThat(peer.receiveToEnd()).isEmpty();
		}
		catch (SocketException ex) {
			// The server closes with bytes unread
		}
		// Closes before it has read what came, which the kernel counts
		Peer unread = Peer.connect("127.0.0.2", port).send(new byte[10]);
		Awaitility.await().until(() -> unread.available() == 10);
		unread.close();
	}

	private static void assertSections(PageMoment moment) {
		assertHead(moment);
		assertFigures(moment);
		assertSettings(moment);
		assertOpen(moment);
		assertEnds(moment);
		assertEvents(moment);
	}

	private static void assertHead(PageMoment moment) {
		JsonNode server = moment.server();
		assertThat(moment.text("#address")).isEqualTo(server.at("/address").asString());
		assertThat(moment.text("#protocol")).isEqualTo("%s (%s)", server.at("/protocol").asString(),
				server.at("/protocolSource").asString());
		assertThat(moment.title("#state")).isEqualTo(server.at("/state").asString());
		assertThat(moment.title("#since")).isEqualTo(server.at("/startedAt").asString());
		assertThat(moment.text("#tls")).isEqualTo("off");
		assertThat(moment.text("#verdict")).isEqualTo(server.at("/verdict").asString()).isNotEmpty();
		List<String> findings = server.at("/findings")
			.valueStream()
			.map((finding) -> finding.at("/setting").asString() + finding.at("/message").asString() + "What to do: "
					+ finding.at("/remedy").asString())
			.toList();
		assertThat(moment.texts("#findings li > div")).isEqualTo(findings).isNotEmpty();
		assertThat(moment.text("#findings-count")).isEqualTo(String.valueOf(findings.size()));
		String held = server.at("/diagnosis")
			.properties()
			.stream()
			.map((cause) -> cause.getValue() + " × " + cause.getKey().replace('_', ' '))
			.collect(Collectors.joining(", "));
		assertThat(moment.text("#held")).isEqualTo("Connections held up now: " + held);
		assertThat(moment.all("#held", "hidden")).containsExactly(String.valueOf(held.isEmpty()));
	}

	private static void assertFigures(PageMoment moment) {
		JsonNode server = moment.server();
		assertFigure(moment, "open", server.at("/connections/active"), "connections");
		assertThat(moment.text("[data-figure=open] .figure")).isEqualTo("%,d of %,d",
				server.at("/connections/active").asLong(), server.at("/settings/maxConnections/requested").asLong());
		assertThat(moment.text("[data-figure=open] .note")).isEqualTo("%,d accepted in all",
				server.at("/connections/accepted").asLong());
		assertRate(moment, "accepted", "/connections/accepted", "connections in all");
		assertThat(moment.text("[data-figure=accepted] .note")).isEqualTo("%,d rejected in all",
				server.at("/connections/rejected").valueStream().mapToLong(JsonNode::asLong).sum());
		assertRate(moment, "received", "/connections/bytesReceived", "bytes in all");
		assertRate(moment, "sent", "/connections/bytesSent", "bytes in all");
		assertRate(moment, "records", "/records/unpacked", "records in all");
		JsonNode records = server.at("/records");
		assertThat(moment.text("[data-figure=records] .note")).isEqualTo(
				"%,d in all, %,d partial, %,d written, %,d pending, %,d failed", records.at("/unpacked").asLong(),
				records.at("/partial").asLong(), records.at("/written").asLong(), records.at("/pending").asLong(),
				records.at("/failed").asLong());
		assertFigure(moment, "queue", server.at("/acceptQueue/length"), "connections");
		assertThat(moment.text("[data-figure=queue] .figure")).isEqualTo("%,d of %,d",
				server.at("/acceptQueue/length").asLong(), server.at("/acceptQueue/limit").asLong());
		assertFigure(moment, "overflows", server.at("/acceptQueue/overflows"), "found the queue full");
		assertThat(moment.text("[data-figure=overflows] .note")).isEqualTo("%,d packets dropped",
				server.at("/acceptQueue/drops").asLong());
		assertFigure(moment, "rtt", server.at("/sample/rttMicros/median"), "µs");
		assertReads(moment.text("[data-figure=rtt] .figure"), server.at("/sample/rttMicros/median").asLong() / 1e6);
		assertRate(moment, "retransmits", "/sample/retransmits", "segments in all");
		assertFigure(moment, "blocked", server.at("/sample/blockedWriters"), "connections");
		assertThat(moment.all(".tile .line", "outerHTML")).hasSize(10)
			.allSatisfy((line) -> assertThat(line).contains(" d=\"M"));
	}

	private static void assertFigure(PageMoment moment, String id, JsonNode figure, String unit) {
		assertThat(figure.isNumber()).as(id).isTrue();
		assertThat(moment.title("[data-figure=%s] .figure strong".formatted(id))).isEqualTo("%,d %s", figure.asLong(),
				unit);
	}

	private static void assertRate(PageMoment moment, String id, String counter, String unit) {
		assertFigure(moment, id, moment.server().at(counter), unit);
		long growth = moment.server().at(counter).asLong() - moment.serverBefore().at(counter).asLong();
		String figure = moment.text("[data-figure=%s] .figure".formatted(id));
		assertThat(figure).as(id).endsWith("/s");
		assertReads(figure.substring(0, figure.length() - 2), growth * 1000 / moment.elapsed());
	}

	// Reads what people read, such as "1 min 5 s": right to half of its last digit, times
	// of several parts to the last one
	private static void assertReads(String text, double exact) {
		String[] words = text.strip().split(" ", -1);
		double sum = 0;
		double last = 1;
		for (int i = 0; i < words.length; i += 2) {
			double unit = (i + 1 < words.length) ? Objects.requireNonNull(UNITS.get(words[i + 1]), text) : 1;
			double figure = Double.parseDouble(words[i].replace(",", ""));
			sum += figure * unit;
			boolean tenths = figure < 10 && !text.endsWith(" B");
			last = (words.length > 2 || unit >= 60) ? unit : tenths ? unit / 19.9 : unit / 1.99;
		}
		assertThat(sum).as(text).isCloseTo(exact, within(last));
	}

	private static void assertSettings(PageMoment moment) {
		JsonNode server = moment.server();
		List<String> keys = List.of("requested", "effective", "usable", "maximum");
		assertThat(server.at("/settings").properties()).hasSize(4).allSatisfy((entry) -> {
			JsonNode setting = entry.getValue();
			String row = "[data-setting=%s]".formatted(entry.getKey());
			boolean bytes = entry.getKey().endsWith("Buffer");
			for (int i = 0; i < keys.size(); i++) {
				JsonNode figure = setting.path(keys.get(i));
				String cell = row + " td:nth-child(%d)".formatted(i + 2);
				if (figure.isNumber()) {
					assertThat(moment.title(cell)).as(entry.getKey() + keys.get(i))
						.isEqualTo("%,d %s", figure.asLong(), bytes ? "bytes" : "connections");
					assertReads(moment.text(cell).replace(" at first", ""), figure.asDouble());
				}
				else {
					assertThat(moment.text(cell)).as(entry.getKey() + keys.get(i))
						.isNotEmpty()
						.doesNotContainPattern("\\d");
				}
			}
			assertThat(moment.text(row + " td:nth-child(6)"))
				.isEqualTo(setting.at("/limitedBy").isString() ? "! " + setting.at("/limitedBy").asString()
						: setting.at("/autotuned").asBoolean(false) ? "tuned by the kernel" : "nothing");
			assertThat(moment.text(row + " td:nth-child(7)")).startsWith(setting.at("/source").asString());
		});
		Map<String, String> limits = new LinkedHashMap<>();
		server.at("/kernel").properties().forEach((limit) -> limits.put(limit.getKey(), limitText(limit.getValue())));
		assertThat(pairs(moment, "#limits dt", "#limits dd")).isEqualTo(limits);
	}

	private static String limitText(JsonNode limit) {
		return limit.isObject()
				? limit.properties()
					.stream()
					.map((part) -> "%s %,d".formatted(part.getKey(), part.getValue().asLong()))
					.collect(Collectors.joining(", "))
				: limit.isNumber() ? "%,d".formatted(limit.asLong()) : limit.asString();
	}

	private static Map<String, String> pairs(PageMoment moment, String names, String values) {
		List<String> keys = moment.texts(names);
		List<String> texts = moment.texts(values);
		assertThat(keys).hasSameSizeAs(texts);
		Map<String, String> pairs = new LinkedHashMap<>();
		IntStream.range(0, keys.size()).forEach((i) -> pairs.put(keys.get(i), texts.get(i)));
		return pairs;
	}

	private static void assertOpen(PageMoment moment) {
		JsonNode list = moment.open();
		assertThat(moment.text("#shown")).isEqualTo(list.at("/total").asString());
		// Sorted by the server: most bytes first
		assertThat(moment.texts("#open button.peer"))
			.isEqualTo(list.at("/connections").valueStream().map((one) -> one.at("/peer").asString()).toList());
		for (JsonNode connection : list.at("/connections")) {
			assertRow(moment, connection);
			String detail = "#detail-" + connection.at("/id").asString();
			if (!moment.texts(detail).isEmpty()) {
				assertDetail(moment, connection, detail);
			}
		}
	}

	private static void assertRow(PageMoment moment, JsonNode connection) {
		String row = "[data-connection='" + connection.at("/id").asString() + "']";
		JsonNode kernel = connection.at("/kernel");
		assertThat(moment.text(row + " button.peer")).isEqualTo(connection.at("/peer").asString());
		assertThat(moment.text(row + " .about"))
			.isEqualTo(connection.at("/via").isString() ? "via " + connection.at("/via").asString() : "");
		List<String> titles = moment.all(row + " td", "title").subList(1, 11);
		List<String> texts = moment.texts(row + " td").subList(1, 11);
		assertThat(texts.getFirst()).isEqualTo(connection.at("/state").asString());
		assertThat(titles).startsWith(connection.at("/state").asString(),
				"since " + connection.at("/openedAt").asString());
		Duration idle = Duration.parse(connection.at("/idleFor").asString());
		assertThat(Double.parseDouble(titles.get(2).replace(" s", ""))).isCloseTo(idle.toNanos() / 1e9, within(1e-9));
		assertReads(texts.get(2), idle.toNanos() / 1e9);
		assertExact(titles.get(3), texts.get(3), connection.at("/bytesReceived"), "bytes");
		assertExact(titles.get(4), texts.get(4), connection.at("/bytesSent"), "bytes");
		assertExact(titles.get(5), texts.get(5), connection.at("/records"), "records");
		assertThat(titles.get(6)).isEqualTo("%,d µs", kernel.at("/rttMicros").asLong());
		assertReads(texts.get(6), kernel.at("/rttMicros").asLong() / 1e6);
		assertExact(titles.get(7), texts.get(7), kernel.at("/retransmits"), "segments");
		assertExact(titles.get(8), texts.get(8), kernel.at("/sendQueue"), "bytes");
		JsonNode diagnosis = connection.at("/diagnosis");
		assertThat(texts.get(9)).isEqualTo(diagnosis.path("cause").asString("").replace('_', ' '));
		assertThat(titles.get(9)).isEqualTo(diagnosis.isObject()
				? diagnosis.at("/evidence").asString() + " " + diagnosis.at("/remedy").asString() : "");
	}

	private static void assertExact(String title, String text, JsonNode figure, String unit) {
		assertThat(title).isEqualTo("%,d %s", figure.asLong(), unit);
		assertReads(text, figure.asDouble());
	}

	private static void assertDetail(PageMoment moment, JsonNode connection, String detail) {
		Map<String, String> shown = moment.all(detail + " dd[title*=': ']", "title")
			.stream()
			.map((title) -> title.split(": ", 2))
			.collect(Collectors.toMap((pair) -> pair[0], (pair) -> pair[1]));
		Map<String, String> expected = connection.at("/kernel")
			.properties()
			.stream()
			.collect(Collectors.toMap(Map.Entry::getKey, (entry) -> entry.getValue().isNumber()
					? "%,d".formatted(entry.getValue().asLong()) : entry.getValue().asString()));
		assertThat(shown).isEqualTo(expected).hasSizeGreaterThan(10);
		JsonNode diagnosis = connection.at("/diagnosis");
		if (diagnosis.isObject()) {
			assertThat(moment.text(detail)).contains("Held up: " + diagnosis.at("/cause").asString().replace('_', ' '),
					diagnosis.at("/evidence").asString(), "What to do: " + diagnosis.at("/remedy").asString());
		}
	}

	private static void assertEnds(PageMoment moment) {
		JsonNode first = moment.serverAtFirst().at("/connections");
		Set<String> rows = moment.all("#ended tr[data-reason]", "outerHTML").stream().collect(Collectors.toSet());
		int reasons = 0;
		for (String kind : List.of("closed", "rejected")) {
			for (Map.Entry<String, JsonNode> end : moment.server().at("/connections/" + kind).properties()) {
				String reason = (kind.equals("closed") ? "" : "rejected: ") + end.getKey();
				long count = end.getValue().asLong();
				long growth = count - first.path(kind).path(end.getKey()).asLong();
				String row = "#ended [data-reason='" + reason + "'] ";
				if (count > 0) {
					reasons++;
					assertThat(moment.text(row + "th")).isEqualTo(reason.replace('_', ' '));
					assertThat(moment.text(row + "td:nth-child(3)")).isEqualTo("%,d", count);
					assertThat(moment.text(row + "td:nth-child(4)")).isEqualTo((growth > 0) ? "+" + growth : "");
				}
			}
		}
		assertThat(rows).hasSize(reasons);
		assertHistory(moment);
	}

	private static void assertHistory(PageMoment moment) {
		List<JsonNode> ended = moment.closed().at("/connections").valueStream().toList();
		assertThat(moment.all("#history", "hidden")).containsExactly(String.valueOf(ended.isEmpty()));
		assertThat(moment.text("#history-count")).isEqualTo(String.valueOf(ended.size()));
		assertThat(moment.texts("#last tr")).hasSameSizeAs(ended);
		for (int i = 0; i < ended.size(); i++) {
			JsonNode one = ended.get(i);
			String row = "#last tr:nth-child(" + (i + 1) + ") td";
			List<String> texts = moment.texts(row);
			List<String> titles = moment.all(row, "title");
			assertThat(titles.getFirst()).isEqualTo(one.at("/closedAt").asString());
			assertThat(texts.get(1)).isEqualTo(
					one.at("/peer").asString() + (one.at("/via").isString() ? "via " + one.at("/via").asString() : ""));
			assertThat(titles.get(2)).isEqualTo(one.at("/reason").asString());
			assertThat(texts.get(3)).isEqualTo(one.at("/detail").asString(""));
			assertReads(texts.get(4), Duration.parse(one.at("/duration").asString()).toNanos() / 1e9);
			assertExact(titles.get(5), texts.get(5), one.at("/bytesReceived"), "bytes");
			assertExact(titles.get(6), texts.get(6), one.at("/bytesSent"), "bytes");
			assertThat(texts.get(7)).isEqualTo("%,d", one.at("/records").asLong());
			if (one.at("/rttMicros").isNumber()) {
				assertReads(texts.get(8), one.at("/rttMicros").asLong() / 1e6);
				assertThat(texts.get(9)).isEqualTo("%,d", one.at("/retransmits").asLong());
			}
			else {
				assertThat(texts.subList(8, 10)).containsOnly("–");
			}
			assertThat(texts.get(10)).isEqualTo(one.at("/diagnosis/cause").asString("").replace('_', ' '));
		}
	}

	private static void assertEvents(PageMoment moment) {
		JsonNode first = moment.serverAtFirst().at("/events");
		Map<String, String> expected = new LinkedHashMap<>();
		for (Map.Entry<String, JsonNode> event : moment.server().at("/events").properties()) {
			long growth = event.getValue().asLong() - first.path(event.getKey()).asLong();
			if (growth > 0) {
				expected.put(event.getKey(), "+%,d%,d in all".formatted(growth, event.getValue().asLong()));
			}
		}
		Map<String, String> shown = new LinkedHashMap<>();
		for (String row : moment.texts("#events tr[data-event] th")) {
			shown.put(row, String.join("", moment.texts("#events [data-event='" + row + "'] td")));
		}
		assertThat(shown).isEqualTo(expected);
	}

}
