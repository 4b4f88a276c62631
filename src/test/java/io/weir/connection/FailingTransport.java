package io.weir.connection;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.weir.transport.Transport;

/**
 * Fails to read, and does all else as another.
 */
final class FailingTransport extends ForwardingTransport {

	FailingTransport(Transport lower) {
		super(lower);
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		throw new IOException("No route to host");
	}

}
