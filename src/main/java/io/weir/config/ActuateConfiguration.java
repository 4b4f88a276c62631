package io.weir.config;

import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.actuate.ConnectionMeters;
import io.weir.actuate.ConnectionSampler;
import io.weir.actuate.Findings;
import io.weir.actuate.KernelMetrics;
import io.weir.actuate.ListenerFigures;
import io.weir.actuate.MemoryGuard;
import io.weir.actuate.OnDemandMetersAdvisor;
import io.weir.actuate.SampledMetrics;
import io.weir.actuate.TcpConnectionsEndpoint;
import io.weir.actuate.TcpServerEndpoint;
import io.weir.actuate.TcpServerHealthIndicator;
import io.weir.actuate.TcpServerMetrics;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.kernel.SocketDiagnostics;
import io.weir.server.TcpServer;

/**
 * What one sees of the TCP server through the actuator.
 */
@Configuration(proxyBeanMethods = false)
class ActuateConfiguration {

	@Bean
	KernelMetrics kernelMetrics(ProcReader figures) {
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
	OnDemandMetersAdvisor onDemandMetersAdvisor(ConnectionMeters connections, KernelMetrics kernel) {
		return new OnDemandMetersAdvisor(connections, kernel);
	}

	@Bean
	MemoryGuard memoryGuard(ApplicationEventPublisher events, ConnectionRegistry connections) {
		MemoryGuard guard = new MemoryGuard(events);
		connections.addListener(guard);
		return guard;
	}

	@Bean
	ListenerFigures listenerFigures(TcpServer server, SocketDiagnostics diagnostics) {
		return new ListenerFigures(server, diagnostics);
	}

	@Bean
	ConnectionSampler connectionSampler(TcpServer server, ConnectionRegistry connections, SocketDiagnostics diagnostics,
			Findings findings, TcpServerProperties properties) {
		ConnectionSampler sampler = new ConnectionSampler(server, connections, diagnostics,
				properties.sampling().interval());
		sampler.addListener(findings::tell);
		return sampler;
	}

	@Bean
	SampledMetrics sampledMetrics(ConnectionSampler sampler, ListenerFigures listener, ConnectionRegistry connections) {
		return new SampledMetrics(sampler, listener, connections);
	}

	@Bean
	Findings findings(TcpServer server, ListenerFigures listener, ProcReader kernel) {
		return new Findings(server, listener, kernel);
	}

	@Bean
	TcpServerHealthIndicator tcpServerHealthIndicator(TcpServer server, ConnectionRegistry connections,
			ProcReader kernel, Findings findings, TcpServerProperties properties) {
		return new TcpServerHealthIndicator(server, connections, kernel, findings, properties.metrics().connections());
	}

	@Bean
	TcpServerEndpoint tcpServerEndpoint(TcpServer server, ConnectionRegistry connections, ListenerFigures listener,
			ProcReader kernel, Findings findings) {
		return new TcpServerEndpoint(server, connections, listener, kernel, findings);
	}

	@Bean
	TcpConnectionsEndpoint tcpConnectionsEndpoint(ConnectionRegistry connections, ConnectionSampler sampler) {
		return new TcpConnectionsEndpoint(connections, sampler);
	}

}
