package io.weir.config;

import java.time.Duration;
import java.util.List;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.Layer;
import io.weir.connection.ProxyRule;
import io.weir.connection.RejectReason;
import io.weir.kernel.ProcReader;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;
import io.weir.records.RecordSinks;
import io.weir.server.AdmissionRules;
import io.weir.server.ListenerSettings;
import io.weir.server.ServedProtocol;
import io.weir.server.ServerSettings;
import io.weir.server.ServingSettings;
import io.weir.server.SocketSettings;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle;
import io.weir.tls.ServerTls;
import io.weir.transport.AddressPrefix;
import io.weir.transport.AddressPrefixes;
import io.weir.transport.BufferPool;
import io.weir.transport.ProxyLayer;

/**
 * The TCP server, from its properties.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TcpServerProperties.class)
class TcpServerConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ProcReader procReader() {
		return new ProcReader();
	}

	@Bean
	@ConditionalOnMissingBean
	SocketDiagnostics socketDiagnostics() {
		return new SocketDiagnosticsFactory().open();
	}

	@Bean
	@ConditionalOnMissingBean
	ConnectionRegistry connectionRegistry() {
		return new ConnectionRegistry();
	}

	@Bean
	@ConditionalOnMissingBean
	AdmissionRules admissionRules(TcpServerProperties properties, BufferPool buffers) {
		TcpServerProperties.ProxyProtocol proxies = properties.proxyProtocol();
		Layer layer = new Layer(new ProxyLayer(buffers), proxies.timeout(), RejectReason.PROXY_HEADER,
				RejectReason.PROXY_HEADER);
		return new AdmissionRules(proxies.enabled() ? new ProxyRule(prefixes(proxies.trusted()), layer) : null,
				prefixes(properties.allow()), prefixes(properties.deny()), properties.maxConnectionsPerAddress());
	}

	private static AddressPrefixes prefixes(List<String> texts) {
		return AddressPrefixes.of(texts.stream().map(AddressPrefix::parse).toList());
	}

	@Bean
	@ConditionalOnMissingBean
	TcpServer tcpServer(TcpServerProperties properties, AdmissionRules admission, ConfigurableListableBeanFactory beans,
			ConnectionRegistry registry, ProcReader procReader, SocketDiagnostics diagnostics,
			ObjectProvider<ServerTls> tls, RecordSinks sinks, Environment environment) {
		Protocols.Protocol protocol = new Protocols(beans, environment).find(properties.protocol());
		List<Layer> layers = tls.stream().map(TcpServerConfiguration::layer).toList();
		return new TcpServer(
				new ServerSettings(listener(properties), sockets(properties), serving(properties), admission),
				new ServedProtocol(protocol.name(), protocol.source(), protocol.handler(), layers,
						(atMost) -> finish(sinks, atMost)),
				registry, procReader::readLimits, diagnostics);
	}

	private static String finish(RecordSinks sinks, Duration atMost) {
		long notWritten = sinks.finish(atMost);
		// A sink that was not flushed has a line of its own
		return sinks.isWritten() ? notWritten + " records could not be written" : "";
	}

	private static Layer layer(ServerTls tls) {
		return new Layer(tls, tls.handshakeTimeout(), CloseReason.HANDSHAKE_FAILED, CloseReason.HANDSHAKE_TIMEOUT);
	}

	@Bean
	@ConditionalOnMissingBean
	TcpServerLifecycle tcpServerLifecycle(TcpServer server, ApplicationEventPublisher events) {
		return new TcpServerLifecycle(server, events);
	}

	private static ListenerSettings listener(TcpServerProperties properties) {
		return new ListenerSettings(properties.host(), properties.port(), properties.backlog(),
				bytesOrNull(properties.receiveBufferSize()), properties.reuseAddress(), properties.reusePort());
	}

	private static SocketSettings sockets(TcpServerProperties properties) {
		TcpServerProperties.KeepAlive keepAlive = properties.keepAlive();
		return new SocketSettings(bytesOrNull(properties.sendBufferSize()), properties.noDelay(), keepAlive.enabled()
				? new SocketSettings.KeepAlive(keepAlive.idle(), keepAlive.interval(), keepAlive.count()) : null);
	}

	private static ServingSettings serving(TcpServerProperties properties) {
		return new ServingSettings(properties.maxConnections(), properties.threads(), properties.idleTimeout(),
				properties.writeTimeout(), properties.maxConnectionAge(), properties.drain().delay(),
				properties.drain().gracePeriod());
	}

	private static @Nullable Integer bytesOrNull(@Nullable DataSize size) {
		return (size != null) ? Math.toIntExact(size.toBytes()) : null;
	}

}
