package io.weir.monitor;

import java.util.EnumMap;
import java.util.Map;
import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.SocketSample;
import io.weir.kernel.TcpInfoField;
import io.weir.kernel.TcpState;

/**
 * A connection's figures as a test wants them. What is not said the kernel does not have.
 */
final class Figures implements SocketSample {

	private final Map<TcpInfoField, Long> figures = new EnumMap<>(TcpInfoField.class);

	private final int localPort;

	private final int remotePort;

	Figures() {
		this(1, 1);
	}

	Figures(int localPort, int remotePort) {
		this.localPort = localPort;
		this.remotePort = remotePort;
	}

	Figures with(TcpInfoField field, long value) {
		this.figures.put(field, value);
		return this;
	}

	Figures copy() {
		Figures copy = new Figures(this.localPort, this.remotePort);
		copy.figures.putAll(this.figures);
		return copy;
	}

	Figures without(TcpInfoField field) {
		this.figures.remove(field);
		return this;
	}

	Figures add(TcpInfoField field, long growth) {
		this.figures.merge(field, growth, Long::sum);
		return this;
	}

	@Override
	public int localAddress() {
		return 0x7f000001;
	}

	@Override
	public int localPort() {
		return this.localPort;
	}

	@Override
	public int remoteAddress() {
		return 0x7f000001;
	}

	@Override
	public int remotePort() {
		return this.remotePort;
	}

	@Override
	public long cookie() {
		return 1;
	}

	@Override
	public long inode() {
		return 1;
	}

	@Override
	public TcpState state() {
		return TcpState.ESTABLISHED;
	}

	@Override
	public @Nullable String congestionControl() {
		return null;
	}

	@Override
	public boolean has(TcpInfoField figure) {
		return this.figures.containsKey(figure);
	}

	@Override
	public long get(TcpInfoField figure) {
		Long value = this.figures.get(figure);
		if (value == null) {
			throw new NoSuchElementException(figure.key());
		}
		return value;
	}

	@Override
	public String toString() {
		return this.figures.toString();
	}

}
