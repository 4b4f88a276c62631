package io.weir.config;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Nearest}.
 */
class NearestTests {

	private static final List<String> KNOWN = List.of("tcp.server.port", "tcp.server.host", "tcp.server.reuse-port",
			"tcp.server.max-connections", "tcp.server.drain.grace-period", "tcp.server.keep-alive.interval",
			"tcp.server.sampling.interval");

	@ParameterizedTest
	@CsvSource({ "tcp.server.prot, tcp.server.port", "tcp.server.ports, tcp.server.port",
			"tcp.server.hots, tcp.server.host", "tcp.server.max_conections, tcp.server.max-connections",
			"TCP_SERVER_MAXCONNECTIONS, tcp.server.max-connections",
			"tcp.server.grace-period, tcp.server.drain.grace-period",
			"tcp.server.drian.grace-period, tcp.server.drain.grace-period",
			"tcp.server.interval, tcp.server.keep-alive.interval tcp.server.sampling.interval", "tcp.server.colour,",
			"tcp.server.x,", "tcp.server.,", "other.thing," })
	void whenANameIsMisspeltThenThoseAtTheLeastDistanceAreFound(String name, @Nullable String nearest) {
		assertThat(Nearest.to(name, KNOWN)).isEqualTo((nearest != null) ? List.of(nearest.split(" ", -1)) : List.of());
	}

	@ParameterizedTest
	@CsvSource({ "virtul, virtual", "plattform, platform", "ATUO, auto", "green, ", "'', " })
	void whenAValueIsMisspeltThenTheWholeOfItCounts(String value, @Nullable String nearest) {
		assertThat(Nearest.question(value, List.of("auto", "virtual", "platform")))
			.isEqualTo((nearest != null) ? "; did you mean " + nearest + "?" : "");
	}

	@ParameterizedTest
	@CsvSource("anything")
	void whenNothingIsKnownThenNothingIsNear(String name) {
		assertThat(Nearest.to(name, List.of())).isEmpty();
	}

}
