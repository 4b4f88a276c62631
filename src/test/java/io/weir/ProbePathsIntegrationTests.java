package io.weir;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Probes do not wait behind other requests, on whatever path they are.
 */
class ProbePathsIntegrationTests {

	// Of the test that runs
	private static CountDownLatch begun = new CountDownLatch(2);

	private static CountDownLatch goOn = new CountDownLatch(1);

	@Configuration(proxyBeanMethods = false)
	static class BlockingScrape {

		@Bean
		MeterBinder blocking() {
			return (registry) -> Gauge.builder("blocking", BlockingScrape::block).register(registry);
		}

		private static double block() {
			begun.countDown();
			try {
				return goOn.await(30, TimeUnit.SECONDS) ? 1 : 0;
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

	@BeforeEach
	void block() {
		begun = new CountDownLatch(2);
		goOn = new CountDownLatch(1);
	}

	@Test
	void whenScrapesBlockThenProbesAreAnswered() throws Exception {
		try (RunningWeir weir = RunningWeir.start(List.of(BlockingScrape.class), "--spring.mvc.servlet.path=/mvc",
				"--management.endpoint.health.probes.add-additional-paths=true")) {
			probe(weir.httpPort(), "/mvc/actuator/prometheus", "/mvc/actuator/health/liveness", "/mvc/livez",
					"/mvc/readyz");
		}
	}

	@Test
	void whenScrapesBlockThenProbesOfAManagementPortAreAnswered() throws Exception {
		try (RunningWeir weir = RunningWeir.start(List.of(BlockingScrape.class), "--management.server.port=0",
				"--management.endpoint.health.group.readiness.additional-path=management:/readyz")) {
			probe(weir.managementPort(), "/actuator/prometheus", "/actuator/health/liveness", "/readyz");
		}
	}

	private static void probe(int port, String scrape, String... probes) throws Exception {
		try (HttpClient http = HttpClient.newHttpClient()) {
			List<CompletableFuture<Integer>> scrapes = new ArrayList<>();
			try {
				for (int i = 0; i < 2; i++) {
					scrapes.add(http.sendAsync(get(port, scrape), BodyHandlers.discarding())
						.thenApply(HttpResponse::statusCode));
				}
				assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
				for (String probe : probes) {
					assertThat(http.send(get(port, probe), BodyHandlers.ofString()).statusCode()).as(probe)
						.isEqualTo(200);
				}
			}
			finally {
				goOn.countDown();
			}
			assertThat(scrapes).allMatch((one) -> one.join() == 200);
		}
	}

	private static HttpRequest get(int port, String path) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build();
	}

}
