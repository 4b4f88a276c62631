package io.weir;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the page for people as HTTP clients meet it.
 */
class StatusPageIntegrationTests {

	private static final String PAGE = "/actuator/tcpstatus";

	// What the page names, but for places in itself
	private static final Pattern REFERENCE = Pattern.compile(" (?:href|src|data-server|data-connections)=\"([^\"#]+)");

	private static final Map<String, String> TYPES = Map.of("css", "text/css;charset=UTF-8", "js",
			"text/javascript;charset=UTF-8", "svg", "image/svg+xml");

	@SuppressWarnings("NullAway.Init")
	private static HttpClient client;

	@BeforeAll
	static void open() {
		client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
	}

	@AfterAll
	static void close() {
		client.close();
	}

	@Test
	void whenAskedForThePageThenItsFilesComeWithTheStrictPolicy() throws Exception {
		try (RunningWeir weir = RunningWeir.start()) {
			assertFiles(weir.httpPort());
			assertThat(get(weir.httpPort(), PAGE + "/page.html").statusCode()).isEqualTo(404);
			assertThat(get(weir.httpPort(), PAGE + "/TcpStatusEndpoint.class").statusCode()).isEqualTo(404);
			for (String method : List.of("POST", "DELETE", "PUT")) {
				assertThat(send(method, weir.httpPort(), PAGE).statusCode()).as(method).isEqualTo(405);
			}
			// Nothing but the page has its headers
			assertThat(get(weir.httpPort(), "/actuator/tcpserver").headers().firstValue("Content-Security-Policy"))
				.isEmpty();
		}
	}

	private static void assertFiles(int port) throws Exception {
		assertFile(port, PAGE, "text/html;charset=UTF-8");
		assertFile(port, PAGE + "/status.css", "text/css;charset=UTF-8");
		assertFile(port, PAGE + "/status.js", "text/javascript;charset=UTF-8");
		assertFile(port, PAGE + "/icon.svg", "image/svg+xml");
		String page = get(port, PAGE).body();
		assertThat(page).contains("src=\"tcpstatus/status.js\"", "href=\"tcpstatus/status.css\"")
			.doesNotContain("=\"/", "http://", "https://", "<style", "style=\"", "onclick")
			// Browsers ignore this one in a page, and say so
			.contains("content=\"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
					+ "img-src 'self'; base-uri 'none'; form-action 'none'\"");
		assertThat(get(port, PAGE + "/status.js").body()).doesNotContain("innerHTML", "insertAdjacentHTML", "eval(")
			.satisfies((script) -> assertThat(script.lines()).hasSizeLessThanOrEqualTo(500));
	}

	private static void assertFile(int port, String path, String type) throws Exception {
		HttpResponse<String> response = get(port, path);
		assertThat(response.statusCode()).as(path).isEqualTo(200);
		assertThat(response.headers().allValues("Content-Type")).as(path).containsExactly(type);
		assertThat(response.headers().allValues("Content-Security-Policy")).as(path)
			.containsExactly("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
					+ "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
		assertThat(response.headers().allValues("X-Content-Type-Options")).as(path).containsExactly("nosniff");
		assertThat(response.headers().allValues("Cache-Control")).as(path).containsExactly("no-cache");
		assertThat(response.body()).as(path).isNotEmpty();
	}

	@Test
	void whenThePageIsOnTheMainPortThenTheRootLeadsToIt() throws Exception {
		try (RunningWeir weir = RunningWeir.start()) {
			assertRedirect(weir.httpPort(), "/", "actuator/tcpstatus");
			assertThat(send("HEAD", weir.httpPort(), "/").statusCode()).isEqualTo(302);
			assertThat(send("POST", weir.httpPort(), "/").statusCode()).isEqualTo(405);
			assertThat(get(weir.httpPort(), "/index.html").statusCode()).isEqualTo(404);
		}
	}

	private static void assertRedirect(int port, String path, String location) throws Exception {
		HttpResponse<String> response = get(port, path);
		assertThat(response.statusCode()).isEqualTo(302);
		assertThat(response.headers().allValues("Location")).containsExactly(location);
	}

	@Test
	void whenTheActuatorHasAPortOfItsOwnThenThePageIsThereAndNotOnTheMainOne() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--management.server.port=0")) {
			assertFiles(weir.managementPort());
			assertRedirect(weir.managementPort(), "/", "actuator/tcpstatus");
			assertThat(get(weir.httpPort(), PAGE).statusCode()).isEqualTo(404);
			assertThat(get(weir.httpPort(), "/").statusCode()).isEqualTo(404);
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					# arguments                                                                            | root   | page
					--management.endpoints.web.base-path=/ops/monitor                                      | /      | /ops/monitor/tcpstatus
					--management.endpoints.web.base-path=/                                                 | /      | /tcpstatus
					--management.endpoints.web.path-mapping.tcpstatus=status                               | /      | /actuator/status
					--management.endpoints.web.path-mapping.tcp-status=weir/now                            | /      | /actuator/weir/now
					--management.endpoints.web.path-mapping.tcpserver=server                               | /      | /actuator/tcpstatus
					--management.endpoints.web.path-mapping.tcpconnections=of/all                          | /      | /actuator/tcpstatus
					--server.servlet.context-path=/weir                                                    | /weir/ | /weir/actuator/tcpstatus
					--spring.mvc.servlet.path=/mvc                                                         | /mvc/  | /mvc/actuator/tcpstatus
					--management.server.port=0 --management.server.base-path=/ops                          | /ops/  | /ops/actuator/tcpstatus
					--management.server.port=0 --server.servlet.context-path=/weir                         | /      | /actuator/tcpstatus
					--management.server.port=0 --management.endpoints.web.base-path=/manage                | /      | /manage/tcpstatus
					--server.servlet.context-path=/a --management.endpoints.web.path-mapping.tcpstatus=b/c | /a/    | /a/actuator/b/c
					""")
	void whenPathsAreChangedThenThePageIsThereWithAllThatItAsksFor(String arguments, String root, String page)
			throws Exception {
		try (RunningWeir weir = RunningWeir.start(arguments.split(" ")); Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			int port = arguments.contains("management.server.port") ? weir.managementPort() : weir.httpPort();
			HttpResponse<String> redirect = get(port, root);
			assertThat(redirect.statusCode()).isEqualTo(302);
			URI location = URI.create(redirect.headers().firstValue("Location").orElseThrow());
			assertThat(location.isAbsolute()).isFalse();
			assertThat(redirect.uri().resolve(location).getPath()).isEqualTo(page);
			assertFile(port, page, "text/html;charset=UTF-8");
			List<String> asked = REFERENCE.matcher(get(port, page).body())
				.results()
				.map((found) -> found.group(1))
				.toList();
			assertThat(asked).hasSizeGreaterThanOrEqualTo(6);
			for (String reference : asked) {
				String path = URI.create(page).resolve(reference).getPath();
				String type = TYPES.getOrDefault(reference.substring(reference.lastIndexOf('.') + 1), "");
				if (!type.isEmpty()) {
					assertFile(port, path, type);
				}
				else {
					HttpResponse<String> data = get(port, path);
					assertThat(data.statusCode()).as(path).isEqualTo(200);
					assertThat(data.headers().firstValue("Content-Type").orElse("")).as(path).contains("json");
				}
			}
		}
	}

	@Test
	void whenThePageIsNotExposedOrHasNoAccessThenNeitherItNorTheRootIsThere() throws Exception {
		for (String off : List.of("--management.endpoints.web.exposure.include=health,tcpserver,tcpconnections",
				"--management.endpoint.tcpstatus.access=none")) {
			try (RunningWeir weir = RunningWeir.start(off)) {
				for (String path : List.of("/", PAGE, PAGE + "/status.js", PAGE + "/status.css")) {
					assertThat(get(weir.httpPort(), path).statusCode()).as(off + " " + path).isEqualTo(404);
				}
				assertThat(get(weir.httpPort(), "/actuator/tcpserver").statusCode()).isEqualTo(200);
			}
		}
	}

	@Test
	void whenClosingIsGrantedThenTheServerSaysSo() throws Exception {
		assertCloseAllowed(false);
		assertCloseAllowed(true, "--management.endpoint.tcpconnections.access=unrestricted");
		assertCloseAllowed(false, "--management.endpoint.tcpconnections.access=unrestricted",
				"--management.endpoints.access.max-permitted=read-only");
	}

	private static void assertCloseAllowed(boolean allowed, String... arguments) throws Exception {
		try (RunningWeir weir = RunningWeir.start(arguments);
				Actuator actuator = new Actuator(weir.httpPort());
				Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[1]).receive(1);
			assertThat(actuator.json("/tcpserver").at("/closeAllowed").asBoolean()).isEqualTo(allowed);
			String id = actuator.json("/tcpconnections").at("/connections/0/id").asString();
			assertThat(actuator.status("DELETE", "/tcpconnections/" + id)).isEqualTo(allowed ? 204 : 405);
		}
	}

	private static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
		return send("GET", port, path);
	}

	private static HttpResponse<String> send(String method, int port, String path)
			throws IOException, InterruptedException {
		return client.send(HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
			.method(method, BodyPublishers.noBody())
			.timeout(Duration.ofSeconds(20))
			.build(), BodyHandlers.ofString());
	}

}
