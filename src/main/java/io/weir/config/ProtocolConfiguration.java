package io.weir.config;

import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.api.ConnectionHandler;
import io.weir.protocol.DiscardHandler;
import io.weir.protocol.EchoHandler;
import io.weir.protocol.EchoRecordHandler;
import io.weir.protocol.RecordHandler;
import io.weir.records.RecordSinks;
import io.weir.struct.StructFormat;
import io.weir.transport.BufferPool;

/**
 * The built-in protocols, each a bean by its name behind {@link Protocols#BUILT_IN}: an
 * application may well have a bean of its own that is called {@code record}.
 */
@Configuration(proxyBeanMethods = false)
class ProtocolConfiguration {

	@Bean
	@ConditionalOnMissingBean
	BufferPool bufferPool() {
		return BufferPool.direct();
	}

	@Bean(Protocols.BUILT_IN + "echo-record")
	ConnectionHandler echoRecord(TcpServerProperties properties, BufferPool pool, RecordSinks sinks) {
		return new EchoRecordHandler(Math.toIntExact(properties.chunkSize().toBytes()), format(properties), pool,
				sinks);
	}

	@Bean(Protocols.BUILT_IN + "echo")
	ConnectionHandler echo(BufferPool pool) {
		return new EchoHandler(pool);
	}

	@Bean(Protocols.BUILT_IN + "record")
	ConnectionHandler record(TcpServerProperties properties, BufferPool pool, RecordSinks sinks) {
		return new RecordHandler(format(properties), pool, sinks);
	}

	@Bean(Protocols.BUILT_IN + "discard")
	ConnectionHandler discard(BufferPool pool) {
		return new DiscardHandler(pool);
	}

	private static StructFormat format(TcpServerProperties properties) {
		return StructFormat.parse(properties.recordFormat());
	}

}
