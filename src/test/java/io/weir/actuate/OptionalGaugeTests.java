package io.weir.actuate;

import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OptionalGauge}.
 */
class OptionalGaugeTests {

	private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

	private final AtomicReference<OptionalDouble> figure = new AtomicReference<>(OptionalDouble.empty());

	private OptionalGauge gauge(String kind) {
		return new OptionalGauge(this.registry, "a.figure", Tags.of("kind", kind), "bytes", "A figure",
				this.figure::get);
	}

	@Test
	void whenTheFigureIsKnownThenThereIsASeriesAndElseNone() {
		OptionalGauge gauge = gauge("one");
		gauge.refresh();
		assertThat(this.registry.scrape()).doesNotContain("a_figure");
		this.figure.set(OptionalDouble.of(3));
		gauge.refresh();
		gauge.refresh();
		assertThat(this.registry.scrape()).contains("a_figure_bytes{kind=\"one\"} 3.0");
		this.figure.set(OptionalDouble.empty());
		assertThat(this.registry.scrape()).contains("a_figure_bytes{kind=\"one\"} 3.0");
		gauge.refresh();
		assertThat(this.registry.scrape()).doesNotContain("a_figure");
		this.figure.set(OptionalDouble.of(4));
		gauge.refresh();
		assertThat(this.registry.scrape()).contains("a_figure_bytes{kind=\"one\"} 4.0");
	}

	@Test
	void whenScrapedWhileRefreshedThenEachSeriesIsThereOnce() throws Exception {
		this.figure.set(OptionalDouble.of(1));
		OptionalGauge one = gauge("one");
		OptionalGauge other = gauge("other");
		one.refresh();
		other.refresh();
		AtomicBoolean enough = new AtomicBoolean();
		Thread sampler = Thread.startVirtualThread(() -> {
			while (!enough.get()) {
				one.refresh();
				other.refresh();
			}
		});
		for (int i = 0; i < 2_000; i++) {
			assertThat(this.registry.scrape()).containsOnlyOnce("a_figure_bytes{kind=\"one\"} 1.0")
				.containsOnlyOnce("a_figure_bytes{kind=\"other\"} 1.0");
		}
		enough.set(true);
		sampler.join();
	}

}
