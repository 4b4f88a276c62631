package io.weir.config;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.unit.DataSize;

import org.jspecify.annotations.Nullable;

import io.weir.connection.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;
import io.weir.server.ListenerSettings;
import io.weir.server.ServingSettings;
import io.weir.server.SocketSettings;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle;
import io.weir.struct.StructFormat;
import io.weir.tls.ServerTls;

/**
 * The TCP server, from its properties.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TcpServerProperties.class)
class TcpServerConfiguration {

	@Bean
	ProcReader procReader() {
		return new ProcReader();
	}

	@Bean
	SocketDiagnostics socketDiagnostics() {
		return new SocketDiagnosticsFactory().open();
	}

	@Bean
	ConnectionRegistry connectionRegistry() {
		return new ConnectionRegistry();
	}

	@Bean
	TcpServer tcpServer(TcpServerProperties properties, ConnectionRegistry registry, ProcReader procReader,
			SocketDiagnostics diagnostics, ObjectProvider<ServerTls> tls) {
		ConnectionHandler handler = properties.protocol()
			.handler(bytes(properties.chunkSize()), StructFormat.parse(properties.recordFormat()));
		return new TcpServer(listener(properties), sockets(properties), serving(properties),
				properties.protocol().text(), handler, registry, procReader::readLimits, diagnostics,
				tls.getIfAvailable());
	}

	@Bean
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
				properties.writeTimeout(), properties.drain().delay(), properties.drain().gracePeriod());
	}

	private static int bytes(DataSize size) {
		return Math.toIntExact(size.toBytes());
	}

	private static @Nullable Integer bytesOrNull(@Nullable DataSize size) {
		return (size != null) ? bytes(size) : null;
	}

}
