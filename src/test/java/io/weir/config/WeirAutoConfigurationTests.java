package io.weir.config;

import java.util.List;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.Peer;
import io.weir.actuate.ConnectionMeters;
import io.weir.actuate.TcpConnectionsEndpoint;
import io.weir.actuate.TcpServerEndpoint;
import io.weir.actuate.TcpServerHealthIndicator;
import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.server.TcpServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WeirAutoConfiguration}: Weir in another application's context.
 */
class WeirAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(WeirAutoConfiguration.class, SslAutoConfiguration.class,
				MetricsAutoConfiguration.class, CompositeMeterRegistryAutoConfiguration.class))
		.withPropertyValues("tcp.server.port=0");

	@Test
	void whenBeansAreLazyThenThoseThatListenAreThereFromTheBeginning() {
		this.runner
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> assertThat(List.of("connectionMeters", "connectionHistory", "servingLiveness",
					"outOfMemoryLiveness", "foreignPeers"))
				.allMatch(context.getSourceApplicationContext().getBeanFactory()::containsSingleton));
	}

	@Test
	void theJarRegistersIt() {
		assertThat(ImportCandidates.load(org.springframework.boot.autoconfigure.AutoConfiguration.class,
				WeirAutoConfiguration.class.getClassLoader()))
			.contains(WeirAutoConfiguration.class.getName());
	}

	@ParameterizedTest
	@ValueSource(strings = { "shout", "SHOUT", "S-hout" })
	void whenTheApplicationHasAHandlerThenItServes(String name) {
		this.runner.withUserConfiguration(Shouting.class)
			.withPropertyValues("tcp.server.protocol=" + name)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				InetSocketAddress address = Objects.requireNonNull(context.getBean(TcpServer.class).address());
				try (Peer peer = Peer.connect(address.getPort())) {
					assertThat(peer.send("data".getBytes(StandardCharsets.US_ASCII)).receive(4))
						.isEqualTo("DATA".getBytes(StandardCharsets.US_ASCII));
				}
				assertThat(context.getBean(TcpServer.class).status().protocolSource().text()).isEqualTo("bean");
			});
	}

	@Test
	void whenNoEndpointIsExposedThenThereIsNone() {
		this.runner.run((context) -> assertThat(context).hasNotFailed()
			.hasSingleBean(TcpServer.class)
			.hasSingleBean(ConnectionMeters.class)
			.hasSingleBean(TcpServerHealthIndicator.class)
			.doesNotHaveBean(TcpServerEndpoint.class)
			.doesNotHaveBean(TcpConnectionsEndpoint.class));
	}

	@Test
	void whenThereAreNoMetersThenItServesAllTheSame() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(WeirAutoConfiguration.class, SslAutoConfiguration.class))
			.withPropertyValues("tcp.server.port=0", "management.health.tcpServer.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(TcpServer.class)
				.doesNotHaveBean(ConnectionMeters.class)
				.doesNotHaveBean(TcpServerHealthIndicator.class));
	}

	@Test
	void whenItIsTurnedOffThenThereIsNothing() {
		this.runner.withPropertyValues("tcp.server.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(TcpServer.class)
				.doesNotHaveBean(ConnectionHandler.class)
				.doesNotHaveBean(TcpServerProperties.class));
	}

	@Test
	void whenTheApplicationHasABeanOfItsOwnThenThatIsTaken() {
		ConnectionRegistry own = new ConnectionRegistry();
		this.runner.withBean("mine", ConnectionRegistry.class, () -> own)
			.run((context) -> assertThat(context).hasNotFailed().getBean(ConnectionRegistry.class).isSameAs(own));
	}

	@Test
	void whenTheApplicationHasOtherBeansOfTheProtocolsNamesThenTheyStay() {
		this.runner.withBean("echo", String.class, () -> "echo")
			.withBean("record", String.class, () -> "record")
			.run((context) -> assertThat(context).hasNotFailed().getBean("echo").isEqualTo("echo"));
	}

	@Test
	void whenABeanHasABuiltInsNameThenTheStartFailsAndTheMessageNamesBoth() {
		this.runner.withBean("Echo", ConnectionHandler.class, () -> (connection) -> {
		})
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidConfigurationException.class)
				.hasMessageContaining("Echo")
				.hasMessageContaining("the built-in protocol echo"));
	}

	@Configuration(proxyBeanMethods = false)
	static class Shouting {

		@Bean
		ConnectionHandler shout() {
			return (connection) -> {
				byte[] bytes = new byte[4];
				int count = connection.inputStream().readNBytes(bytes, 0, 4);
				connection.outputStream()
					.write(new String(bytes, 0, count, StandardCharsets.US_ASCII).toUpperCase(Locale.ROOT)
						.getBytes(StandardCharsets.US_ASCII));
			};
		}

	}

}
