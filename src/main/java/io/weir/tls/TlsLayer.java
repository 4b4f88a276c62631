package io.weir.tls;

import java.io.IOException;
import java.util.function.Supplier;

import javax.net.ssl.SSLEngine;

import io.weir.transport.BufferPool;
import io.weir.transport.LayeredConnection;
import io.weir.transport.Transport;
import io.weir.transport.TransportLayer;

/**
 * Protects connections with TLS.
 */
final class TlsLayer implements TransportLayer {

	private final Supplier<SSLEngine> engines;

	private final BufferPool buffers = BufferPool.heap();

	private final TlsTasks tasks = new TlsTasks();

	TlsLayer(Supplier<SSLEngine> engines) {
		this.engines = engines;
	}

	@Override
	public Transport wrap(Transport lower, LayeredConnection connection) throws IOException {
		TlsTransport upper = new TlsTransport(lower, this.engines.get(), this.buffers, this.tasks);
		try {
			connection.secured(upper.handshake());
			return upper;
		}
		catch (Throwable ex) {
			upper.release();
			throw ex;
		}
	}

	TlsTasks tasks() {
		return this.tasks;
	}

}
