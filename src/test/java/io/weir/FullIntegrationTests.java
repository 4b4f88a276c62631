package io.weir;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;

import io.weir.server.TcpServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the running application while all places are taken and newcomers wait.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "tcp.server.port=0", "tcp.server.protocol=echo", "tcp.server.max-connections=1",
				"tcp.server.health.full=out-of-service" })
@ExtendWith(OutputCaptureExtension.class)
class FullIntegrationTests {

	@LocalServerPort
	private int httpPort;

	@Autowired
	@SuppressWarnings("NullAway.Init")
	private TcpServer server;

	@AutoClose
	@SuppressWarnings("NullAway.Init")
	private Actuator actuator;

	@BeforeEach
	void look() throws InterruptedException {
		SocketStatistics.assumeAvailable();
		this.actuator = new Actuator(this.httpPort);
	}

	private String readiness() throws Exception {
		return this.actuator.json("/health/readiness").at("/status").asString();
	}

	@Test
	void whenNewcomersWaitForTenSecondsThenItIsToldAndReadinessGoesIfThatIsWanted(CapturedOutput output)
			throws Exception {
		int port = Objects.requireNonNull(this.server.address()).getPort();
		assertThat(this.actuator.text("/prometheus")).contains("tcp_server_max_connections 1.0");
		try (Peer served = Peer.connect(port)) {
			served.send((byte) 1).receive(1);
			long begin = System.nanoTime();
			try (Peer first = Peer.connect(port); Peer second = Peer.connect(port)) {
				assertThat(readiness()).isEqualTo("UP");
				Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> readiness().equals("OUT_OF_SERVICE"));
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(10));
				assertThat(this.actuator.json("/tcpserver").at("/findings").toString())
					.contains("all of 1 places have been taken for 1", "2 clients wait in the accept queue");
				Awaitility.await()
					.untilAsserted(() -> assertThat(List.of(output.getOut().split("\n", -1)))
						.filteredOn((line) -> line.contains("clients wait in the accept queue"))
						.singleElement()
						.satisfies((line) -> assertThat(line).contains("WARN", "max-connections: all of 1 places")));
				assertThat(first.port()).isNotEqualTo(second.port());
			}
		}
		Awaitility.await().until(() -> readiness().equals("UP"));
		assertThat(this.actuator.json("/tcpserver").at("/findings").toString()).doesNotContain("clients wait");
	}

}
