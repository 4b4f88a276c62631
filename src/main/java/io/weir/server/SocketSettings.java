package io.weir.server;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;

import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for of each accepted socket.
 *
 * @param sendBufferSize SO_SNDBUF in bytes; null leaves the kernel's autotuning on
 * @param noDelay TCP_NODELAY
 * @param keepAlive the keep-alive probes; null is none
 */
public record SocketSettings(@Nullable Integer sendBufferSize, boolean noDelay, @Nullable KeepAlive keepAlive) {

	void applyTo(SocketChannel channel) throws IOException {
		if (this.sendBufferSize != null) {
			channel.setOption(StandardSocketOptions.SO_SNDBUF, this.sendBufferSize);
		}
		if (this.noDelay) {
			channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
		}
		if (this.keepAlive != null) {
			channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
			this.keepAlive.applyTo(channel);
		}
	}

	/**
	 * Keep-alive probes, tcp(7).
	 *
	 * @param idle TCP_KEEPIDLE: quiet time before the first probe, in whole seconds
	 * @param interval TCP_KEEPINTVL: time between two probes, in whole seconds
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

		private void applyTo(SocketChannel channel) throws IOException {
			if (channel.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE)) {
				channel.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, Math.toIntExact(this.idle.toSeconds()));
				channel.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, Math.toIntExact(this.interval.toSeconds()));
				channel.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, this.count);
			}
		}

	}

}
