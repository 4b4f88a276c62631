package io.weir.server;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;

import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

import io.weir.kernel.InheritedOptions;

/**
 * What is asked for of each accepted socket.
 *
 * @param sendBufferSize SO_SNDBUF in bytes; null leaves the kernel's autotuning on
 * @param noDelay TCP_NODELAY
 * @param keepAlive the keep-alive probes; null is none
 */
public record SocketSettings(@Nullable Integer sendBufferSize, boolean noDelay, @Nullable KeepAlive keepAlive) {

	/**
	 * Sets on a listening socket what accepted ones are to inherit, which saves system
	 * calls for each of them.
	 * @param listening not bound yet
	 * @return whether accepted sockets inherit all of it
	 * @throws IOException if the socket is closed
	 */
	boolean applyTo(ServerSocketChannel listening) throws IOException {
		if (this.keepAlive != null) {
			this.keepAlive.applyTo(listening);
		}
		return new InheritedOptions(this.noDelay, this.keepAlive != null, this.sendBufferSize).applyTo(listening);
	}

	/**
	 * Sets on an accepted socket what it has not inherited.
	 * @param channel the accepted socket
	 * @throws IOException if the peer is gone already
	 */
	void applyTo(SocketChannel channel) throws IOException {
		if (this.sendBufferSize != null) {
			channel.setOption(StandardSocketOptions.SO_SNDBUF, this.sendBufferSize);
		}
		if (this.noDelay) {
			channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
		}
		if (this.keepAlive != null) {
			channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
		}
	}

	/**
	 * Keep-alive probes, tcp(7).
	 *
	 * @param idle TCP_KEEPIDLE: quiet time before the first probe; rounded up to seconds
	 * @param interval TCP_KEEPINTVL: time between two probes; rounded up to seconds
	 * @param count TCP_KEEPCNT: how many unanswered probes end the connection
	 */
	public record KeepAlive(Duration idle, Duration interval, int count) {

		/**
		 * After how long a dead peer is found.
		 * @return the time without a byte until the last probe stays unanswered
		 */
		public Duration time() {
			return this.idle.plus(this.interval.multipliedBy(this.count));
		}

		// Accepted sockets inherit these
		void applyTo(ServerSocketChannel listening) throws IOException {
			if (listening.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE)) {
				listening.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, seconds(this.idle));
				listening.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, seconds(this.interval));
				listening.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, this.count);
			}
		}

		private static int seconds(Duration time) {
			return Math.toIntExact(time.plusSeconds(1).minusNanos(1).toSeconds());
		}

	}

}
