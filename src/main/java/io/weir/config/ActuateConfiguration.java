package io.weir.config;

import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.actuate.ConnectionMeters;
import io.weir.actuate.Findings;
import io.weir.actuate.KernelFigures;
import io.weir.actuate.KernelMetrics;
import io.weir.actuate.TcpConnectionsEndpoint;
import io.weir.actuate.TcpServerEndpoint;
import io.weir.actuate.TcpServerHealthIndicator;
import io.weir.actuate.TcpServerMetrics;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.KernelReader;
import io.weir.server.TcpServer;

/**
 * What one sees of the TCP server through the actuator.
 */
@Configuration(proxyBeanMethods = false)
class ActuateConfiguration {

	@Bean
	KernelFigures kernelFigures(KernelReader reader) {
		return new KernelFigures(reader);
	}

	@Bean
	KernelMetrics kernelMetrics(KernelFigures figures) {
		return new KernelMetrics(figures);
	}

	@Bean
	TcpServerMetrics tcpServerMetrics(TcpServer server, ConnectionRegistry connections) {
		return new TcpServerMetrics(server, connections);
	}

	@Bean
	ConnectionMeters connectionMeters(MeterRegistry registry, TcpServerProperties properties,
			ConnectionRegistry connections) {
		ConnectionMeters meters = new ConnectionMeters(registry, properties.metrics().connections());
		connections.addListener(meters);
		return meters;
	}

	@Bean
	Findings findings(TcpServer server) {
		return new Findings(server);
	}

	@Bean
	TcpServerHealthIndicator tcpServerHealthIndicator(TcpServer server, ConnectionRegistry connections,
			KernelFigures kernel, Findings findings, TcpServerProperties properties) {
		return new TcpServerHealthIndicator(server, connections, kernel, findings, properties.metrics().connections());
	}

	@Bean
	TcpServerEndpoint tcpServerEndpoint(TcpServer server, ConnectionRegistry connections, KernelFigures kernel,
			Findings findings) {
		return new TcpServerEndpoint(server, connections, kernel, findings);
	}

	@Bean
	TcpConnectionsEndpoint tcpConnectionsEndpoint(ConnectionRegistry connections) {
		return new TcpConnectionsEndpoint(connections);
	}

}
