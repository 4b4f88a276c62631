package io.weir;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Asks {@code /actuator} of a running application.
 */
final class Actuator implements AutoCloseable {

	private static final JsonMapper JSON = new JsonMapper();

	private final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

	private final int port;

	Actuator(int port) {
		this.port = port;
	}

	int port() {
		return this.port;
	}

	HttpResponse<String> request(String method, String path) throws IOException, InterruptedException {
		URI uri = URI.create("http://localhost:" + this.port + "/actuator" + path);
		return this.client.send(HttpRequest.newBuilder(uri)
			.method(method, HttpRequest.BodyPublishers.noBody())
			.timeout(Duration.ofSeconds(20))
			.build(), HttpResponse.BodyHandlers.ofString());
	}

	int status(String method, String path) throws IOException, InterruptedException {
		return request(method, path).statusCode();
	}

	JsonNode json(String path) throws IOException, InterruptedException {
		HttpResponse<String> response = request("GET", path);
		assertThat(response.statusCode()).as(path + ": " + response.body()).isIn(200, 503);
		return JSON.readTree(response.body());
	}

	String text(String path) throws IOException, InterruptedException {
		HttpResponse<String> response = request("GET", path);
		assertThat(response.statusCode()).as(path).isEqualTo(200);
		return response.body();
	}

	/**
	 * Waits until so many connections are open.
	 */
	void awaitActive(long count) {
		Awaitility.await(count + " connections")
			.atMost(Duration.ofSeconds(60))
			.until(() -> json("/tcpserver").at("/connections/active").asLong() == count);
	}

	@Override
	public void close() {
		this.client.close();
	}

}
