package io.weir.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Queue;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * A listening socket whose accept fails as often as there are failures, as accept(2) does
 * for lack of files, or a bug would: what waits stays in the queue.
 */
final class FailingChannel extends ServerSocketChannel {

	private final ServerSocketChannel real;

	private final Queue<Exception> failures;

	private final Runnable onFailure;

	FailingChannel(ServerSocketChannel real, Queue<Exception> failures, Runnable onFailure) {
		super(real.provider());
		this.real = real;
		this.failures = failures;
		this.onFailure = onFailure;
	}

	@Override
	public @Nullable SocketChannel accept() throws IOException {
		Exception failure = this.failures.poll();
		if (failure != null) {
			this.onFailure.run();
		}
		if (failure instanceof RuntimeException bug) {
			throw bug;
		}
		if (failure != null) {
			throw new IOException(failure.getMessage());
		}
		return this.real.accept();
	}

	@Override
	public ServerSocketChannel bind(SocketAddress local, int backlog) throws IOException {
		return this.real.bind(local, backlog);
	}

	@Override
	public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
		return this.real.setOption(name, value);
	}

	@Override
	public <T> T getOption(SocketOption<T> name) throws IOException {
		return this.real.getOption(name);
	}

	@Override
	public Set<SocketOption<?>> supportedOptions() {
		return this.real.supportedOptions();
	}

	@Override
	public ServerSocket socket() {
		return this.real.socket();
	}

	@Override
	public SocketAddress getLocalAddress() throws IOException {
		return this.real.getLocalAddress();
	}

	@Override
	protected void implCloseSelectableChannel() throws IOException {
		this.real.close();
	}

	@Override
	protected void implConfigureBlocking(boolean block) throws IOException {
		this.real.configureBlocking(block);
	}

}
