package io.weir.kernel;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

/**
 * A snapshot of one connection.
 *
 * @param congestionControl the algorithm that controls the congestion window, such as
 * {@code cubic}; {@code null} where the source does not say
 * @param figures every figure that the source has, in the order of {@link TcpInfoField};
 * the others are absent
 */
public record ConnectionDiagnostics(TcpState state, @Nullable String congestionControl,
		Map<TcpInfoField, Long> figures) {

	public ConnectionDiagnostics {
		Map<TcpInfoField, Long> copy = new EnumMap<>(TcpInfoField.class);
		copy.putAll(figures);
		figures = Collections.unmodifiableMap(copy);
	}

	/**
	 * Copies what a sample says of a connection.
	 * @return a snapshot that stays
	 */
	public static ConnectionDiagnostics of(SocketSample sample) {
		Map<TcpInfoField, Long> figures = new EnumMap<>(TcpInfoField.class);
		for (TcpInfoField figure : TcpInfoField.values()) {
			if (sample.has(figure)) {
				figures.put(figure, sample.get(figure));
			}
		}
		return new ConnectionDiagnostics(sample.state(), sample.congestionControl(), figures);
	}

	/**
	 * Finds one figure.
	 * @return the figure; empty where the source does not have it
	 */
	public OptionalLong get(TcpInfoField figure) {
		Long value = this.figures.get(figure);
		return (value != null) ? OptionalLong.of(value) : OptionalLong.empty();
	}

}
