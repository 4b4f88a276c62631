package io.weir.server;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.KernelLimit;
import io.weir.kernel.KernelLimits;
import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.Source;

/**
 * What a server asked for and what it got.
 *
 * @param backlog how many connections may wait in the accept queue
 * @param receiveBuffer the listening socket's receive buffer, which accepted sockets
 * inherit
 * @param sendBuffer what a new connection starts with
 * @param maxConnections how many connections may be open; {@code effective} is how many
 * the process's limit of open files leaves room for
 */
public record EffectiveSettings(Setting backlog, BufferSetting receiveBuffer, BufferSetting sendBuffer,
		Setting maxConnections) {

	/**
	 * How many file descriptors the process needs for other things than connections: the
	 * actuator's connections ({@code server.tomcat.max-connections}) and 128 more.
	 */
	public static final int RESERVED_FILES = 256 + 128;

	/**
	 * The same settings with the limits of another moment. What was granted at the start
	 * stays in force until a restart; what bounds it may have changed.
	 * @param limits the kernel's limits
	 * @return the maximum of each setting, and how many files there may be, by the limits
	 */
	public EffectiveSettings withLimits(KernelLimits limits) {
		Long requested = this.maxConnections.requested();
		return new EffectiveSettings(this.backlog.withMaximum(limits.number("net.core.somaxconn")),
				this.receiveBuffer.withMaximum(bufferMaximum(this.receiveBuffer.autotuned(), "rmem", limits)),
				this.sendBuffer.withMaximum(bufferMaximum(this.sendBuffer.autotuned(), "wmem", limits)),
				(requested != null) ? maxConnections(requested.intValue(), limits) : this.maxConnections);
	}

	private static OptionalLong bufferMaximum(boolean autotuned, String sysctl, KernelLimits limits) {
		if (autotuned) {
			return limits.number("net.ipv4.tcp_" + sysctl + ".max");
		}
		OptionalLong limit = limits.number("net.core." + sysctl + "_max");
		return limit.isPresent() ? OptionalLong.of(limit.getAsLong() * BufferSetting.FACTOR) : limit;
	}

	/**
	 * What the kernel granted, for people.
	 */
	String text() {
		return "accept queue " + this.backlog.text() + "; receive buffer " + this.receiveBuffer.text()
				+ "; send buffer " + this.sendBuffer.text();
	}

	static EffectiveSettings read(ListenerSettings listener, SocketSettings sockets, int maxConnections,
			ListeningSocket socket, KernelLimits limits, SocketDiagnostics diagnostics) {
		return new EffectiveSettings(backlog(listener, socket, limits, diagnostics),
				buffer(listener.receiveBufferSize(), socket.channel(), StandardSocketOptions.SO_RCVBUF, "rmem", limits),
				sendBuffer(sockets, limits), maxConnections(maxConnections, limits));
	}

	private static Setting backlog(ListenerSettings listener, ListeningSocket socket, KernelLimits limits,
			SocketDiagnostics diagnostics) {
		Long requested = boxed(listener.backlog());
		Long maximum = boxed(limits.number("net.core.somaxconn"));
		OptionalLong granted = granted(socket, diagnostics);
		if (granted.isPresent()) {
			return backlog(requested, granted.getAsLong(), maximum, Source.SOCK_DIAG);
		}
		if (maximum == null) {
			return Setting.unavailable(requested, null, "net.core.somaxconn is not known");
		}
		return backlog(requested, (requested != null) ? Math.min(requested, maximum) : maximum, maximum,
				Source.COMPUTED);
	}

	private static Setting backlog(@Nullable Long requested, long effective, @Nullable Long maximum, Source source) {
		boolean clamped = requested != null && effective < requested;
		return new Setting(requested, effective, maximum, clamped ? "net.core.somaxconn" : null, source, null);
	}

	private static OptionalLong granted(ListeningSocket socket, SocketDiagnostics diagnostics) {
		return diagnostics.listener(socket.address()).map(ListenerDiagnostics::queueLimit).orElse(OptionalLong.empty());
	}

	// ServerSocketChannel has no SO_SNDBUF: a socket of the same settings tells
	private static BufferSetting sendBuffer(SocketSettings sockets, KernelLimits limits) {
		try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.INET)) {
			if (sockets.sendBufferSize() != null) {
				probe.setOption(StandardSocketOptions.SO_SNDBUF, sockets.sendBufferSize());
			}
			return buffer(sockets.sendBufferSize(), probe, StandardSocketOptions.SO_SNDBUF, "wmem", limits);
		}
		catch (IOException ex) {
			return new BufferSetting(
					Setting.unavailable(boxed(sockets.sendBufferSize()), null, "no socket to read it from: " + ex));
		}
	}

	private static BufferSetting buffer(@Nullable Integer size, NetworkChannel channel, SocketOption<Integer> option,
			String sysctl, KernelLimits limits) {
		Long requested = boxed(size);
		OptionalLong limit = bufferMaximum(requested == null, sysctl, limits);
		Long maximum = (limit.isPresent() || requested == null) ? boxed(limit) : grantedMaximum(option);
		try {
			long effective = (long) channel.getOption(option) * BufferSetting.FACTOR;
			boolean clamped = requested != null && effective < requested * BufferSetting.FACTOR;
			return new BufferSetting(new Setting(requested, effective, maximum,
					clamped ? "net.core." + sysctl + "_max" : null, Source.GETSOCKOPT, null));
		}
		catch (IOException ex) {
			return new BufferSetting(Setting.unavailable(requested, maximum, "getsockopt failed: " + ex));
		}
	}

	// Network namespaces of older kernels don't show the sysctl, but obey it: ask for all
	private static @Nullable Long grantedMaximum(SocketOption<Integer> option) {
		try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.INET)) {
			probe.setOption(option, Integer.MAX_VALUE);
			return (long) probe.getOption(option) * BufferSetting.FACTOR;
		}
		catch (IOException ex) {
			return null;
		}
	}

	private static Setting maxConnections(int requested, KernelLimits limits) {
		if (!(limits.get("nofile.soft") instanceof Reading.Available<KernelLimit>(KernelLimit.Scalar(long files)))) {
			return new Setting((long) requested, (long) requested, null, null, Source.COMPUTED, null);
		}
		long fitting = Math.max(0, files - RESERVED_FILES);
		boolean tooMany = requested > fitting;
		return new Setting((long) requested, tooMany ? fitting : requested, fitting, tooMany ? "nofile.soft" : null,
				Source.PROCFS, null);
	}

	private static @Nullable Long boxed(@Nullable Integer number) {
		return (number != null) ? number.longValue() : null;
	}

	private static @Nullable Long boxed(OptionalLong number) {
		return number.isPresent() ? number.getAsLong() : null;
	}

}
