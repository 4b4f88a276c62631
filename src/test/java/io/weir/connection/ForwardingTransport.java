package io.weir.connection;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.weir.transport.Transport;

/**
 * Does all as another.
 */
class ForwardingTransport implements Transport {

	final Transport lower;

	ForwardingTransport(Transport lower) {
		this.lower = lower;
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		return this.lower.read(target);
	}

	@Override
	public int write(ByteBuffer source) throws IOException {
		return this.lower.write(source);
	}

	@Override
	public int available() throws IOException {
		return this.lower.available();
	}

	@Override
	public void giveWay() {
		this.lower.giveWay();
	}

	@Override
	public void shutdownOutput() throws IOException {
		this.lower.shutdownOutput();
	}

	@Override
	public boolean isOpen() {
		return this.lower.isOpen();
	}

	@Override
	public void close() throws IOException {
		this.lower.close();
	}

}
