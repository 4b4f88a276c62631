package io.weir.config;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.api.ConnectionHandler;
import io.weir.protocol.DiscardHandler;
import io.weir.protocol.EchoHandler;
import io.weir.protocol.EchoRecordHandler;
import io.weir.protocol.RecordHandler;
import io.weir.struct.StructFormat;
import io.weir.transport.BufferPool;

/**
 * The built-in protocols, each a bean by its name.
 */
@Configuration(proxyBeanMethods = false)
class ProtocolConfiguration {

	@Bean
	BufferPool bufferPool() {
		return BufferPool.direct();
	}

	@Bean("echo-record")
	ConnectionHandler echoRecord(TcpServerProperties properties, BufferPool pool) {
		return new EchoRecordHandler(Math.toIntExact(properties.chunkSize().toBytes()), format(properties), pool);
	}

	@Bean("echo")
	ConnectionHandler echo(BufferPool pool) {
		return new EchoHandler(pool);
	}

	@Bean("record")
	ConnectionHandler record(TcpServerProperties properties, BufferPool pool) {
		return new RecordHandler(format(properties), pool);
	}

	@Bean("discard")
	ConnectionHandler discard(BufferPool pool) {
		return new DiscardHandler(pool);
	}

	private static StructFormat format(TcpServerProperties properties) {
		return StructFormat.parse(properties.recordFormat());
	}

}
