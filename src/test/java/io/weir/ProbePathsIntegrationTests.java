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
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Probes do not wait behind other requests, on whatever path they are.
 */
class ProbePathsIntegrationTests {

	private static final CountDownLatch BEGUN = new CountDownLatch(2);

	private static final CountDownLatch GO_ON = new CountDownLatch(1);

	@Configuration(proxyBeanMethods = false)
	static class BlockingScrape {

		@Bean
		MeterBinder blocking() {
			return (registry) -> Gauge.builder("blocking", BlockingScrape::block).register(registry);
		}

		private static double block() {
			BEGUN.countDown();
			try {
				return GO_ON.await(30, TimeUnit.SECONDS) ? 1 : 0;
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

	@Test
	void whenScrapesBlockThenProbesAreAnswered() throws Exception {
		try (RunningWeir weir = RunningWeir.start(List.of(BlockingScrape.class), "--spring.mvc.servlet.path=/mvc",
				"--management.endpoint.health.probes.add-additional-paths=true");
				HttpClient http = HttpClient.newHttpClient()) {
			List<CompletableFuture<Integer>> scrapes = new ArrayList<>();
			try {
				for (int i = 0; i < 2; i++) {
					scrapes.add(http.sendAsync(get(weir, "/mvc/actuator/prometheus"), BodyHandlers.discarding())
						.thenApply(HttpResponse::statusCode));
				}
				assertThat(BEGUN.await(20, TimeUnit.SECONDS)).isTrue();
				for (String probe : List.of("/mvc/actuator/health/liveness", "/mvc/livez", "/mvc/readyz")) {
					assertThat(http.send(get(weir, probe), BodyHandlers.ofString()).statusCode()).as(probe)
						.isEqualTo(200);
				}
			}
			finally {
				GO_ON.countDown();
			}
			assertThat(scrapes).allMatch((scrape) -> scrape.join() == 200);
		}
	}

	private static HttpRequest get(RunningWeir weir, String path) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + weir.httpPort() + path)).build();
	}

}
