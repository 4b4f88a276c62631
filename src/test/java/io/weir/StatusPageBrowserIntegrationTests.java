package io.weir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.api.ConnectionHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for the page for people in a browser.
 */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class StatusPageBrowserIntegrationTests {

	private static final String HOSTILE = "<script>document.title='owned'</script>";

	// What sticks out of the window; tables may, in a frame that scrolls
	private static final String WIDER = """
			return [...document.querySelectorAll('body *')]
				.filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.scroll > *, .unseen'))
				.map((one) => one.outerHTML.slice(0, 80))
				.concat((document.documentElement.scrollWidth > innerWidth) ? ['the document'] : []).join();""";

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	@SuppressWarnings("NullAway.Init")
	private static Browser browser;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@BeforeAll
	static void open() {
		browser = Browser.start();
	}

	@AfterAll
	static void close() {
		if (browser != null) {
			browser.close();
		}
	}

	private static String origin(int port) {
		return "http://localhost:" + port + "/";
	}

	private static Browser page(int port) {
		return page(origin(port) + "actuator/tcpstatus");
	}

	private static Browser page(String url) {
		browser.requests().clear();
		browser.console();
		browser.prefer("light").open(url, 1280, 1000);
		awaitText("#state", "Accepting connections");
		return browser;
	}

	private static void awaitText(String selector, String text) {
		Awaitility.await(selector + " " + text)
			.atMost(PATIENCE)
			.until(() -> browser.has(selector) && browser.text(selector).contains(text));
	}

	@Test
	void whenOpenedThenEachSectionHasTheFiguresOfTheEndpoints() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo", "--tcp.server.backlog=1000000",
				"--tcp.server.receive-buffer-size=100000");
				Actuator actuator = new Actuator(weir.httpPort());
				Peer first = Peer.connect(weir.tcpPort());
				Peer second = Peer.connect(weir.tcpPort())) {
			first.send(new byte[5000]).receive(5000);
			second.send(new byte[70]).receive(70);
			try (Peer gone = Peer.connect(weir.tcpPort())) {
				gone.send(new byte[9]).receive(9);
			}
			Awaitility.await().until(() -> actuator.json("/tcpserver").at("/connections/active").asInt() == 2);
			JsonNode before = actuator.json("/tcpserver").at("/events");
			page(weir.httpPort());
			Awaitility.await().atMost(PATIENCE).until(() -> browser.findAll("#open > tr").size() == 2);
			JsonNode server = actuator.json("/tcpserver");
			assertHead(server);
			assertFigures(server);
			assertSettings(server);
			assertConnections(actuator.json("/tcpconnections"));
			assertThat(browser.title("[data-reason=end_of_stream] td:nth-child(3)")).isEqualTo("end_of_stream");
			assertThat(browser.text("[data-reason=end_of_stream] td:nth-child(3)")).isEqualTo("1");
			assertEvents(before, actuator);
			browser.assertClean(origin(weir.httpPort()));
		}
	}

	private static void assertHead(JsonNode server) {
		assertThat(browser.text("#address")).isEqualTo(server.at("/address").asString());
		assertThat(browser.text("#protocol")).startsWith("echo");
		assertThat(browser.title("#since")).isEqualTo(server.at("/startedAt").asString());
		assertThat(browser.text("#tls")).isEqualTo("off");
		assertThat(browser.text("#verdict")).isEqualTo(server.at("/verdict").asString(""));
		List<String> findings = server.at("/findings")
			.valueStream()
			.map((finding) -> finding.at("/setting").asString() + finding.at("/message").asString() + "What to do: "
					+ finding.at("/remedy").asString())
			.toList();
		assertThat(findings).isNotEmpty();
		assertThat(browser.findAll("#findings li > div")).map((item) -> Browser.attribute(item, "textContent"))
			.isEqualTo(findings);
	}

	private static void assertFigures(JsonNode server) {
		assertFigure("open", server.at("/connections/active"), "connections");
		assertThat(browser.text("[data-figure=open] .figure span")).isEqualTo("of %,d",
				server.at("/settings/maxConnections/effective").asLong());
		assertFigure("accepted", server.at("/connections/accepted"), "connections in all");
		assertFigure("received", server.at("/connections/bytesReceived"), "bytes in all");
		assertFigure("sent", server.at("/connections/bytesSent"), "bytes in all");
		assertFigure("records", server.at("/records/unpacked"), "records in all");
		assertFigure("queue", server.at("/acceptQueue/length"), "connections");
		assertFigure("overflows", server.at("/acceptQueue/overflows"), "found the queue full");
		assertFigure("rtt", server.at("/sample/rttMicros/median"), "µs");
		assertFigure("retransmits", server.at("/sample/retransmits"), "segments in all");
		assertFigure("blocked", server.at("/sample/blockedWriters"), "connections");
		// Ten lines, drawn once there are two points
		Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
			assertThat(browser.findAll(".tile .line")).hasSize(10)
				.allSatisfy((line) -> assertThat(line.getDomAttribute("d")).startsWith("M"));
			assertThat(browser.text("[data-figure=received] .figure")).isEqualTo("0 B/s");
		});
	}

	private static void assertFigure(String id, JsonNode figure, String unit) {
		String expected = figure.isNumber() ? "%,d %s".formatted(figure.asLong(), unit) : "– " + unit;
		Awaitility.await(id)
			.atMost(PATIENCE)
			.untilAsserted(() -> assertThat(browser.title("[data-figure=%s] .figure strong".formatted(id)))
				.isEqualTo(expected));
	}

	private static void assertSettings(JsonNode server) {
		List<String> keys = List.of("requested", "effective", "usable", "maximum");
		assertThat(server.at("/settings").properties()).hasSize(4).allSatisfy((entry) -> {
			JsonNode setting = entry.getValue();
			String unit = entry.getKey().endsWith("Buffer") ? "bytes" : "connections";
			for (int i = 0; i < keys.size(); i++) {
				JsonNode figure = setting.path(keys.get(i));
				String title = browser.title("[data-setting=%s] td:nth-child(%d)".formatted(entry.getKey(), i + 2));
				if (figure.isNumber()) {
					assertThat(title).as(entry.getKey() + keys.get(i)).isEqualTo("%,d %s", figure.asLong(), unit);
				}
				else {
					assertThat(title).as(entry.getKey() + keys.get(i)).doesNotContainPattern("\\d");
				}
			}
			if (setting.at("/limitedBy").isString()) {
				assertThat(browser.text("[data-setting=%s] td:nth-child(6)".formatted(entry.getKey())))
					.isEqualTo("! " + setting.at("/limitedBy").asString());
			}
			assertThat(browser.text("[data-setting=%s] td:nth-child(7)".formatted(entry.getKey())))
				.startsWith(setting.at("/source").asString());
		});
		assertThat(browser.text("[data-setting=backlog] td:nth-child(6)")).isEqualTo("! net.core.somaxconn");
		assertThat(browser.findAll("#limits dt")).map((name) -> Browser.attribute(name, "textContent"))
			.isEqualTo(List.copyOf(server.at("/kernel").propertyNames()));
	}

	private static void assertConnections(JsonNode list) {
		assertThat(browser.text("#shown")).isEqualTo(list.at("/total").asString());
		// Sorted by the server: most bytes first
		assertThat(browser.findAll("#open > tr")).map((row) -> row.getDomAttribute("data-connection"))
			.isEqualTo(list.at("/connections").valueStream().map((one) -> one.at("/id").asString()).toList());
		for (JsonNode connection : list.at("/connections")) {
			String row = "[data-connection='" + connection.at("/id").asString() + "']";
			assertThat(browser.text(row + " button.peer")).isEqualTo(connection.at("/peer").asString());
			assertThat(browser.title(row + " td:nth-child(2)")).isEqualTo(connection.at("/state").asString());
			assertThat(browser.title(row + " td:nth-child(3)"))
				.isEqualTo("since " + connection.at("/openedAt").asString());
			assertThat(browser.title(row + " td:nth-child(5)")).isEqualTo("%,d bytes",
					connection.at("/bytesReceived").asLong());
			assertThat(browser.title(row + " td:nth-child(6)")).isEqualTo("%,d bytes",
					connection.at("/bytesSent").asLong());
			browser.find(row + " button.peer").click();
			JsonNode kernel = connection.at("/kernel");
			String detail = "#detail-" + connection.at("/id").asString();
			Map<String, String> shown = browser.findAll(detail + " dd[title*=':']")
				.stream()
				.map((figure) -> Browser.attribute(figure, "title").split(": ", 2))
				.filter((pair) -> pair.length == 2)
				.collect(Collectors.toMap((pair) -> pair[0], (pair) -> pair[1]));
			assertThat(shown.keySet()).containsExactlyInAnyOrderElementsOf(kernel.propertyNames());
			for (String key : List.of("bytesReceived", "bytesAcked", "receiveBuffer", "sendBuffer", "sendMss")) {
				if (kernel.has(key)) {
					assertThat(shown.get(key)).as(key).isEqualTo("%,d", kernel.at("/" + key).asLong());
				}
			}
			browser.find(row + " button.peer").click();
			assertThat(browser.has(detail)).isFalse();
		}
	}

	// The namespace's counters grow by what others do
	private static void assertEvents(JsonNode before, Actuator actuator) throws Exception {
		for (WebElement row : browser.findAll("#events tr[data-event]")) {
			String event = Objects.requireNonNull(row.getDomAttribute("data-event"));
			String all = Browser.attribute(row.findElement(By.cssSelector("td:last-child")), "textContent");
			long after = actuator.json("/tcpserver").at("/events/" + event).asLong();
			assertThat(Long.parseLong(all.replaceAll("\\D", ""))).isBetween(before.at("/" + event).asLong(), after);
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class HostileProtocol {

		@Bean(HOSTILE)
		ConnectionHandler hostile() {
			return (connection) -> {
				connection.inputStream().read();
				throw new IllegalStateException(HOSTILE);
			};
		}

	}

	@Test
	void whenNamesAreHostileThenTheyAreText() throws Exception {
		Certificates certificates = new Certificates(this.directory).issue("server", 20)
			.issueFor(HOSTILE, "client", 20);
		List<String> arguments = new ArrayList<>(certificates.arguments("server"));
		arguments.add("--tcp.server.protocol=" + HOSTILE);
		arguments.add("--tcp.server.ssl.client-auth=need");
		arguments.add("--spring.ssl.bundle.pem.weir.truststore.certificate=" + certificates.file("ca.pem"));
		TlsClient client = new TlsClient(certificates, "client");
		try (RunningWeir weir = RunningWeir.start(List.of(HostileProtocol.class), arguments.toArray(String[]::new));
				Actuator actuator = new Actuator(weir.httpPort());
				SSLSocket open = client.connect(weir.tcpPort())) {
			open.startHandshake();
			try (SSLSocket failing = client.connect(weir.tcpPort())) {
				failing.getOutputStream().write(1);
				assertThat(failing.getInputStream().readAllBytes()).isEmpty();
			}
			page(weir.httpPort());
			assertThat(browser.text("#protocol")).contains(HOSTILE);
			// With the escapes of RFC 2253
			String subject = actuator.json("/tcpconnections").at("/connections/0/tls/peerSubject").asString();
			assertThat(subject).contains("script", "owned");
			awaitText("#open .about", subject);
			browser.find("#open button.peer").click();
			assertThat(browser.text(".detail")).contains(subject);
			awaitText("#ended", "handler error");
			if (actuator.json("/tcpconnections?state=closed").at("/connections/0/detail").isString()) {
				awaitText("#last", HOSTILE);
			}
			assertThat(browser.findAll("main script, header script")).isEmpty();
			assertThat(browser.driver().getTitle()).doesNotContain("owned");
			browser.assertClean(origin(weir.httpPort()));
		}
	}

	@Test
	void whenClosingIsAllowedThenARowCanBeClosedAfterAQuestion() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo",
				"--management.endpoint.tcpconnections.access=unrestricted");
				Peer peer = Peer.connect(weir.tcpPort());
				Peer other = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[100]).receive(100);
			other.send(new byte[1]).receive(1);
			page(weir.httpPort());
			Awaitility.await().atMost(PATIENCE).until(() -> browser.findAll("#open > tr").size() == 2);
			// With the keyboard alone
			browser.find("#open button.close").sendKeys(Keys.ENTER);
			assertThat(browser.text("#question-text"))
				.isEqualTo("Close the connection of 127.0.0.1:" + peer.port() + "?");
			browser.driver().switchTo().activeElement().sendKeys(Keys.ESCAPE);
			assertThat(browser.shows("#question")).isFalse();
			peer.send(new byte[1]).receive(1);
			browser.find("#open button.close").sendKeys(Keys.ENTER);
			browser.find("#close").sendKeys(Keys.ENTER);
			assertThat(peer.receiveToEnd()).isEmpty();
			awaitText("#list-note", "127.0.0.1:" + peer.port() + " is closed.");
			peer.endStream();
			awaitText("#ended", "closed by operator");
			assertThat(browser.findAll("#open > tr")).hasSize(1);
			assertThat(other.send(new byte[1]).receive(1)).hasSize(1);
			browser.assertClean(origin(weir.httpPort()));
		}
	}

	@Test
	void whenClosingIsNotAllowedThenItIsNotOffered() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo");
				Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			page(weir.httpPort());
			awaitText("#open", "127.0.0.1:" + peer.port());
			assertThat(browser.shows("button.close")).isFalse();
		}
	}

	@Test
	void whenSortedOrFilteredThenTheServerDoesIt() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo");
				Actuator actuator = new Actuator(weir.httpPort());
				Peer first = Peer.connect(weir.tcpPort())) {
			first.send(new byte[1]).receive(1);
			try (Peer second = Peer.connect(weir.tcpPort())) {
				second.send(new byte[100]).receive(100);
				page(weir.httpPort());
				awaitText("#open > tr:first-child", "127.0.0.1:" + second.port());
				WebElement opened = browser.find("#open > tr:last-child button.peer");
				opened.sendKeys(Keys.ENTER);
				browser.run("document.getElementById('sort').value = 'age';"
						+ "document.getElementById('sort').dispatchEvent(new Event('change'))");
				awaitText("#open > tr:first-child", "127.0.0.1:" + first.port());
				// The row that was opened with the keyboard has moved, and is still open
				assertThat(opened.getDomAttribute("aria-expanded")).isEqualTo("true");
				assertThat(browser.requests()).anyMatch((url) -> url.contains("limit=50&sort=age"));
				if (actuator.status("GET", "/tcpconnections?peer=nonsense") == 400) {
					browser.find("#peer").sendKeys("10.0.0.0/8" + Keys.ENTER);
					Awaitility.await().atMost(PATIENCE).until(() -> browser.text("#shown").equals("0"));
					browser.find("#peer").clear();
					browser.find("#peer").sendKeys("127.0.0.1" + Keys.ENTER);
					awaitText("#shown", "2");
					browser.assertClean(origin(weir.httpPort()));
					browser.find("#peer").clear();
					browser.find("#peer").sendKeys("nonsense" + Keys.ENTER);
					awaitText("#list-note", "The list is the last one: ");
					assertThat(browser.find("#peer").getDomAttribute("aria-invalid")).isEqualTo("true");
				}
			}
		}
	}

	@Test
	void whenHeldToTheRulesOfAccessibilityThenNothingSeriousIsFound() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo", "--tcp.server.backlog=1000000",
				"--management.endpoint.tcpconnections.access=unrestricted"); Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			try (Peer gone = Peer.connect(weir.tcpPort())) {
				gone.send(new byte[1]).receive(1);
			}
			page(weir.httpPort());
			awaitText("#ended", "end of stream");
			browser.find("#open button.peer").click();
			browser.find("summary").click();
			for (String scheme : List.of("light", "dark")) {
				for (int width : List.of(1280, 360, 3840)) {
					browser.prefer(scheme).resize(width, 900);
					assertThat(browser.seriousViolations()).as(scheme + " " + width).isEmpty();
					assertThat(String.valueOf(browser.run(WIDER))).as("wider than " + width).isEmpty();
				}
			}
			browser.find("#open button.close").sendKeys(Keys.ENTER);
			assertThat(browser.seriousViolations()).as("the question").isEmpty();
		}
	}

	@Test
	void whenTheSystemIsDarkThenThePageIs() {
		try (RunningWeir weir = RunningWeir.start()) {
			page(weir.httpPort());
			String light = ground();
			browser.prefer("dark");
			assertThat(ground()).isNotEqualTo(light).isEqualTo("rgb(13, 19, 23)");
			assertThat(light).isEqualTo("rgb(243, 246, 248)");
		}
	}

	private static String ground() {
		return String.valueOf(browser.run("return getComputedStyle(document.body).backgroundColor"));
	}

	@Test
	void whenTheServerStopsAndStartsThenThePageSaysSoAndRecovers() throws Exception {
		int port;
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo");
				Peer peer = Peer.connect(weir.tcpPort())) {
			port = weir.httpPort();
			peer.send(new byte[100_000]).receive(100_000);
			page(port);
			awaitText("[data-figure=received] .figure", "0 B/s");
		}
		awaitText("#state", "No answer");
		assertThat(browser.shows("#silence")).isTrue();
		assertThat(browser.text("#silence")).matches(
				"No answer from the server since \\d\\d:\\d\\d:\\d\\d: the connection failed\\. What you see is from then; .*");
		// What was known stays
		assertThat(browser.title("[data-figure=received] .figure strong")).isEqualTo("100,000 bytes in all");
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo", "--server.port=" + port);
				Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[10]).receive(10);
			awaitText("#state", "Accepting connections");
			assertThat(browser.shows("#silence")).isFalse();
			Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
				assertThat(browser.title("[data-figure=received] .figure strong")).isEqualTo("10 bytes in all");
				assertThat(browser.text("#figures")).doesNotContain("-");
				assertThat(browser.text("[data-figure=received] .figure")).isEqualTo("0 B/s");
			});
		}
	}

	@Test
	void whenTheTabIsHiddenThenNothingIsAskedUntilItIsSeen() {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo")) {
			page(weir.httpPort());
			awaitText("[data-figure=received] .figure", "0 B/s");
			hide(true);
			long hidden = asked();
			Instant begin = Instant.now();
			Awaitility.await()
				.during(Duration.ofSeconds(7))
				.atMost(Duration.ofSeconds(9))
				.until(() -> asked() <= hidden + 1);
			hide(false);
			Awaitility.await().atMost(Duration.ofMillis(1500)).until(() -> asked() > hidden);
			assertThat(Duration.between(begin, Instant.now())).isGreaterThan(Duration.ofSeconds(6));
			// The line has a gap for the time in which nothing was known
			Awaitility.await()
				.atMost(PATIENCE)
				.untilAsserted(() -> assertThat(browser.find("[data-figure=open] .line").getDomAttribute("d"))
					.containsPattern("M.*M"));
		}
	}

	// A tab of a browser without windows is never hidden
	private static void hide(boolean hidden) {
		browser.run("Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true });"
				+ "document.dispatchEvent(new Event('visibilitychange'))", hidden);
	}

	private static long asked() {
		return ((Number) Objects.requireNonNull(browser.run(
				"return performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/tcpserver')).length")))
			.longValue();
	}

	@Test
	void whenBehindAProxysPrefixThenEverythingIsFound() throws Exception {
		assumeTrue(Command.succeeds("nginx", "-v"), "nginx is not installed");
		int port = FreePort.find();
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo",
				"--management.endpoint.tcpconnections.access=unrestricted");
				Peer peer = Peer.connect(weir.tcpPort());
				NginxProcess nginx = NginxProcess.start(this.directory, """
						server {
							listen 127.0.0.1:%d;
							location /ops/weir/ {
								proxy_pass http://127.0.0.1:%d/;
							}
						}
						""".formatted(port, weir.httpPort()))) {
			peer.send(new byte[1]).receive(1);
			assertThat(nginx.isAlive()).isTrue();
			page("http://localhost:" + port + "/ops/weir/");
			assertThat(browser.driver().getCurrentUrl())
				.isEqualTo("http://localhost:" + port + "/ops/weir/actuator/tcpstatus");
			awaitText("#open", "127.0.0.1:" + peer.port());
			browser.find("#open button.close").sendKeys(Keys.ENTER);
			browser.find("#close").sendKeys(Keys.ENTER);
			assertThat(peer.receiveToEnd()).isEmpty();
			awaitText("#list-note", "is closed.");
			browser.assertClean("http://localhost:" + port + "/ops/weir/");
		}
	}

	@Test
	void whenTenThousandAreOpenThenFiftyAreListed() throws Exception {
		List<Peer> peers = new ArrayList<>();
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo", "--tcp.server.max-connections=10000");
				Actuator actuator = new Actuator(weir.httpPort())) {
			// Both ends are this process's
			long files = actuator.json("/tcpserver").at("/kernel/nofile.soft").asLong(1_000_000);
			long count = Math.min(10_000, (files - 1_000) / 2);
			assumeTrue(count >= 1_000, () -> "the limit of files, " + files + ", is too low for 1,000 connections");
			while (peers.size() < count) {
				peers.add(Peer.connect(weir.tcpPort()));
			}
			peers.getLast().send(new byte[1000]).receive(1000);
			Awaitility.await()
				.atMost(PATIENCE)
				.until(() -> actuator.json("/tcpserver").at("/connections/active").asInt() == peers.size());
			page(actuator.port());
			awaitText("#shown", "50 of %,d".formatted(peers.size()));
			assertThat(browser.findAll("#open > tr")).hasSize(50);
			assertThat(browser.text("#open > tr:first-child button.peer"))
				.isEqualTo("127.0.0.1:" + peers.getLast().port());
			browser.assertClean(origin(actuator.port()));
			List<Long> millis = IntStream.range(0, 40).mapToObj((_) -> timeOfList(actuator)).sorted().toList();
			// 15 ms on an idle machine; a list that asked the kernel about all would take
			// several times as long
			assertThat(millis.get(millis.size() / 2)).as("a list of 50 of %d: %s ms", peers.size(), millis)
				.isLessThan(60);
		}
		finally {
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	private static long timeOfList(Actuator actuator) {
		try {
			long begin = System.nanoTime();
			assertThat(actuator.text("/tcpconnections?limit=50&sort=bytes")).isNotEmpty();
			return Duration.ofNanos(System.nanoTime() - begin).toMillis();
		}
		catch (IOException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
