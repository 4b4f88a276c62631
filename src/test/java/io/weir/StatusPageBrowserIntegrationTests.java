package io.weir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.api.ConnectionHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for the page for people in a browser. What holds for all of them is in
 * {@link Browser}.
 */
class StatusPageBrowserIntegrationTests extends StatusPageTest {

	private static final String HOSTILE = "<script>document.title='owned'</script>";

	// What sticks out of the window; tables may, in a frame that scrolls
	private static final String WIDER = """
			return [...document.querySelectorAll('body *')]
				.filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.scroll > *, .unseen'))
				.map((one) => one.outerHTML.slice(0, 80))
				.concat((document.documentElement.scrollWidth > innerWidth) ? ['the document'] : []).join();""";

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

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
		RunningWeir weir = start(List.of(HostileProtocol.class), arguments.toArray(String[]::new));
		try (Actuator actuator = new Actuator(weir.httpPort()); SSLSocket open = client.connect(weir.tcpPort())) {
			open.startHandshake();
			try (SSLSocket failing = client.connect(weir.tcpPort())) {
				failing.getOutputStream().write(1);
				assertThat(failing.getInputStream().readAllBytes()).isEmpty();
			}
			open(weir);
			assertThat(browser.text("#protocol")).contains(HOSTILE);
			// With the escapes of RFC 2253
			String subject = actuator.json("/tcpconnections").at("/connections/0/tls/peerSubject").asString();
			assertThat(subject).contains("script", "owned");
			awaitText("#open .about", subject);
			browser.find("#open button.peer").click();
			assertThat(browser.text(".detail")).contains(subject);
			awaitText("#ended", "handler error");
			// The failure's text, and the subject again
			awaitText("#last", HOSTILE);
			awaitText("#last", subject);
			assertThat(browser.findAll("main script, header script")).isEmpty();
			assertThat(browser.driver().getTitle()).doesNotContain("owned");
		}
	}

	@Test
	void whenClosingIsNotAllowedThenItIsNotOffered() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo");
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			open(weir);
			awaitText("#open", "127.0.0.1:" + peer.port());
			assertThat(browser.findAll("#open button.close")).hasSize(1).noneMatch(WebElement::isDisplayed);
		}
	}

	@Test
	void whenAConnectionEndsBeforeItIsClosedThenThePageSaysSo() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo",
				"--management.endpoint.tcpconnections.access=unrestricted");
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			open(weir);
			awaitRows(1);
			browser.find("#open button.close").click();
			peer.endStream();
			awaitText("#ended", "end of stream");
			browser.expect("tcpconnections/1 .* 404");
			browser.find("#close").click();
			awaitText("#list-note", "127.0.0.1:" + peer.port() + " had ended already.");
		}
	}

	@Test
	void whenTheFilterIsWrongThenTheLastListStays() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo");
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			open(weir);
			awaitRows(1);
			browser.expect("peer=nonsense .* 400");
			browser.find("#peer").sendKeys("nonsense" + Keys.ENTER);
			awaitText("#list-note", "The list is the last one: ");
			assertThat(browser.text("#list-note")).contains("nonsense");
			assertThat(browser.find("#peer").getDomAttribute("aria-invalid")).isEqualTo("true");
			assertThat(browser.findAll("#open > tr")).hasSize(1);
			// All else goes on
			assertThat(browser.shows("#silence")).isFalse();
		}
	}

	@Test
	void whenHeldToTheRulesOfAccessibilityThenNothingSeriousIsFound() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo", "--tcp.server.backlog=1000000",
				"--management.endpoint.tcpconnections.access=unrestricted");
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			unfoldWithOneEnded(weir, peer);
			for (String scheme : List.of("light", "dark")) {
				for (int width : List.of(1280, 360, 3840)) {
					browser.prefer(scheme).resize(width, 900);
					assertThat(browser.seriousViolations()).as(scheme + " " + width).isEmpty();
				}
			}
			browser.find("#open button.close").sendKeys(Keys.ENTER);
			assertThat(browser.seriousViolations()).as("the question").isEmpty();
		}
	}

	// The page with all that it shows without a fault
	private static void unfoldWithOneEnded(RunningWeir weir, Peer peer) throws Exception {
		peer.send(new byte[1]).receive(1);
		try (Peer gone = Peer.connect(weir.tcpPort())) {
			gone.send(new byte[1]).receive(1);
		}
		open(weir);
		awaitText("#ended", "end of stream");
		browser.find("#open button.peer").click();
		browser.find("summary").click();
	}

	@Test
	void whenTheWindowIsAPhonesThenNothingSticksOutAndWhatMattersIsSeen() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo", "--tcp.server.backlog=1000000");
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			unfoldWithOneEnded(weir, peer);
			assertThat(browser.shows("#open td.wide")).isTrue();
			for (int width : List.of(320, 360, 768, 1280, 3840)) {
				browser.resize(width, 900);
				assertThat(String.valueOf(browser.run(WIDER))).as("wider than " + width).isEmpty();
			}
			browser.resize(360, 800);
			for (String selector : List.of("#state", "#verdict", "#address", "#findings li", ".tile strong",
					"#settings td", "#open button.peer", "#open td:nth-child(5)", "#last td:nth-child(3)",
					"#ended th")) {
				assertThat(browser.shows(selector)).as(selector).isTrue();
			}
			assertThat(browser.shows("#open > tr:not(.detail) td.wide")).isFalse();
		}
	}

	@Test
	void whenTheSystemIsDarkThenThePageIs() {
		open(start());
		String light = ground();
		browser.prefer("dark");
		assertThat(ground()).isNotEqualTo(light).isEqualTo("rgb(13, 19, 23)");
		assertThat(light).isEqualTo("rgb(243, 246, 248)");
	}

	private static String ground() {
		return String.valueOf(browser.run("return getComputedStyle(document.body).backgroundColor"));
	}

	// High contrast, which replaces each colour of the page by one of two
	@Test
	void whenThereAreNoColoursThenSignsWordsAndShapesSayTheSame() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo", "--tcp.server.backlog=1000000",
				"--tcp.server.max-connections=1");
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			try (Peer waiting = Peer.connect(weir.tcpPort())) {
				open(weir, "Full: newcomers wait until a place is free");
				browser.prefer("forced-colors", "active");
				assertThat(browser.text("#state-sign")).isEqualTo("!");
				assertThat(browser.text("#findings li .sign")).isEqualTo("!");
				assertThat(browser.text("[data-setting=backlog] td:nth-child(6)")).isEqualTo("! net.core.somaxconn");
				assertThat(waiting.port()).isPositive();
			}
		}
		awaitText("#state", "Accepting connections");
		assertThat(browser.text("#state-sign")).isEqualTo("✓");
		awaitText("#ended", "end of stream");
		// A bar has an edge where it has no colour of its own
		assertThat(browser.run("""
				const bar = document.querySelector('#ended .bar');
				const style = getComputedStyle(bar);
				return style.backgroundColor !== getComputedStyle(document.body).backgroundColor
					|| parseFloat(style.borderTopWidth) > 0;""")).isEqualTo(true);
	}

	@Test
	void whenTheServerStopsAndStartsThenThePageSaysSoAndRecovers() throws Exception {
		// Each of the page's requests may be the one that the stop meets, also under way
		browser.expect("actuator/tcp(server|connections)\\S* .*"
				+ "(ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE|status of 503)");
		int port = FreePort.find();
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo", "--server.port=" + port);
				Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[100_000]).receive(100_000);
			open(weir);
			awaitText("[data-figure=received] .figure", "0 B/s");
		}
		awaitText("#state", "No answer");
		assertThat(browser.text("#silence")).matches(
				"No answer from the server since \\d\\d:\\d\\d:\\d\\d: the connection failed\\. What you see is from then; .*");
		assertThat(browser.shows("#silence")).isTrue();
		// What was known stays
		assertThat(browser.title("[data-figure=received] .figure strong")).isEqualTo("100,000 bytes in all");
		RunningWeir weir = start("--tcp.server.protocol=echo", "--server.port=" + port);
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[10]).receive(10);
			awaitText("#state", "Accepting connections");
			Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
				assertThat(browser.shows("#silence")).isFalse();
				assertThat(browser.title("[data-figure=received] .figure strong")).isEqualTo("10 bytes in all");
				assertThat(browser.text("#figures")).doesNotContain("-");
				assertThat(browser.text("[data-figure=received] .figure")).isEqualTo("0 B/s");
			});
		}
	}

	// Another tab in front of it hides it, as a person does. The page has no clock of its
	// own while it is hidden, so some seconds are as good as a minute
	@Test
	void whenTheTabIsHiddenThenNothingIsAskedUntilItIsSeen() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo");
		try (Actuator actuator = new Actuator(weir.httpPort())) {
			open(weir);
			awaitText("[data-figure=received] .figure", "0 B/s");
			browser.run("""
					seen = [];
					document.addEventListener('visibilitychange', () => seen.push(document.visibilityState));""");
			String page = browser.driver().getWindowHandle();
			browser.driver().switchTo().newWindow(WindowType.TAB);
			// One may be on its way
			long hidden = served(actuator, "tcpserver").count() + 1;
			Awaitility.await()
				.during(Duration.ofSeconds(7))
				.atMost(Duration.ofSeconds(60))
				.until(() -> served(actuator, "tcpserver").count() <= hidden);
			browser.driver().close();
			browser.driver().switchTo().window(page);
			Awaitility.await().atMost(PATIENCE).until(() -> served(actuator, "tcpserver").count() > hidden);
			assertThat(browser.run("return seen.join()")).isEqualTo("hidden,visible");
			// The line has a gap for the time in which nothing was known
			Awaitility.await()
				.atMost(PATIENCE)
				.untilAsserted(() -> assertThat(browser.find("[data-figure=open] .line").getDomAttribute("d"))
					.containsPattern("M.*M"));
		}
	}

	// The page's own clock goes ahead, and the line is 120 units wide
	@Test
	void whenTwoMinutesHavePassedThenTheLineForgets() {
		open(start());
		browser.run("""
				const now = performance.now.bind(performance);
				ahead = 0;
				performance.now = () => now() + ahead;""");
		browser.run("ahead = 100_000");
		awaitOldest(1, 20);
		browser.run("ahead += 121_000");
		awaitOldest(100, 120);
	}

	private static void awaitOldest(double from, double to) {
		Awaitility.await()
			.atMost(PATIENCE)
			.untilAsserted(() -> assertThat(((Number) Objects.requireNonNull(browser.run("""
					const line = document.querySelector('[data-figure=open] .line').getAttribute('d');
					return Math.min(...line.match(/[-.\\d]+(?= )/g));"""))).doubleValue()).isBetween(from, to));
	}

	@Test
	void whenBehindAProxysPrefixThenEverythingIsFound() throws Exception {
		assumeTrue(Command.succeeds("nginx", "-v"), "nginx is not installed");
		int port = FreePort.find();
		RunningWeir weir = start("--tcp.server.protocol=echo",
				"--management.endpoint.tcpconnections.access=unrestricted");
		NginxProcess nginx = this.opened.later(NginxProcess.start(this.directory, """
				server {
					listen 127.0.0.1:%d;
					location /ops/weir/ {
						proxy_pass http://127.0.0.1:%d/;
					}
				}
				""".formatted(port, weir.httpPort())));
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			assertThat(nginx.isAlive()).isTrue();
			String base = origin(port) + "ops/weir/";
			browser.open(base, "", 1280, 1000);
			assertThat(browser.driver().getCurrentUrl()).isEqualTo(base + "actuator/tcpstatus");
			awaitText("#open", "127.0.0.1:" + peer.port());
			awaitText("#state", "Accepting connections");
			// The style sheet is there
			assertThat(ground()).isEqualTo("rgb(243, 246, 248)");
			browser.find("#open button.close").click();
			browser.find("#close").click();
			assertThat(peer.receiveToEnd()).isEmpty();
			awaitText("#list-note", "is closed.");
		}
	}

	@Test
	void whenTenThousandAreOpenThenFiftyAreListed() throws Exception {
		List<Peer> peers = new ArrayList<>();
		RunningWeir weir = start("--tcp.server.protocol=echo", "--tcp.server.max-connections=10000");
		try (Actuator actuator = new Actuator(weir.httpPort())) {
			// Both ends are this process's
			long files = actuator.json("/tcpserver").at("/kernel/nofile.soft").asLong(1_000_000);
			long count = Math.min(10_000, (files - 1_000) / 2);
			assumeTrue(count >= 1_000, () -> "the limit of files, " + files + ", is too low for 1,000 connections");
			while (peers.size() < count) {
				peers.add(Peer.connect(weir.tcpPort()));
			}
			peers.getLast().send(new byte[1000]).receive(1000);
			actuator.awaitActive(peers.size());
			open(weir);
			awaitText("#shown", "50 of %,d".formatted(peers.size()));
			assertThat(browser.findAll("#open > tr")).hasSize(50);
			assertThat(browser.text("#open > tr:first-child button.peer"))
				.isEqualTo("127.0.0.1:" + peers.getLast().port());
			printCostOfList(actuator, peers.size());
		}
		finally {
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	// 15 ms at most on a machine that does nothing else. What this one takes says little
	// of Weir, so the figure is printed and not judged
	private static void printCostOfList(Actuator actuator, int open) throws Exception {
		Served before = served(actuator, "tcpconnections");
		for (int i = 0; i < 100; i++) {
			assertThat(actuator.json("/tcpconnections?limit=50&sort=bytes").at("/connections")).hasSize(50);
		}
		Served after = served(actuator, "tcpconnections");
		long count = after.count() - before.count();
		assertThat(count).isGreaterThanOrEqualTo(100);
		System.out.printf("A list of 50 of %,d connections costs the server %.2f ms, the mean of %d%n", open,
				1000 * (after.seconds() - before.seconds()) / count, count);
	}

	private record Served(long count, double seconds) {
	}

	// As Spring Boot's own meter has it
	private static Served served(Actuator actuator, String endpoint) throws Exception {
		JsonNode figures = actuator.json("/metrics/http.server.requests?tag=uri:/actuator/" + endpoint)
			.at("/measurements");
		return new Served(figures.at("/0/value").asLong(), figures.at("/1/value").asDouble());
	}

}
