package io.weir.config;

import java.io.IOException;

import io.weir.tls.ServerTls;
import org.springframework.beans.factory.ObjectProvider;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointAccessResolver;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.web.PathMapper;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.actuate.ConnectionMeters;
import io.weir.actuate.DiagnosisMetrics;
import io.weir.actuate.KernelMetrics;
import io.weir.actuate.MeterRefresher;
import io.weir.actuate.OutOfMemoryLiveness;
import io.weir.actuate.SampledMetrics;
import io.weir.actuate.ServingLiveness;
import io.weir.actuate.TcpConnectionsEndpoint;
import io.weir.actuate.TcpServerEndpoint;
import io.weir.actuate.TcpServerHealthIndicator;
import io.weir.actuate.TcpServerMetrics;
import io.weir.actuate.TcpStatusEndpoint;
import io.weir.connection.ConnectionListener;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ProxyRule;
import io.weir.kernel.ProcReader;
import io.weir.kernel.SocketDiagnostics;
import io.weir.monitor.BusiestAddress;
import io.weir.monitor.ConnectionHistory;
import io.weir.monitor.ConnectionSampler;
import io.weir.monitor.Diagnoses;
import io.weir.monitor.Findings;
import io.weir.monitor.ForeignPeers;
import io.weir.monitor.ListenerFigures;
import io.weir.monitor.Newcomers;
import io.weir.monitor.OpenConnections;
import io.weir.monitor.ServerMonitor;
import io.weir.records.RecordSinks;
import io.weir.server.AdmissionRules;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle.TcpServerStartedEvent;
import io.weir.struct.StructFormat;
import io.weir.transport.AddressPrefixes;

/**
 * What is known of the TCP server, and what one sees of it through the actuator.
 */
@Configuration(proxyBeanMethods = false)
class ActuateConfiguration {

	// Nothing asks for those that listen
	@Bean
	static LazyInitializationExcludeFilter connectionListenersAreNotLazy() {
		return LazyInitializationExcludeFilter.forBeanTypes(ConnectionListener.class);
	}

	@Bean
	@ConditionalOnMissingBean
	ListenerFigures listenerFigures(TcpServer server, SocketDiagnostics diagnostics, ProcReader proc) {
		return new ListenerFigures(server, diagnostics, proc);
	}

	@Bean
	@ConditionalOnMissingBean
	BusiestAddress busiestAddress(ConnectionRegistry connections, TcpServerProperties properties,
			AdmissionRules admission) {
		ProxyRule proxies = admission.proxies();
		return new BusiestAddress(connections, properties.maxConnections(),
				(proxies != null) ? proxies.trusted() : AddressPrefixes.NONE);
	}

	@Bean
	@ConditionalOnMissingBean
	ForeignPeers foreignPeers(TcpServer server, ConnectionRegistry connections, ObjectProvider<ServerTls> tls) {
		ForeignPeers peers = new ForeignPeers(server.status().protocol(), tls.getIfAvailable() != null);
		connections.addListener(peers);
		return peers;
	}

	@Bean
	@ConditionalOnMissingBean
	Findings findings(TcpServer server, ListenerFigures listener, ProcReader proc, ObjectProvider<ServerTls> tls,
			TcpServerProperties properties, BusiestAddress addresses, ForeignPeers foreign,
			ConnectionRegistry connections, Diagnoses diagnoses, RecordSinks sinks) {
		String protocol = server.status().protocol();
		int chunk = protocol.equals("echo-record") ? (int) properties.chunkSize().toBytes() : 0;
		int record = ForeignPeers.hasRecords(protocol) ? StructFormat.parse(properties.recordFormat()).size() : 0;
		return new Findings(server, listener, proc, () -> tls.stream().map(ServerTls::status).findFirst().orElse(null),
				chunk, record, addresses, foreign, connections, diagnoses, sinks);
	}

	@Bean
	@ConditionalOnMissingBean
	ServerMonitor serverMonitor(TcpServer server, ConnectionRegistry connections, ListenerFigures listener,
			ProcReader proc, Findings findings, Diagnoses diagnoses, RecordSinks sinks) {
		return new ServerMonitor(server, connections, listener, proc, findings, diagnoses, sinks);
	}

	@Bean
	@ConditionalOnMissingBean
	Diagnoses diagnoses(TcpServer server, ProcReader proc, TcpServerProperties properties) {
		return new Diagnoses(server, proc::limits, properties.sampling().interval());
	}

	@Bean
	@ConditionalOnMissingBean
	OpenConnections openConnections(TcpServer server, ConnectionRegistry connections, SocketDiagnostics diagnostics,
			TcpServerProperties properties, Diagnoses diagnoses) {
		return new OpenConnections(server, connections, diagnostics, properties.sampling().interval().isZero(),
				diagnoses);
	}

	@Bean
	@ConditionalOnMissingBean
	ConnectionSampler connectionSampler(TcpServer server, ConnectionRegistry connections, SocketDiagnostics diagnostics,
			TcpServerProperties properties, Diagnoses diagnoses, BusiestAddress addresses, Findings findings,
			MeterRefresher meters) {
		ConnectionSampler sampler = new ConnectionSampler(server, connections, diagnostics,
				properties.sampling().interval(), diagnoses);
		sampler.addListener(addresses::look);
		sampler.addListener(findings::logNew);
		sampler.addListener(meters::refresh);
		return sampler;
	}

	@Bean
	@ConditionalOnMissingBean
	MonitorStarter monitorStarter(ConnectionSampler sampler, Findings findings, MeterRefresher meters) {
		return new MonitorStarter(sampler, findings, meters);
	}

	@Bean
	@ConditionalOnMissingBean
	MeterRefresher meterRefresher() {
		return new MeterRefresher();
	}

	@Bean
	@ConditionalOnMissingBean
	KernelMetrics kernelMetrics(ProcReader proc, MeterRefresher refresher) {
		return new KernelMetrics(proc, refresher);
	}

	@Bean
	@ConditionalOnMissingBean
	TcpServerMetrics tcpServerMetrics(ServerMonitor monitor, MeterRefresher refresher) {
		return new TcpServerMetrics(monitor, refresher);
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnBean(MeterRegistry.class)
	ConnectionMeters connectionMeters(MeterRegistry registry, TcpServerProperties properties, MeterRefresher refresher,
			ConnectionRegistry connections) {
		ConnectionMeters meters = new ConnectionMeters(registry, properties.metrics().connections(), refresher);
		connections.addListener(meters);
		return meters;
	}

	@Bean
	@ConditionalOnMissingBean
	SampledMetrics sampledMetrics(ConnectionSampler sampler, ListenerFigures listener, OpenConnections connections,
			MeterRefresher refresher) {
		return new SampledMetrics(sampler, listener, connections, refresher);
	}

	@Bean
	@ConditionalOnMissingBean
	DiagnosisMetrics diagnosisMetrics(Diagnoses diagnoses, MeterRefresher refresher) {
		return new DiagnosisMetrics(diagnoses, refresher);
	}

	@Bean
	@ConditionalOnMissingBean
	OutOfMemoryLiveness outOfMemoryLiveness(ApplicationEventPublisher events, ConnectionRegistry connections) {
		OutOfMemoryLiveness liveness = new OutOfMemoryLiveness(events);
		connections.addListener(liveness);
		return liveness;
	}

	@Bean
	@ConditionalOnMissingBean
	ServingLiveness servingLiveness(ApplicationEventPublisher events, ConnectionRegistry connections, TcpServer server,
			ConnectionSampler sampler) {
		ServingLiveness liveness = new ServingLiveness(events, new Newcomers(connections, server::status));
		connections.addListener(liveness);
		sampler.addListener(liveness);
		return liveness;
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnEnabledHealthIndicator("tcpServer")
	TcpServerHealthIndicator tcpServerHealthIndicator(ServerMonitor monitor, OpenConnections connections,
			TcpServerProperties properties) {
		return new TcpServerHealthIndicator(monitor, connections, properties.metrics().connections(),
				properties.health().full() == FullReadiness.UP);
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnAvailableEndpoint
	TcpServerEndpoint tcpServerEndpoint(ServerMonitor monitor, ConnectionSampler sampler, OpenConnections connections,
			EndpointAccessResolver access) {
		boolean closeAllowed = access.accessFor(EndpointId.of("tcpconnections"),
				Access.READ_ONLY) == Access.UNRESTRICTED;
		return new TcpServerEndpoint(monitor, sampler, connections, closeAllowed);
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnAvailableEndpoint
	TcpStatusEndpoint tcpStatusEndpoint(ObjectProvider<PathMapper> pathMappers) throws IOException {
		return new TcpStatusEndpoint(pathMappers.orderedStream().toList());
	}

	@Bean
	@ConditionalOnMissingBean
	ConnectionHistory connectionHistory(ConnectionRegistry connections, TcpServerProperties properties,
			Diagnoses diagnoses) {
		ConnectionHistory history = new ConnectionHistory(properties.history(), diagnoses);
		connections.addListener(history);
		return history;
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnAvailableEndpoint
	TcpConnectionsEndpoint tcpConnectionsEndpoint(OpenConnections connections, ConnectionHistory history) {
		return new TcpConnectionsEndpoint(connections, history);
	}

	/**
	 * Begins to watch when the server has begun to listen.
	 */
	record MonitorStarter(ConnectionSampler sampler, Findings findings,
			MeterRefresher meters) implements ApplicationListener<TcpServerStartedEvent> {

		@Override
		public void onApplicationEvent(TcpServerStartedEvent event) {
			this.findings.logNew();
			this.meters.refresh();
			this.sampler.start();
		}

	}

}
