package io.weir.config;

import java.time.Duration;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

import io.weir.protocol.Protocol;
import io.weir.server.ConnectionThreads;
import io.weir.tls.ClientAuth;

/**
 * The settings of the TCP server. A key that is none of these is refused, so that a
 * typing error does not pass for a default.
 *
 * @param host IPv4 address or name to listen on. Empty or 0.0.0.0 is any address.
 * @param port Port to listen on. 0 takes any free port.
 * @param backlog Accept queue to ask for. Left out, as many as net.core.somaxconn allows.
 * @param receiveBufferSize SO_RCVBUF of the listening socket, inherited by connections.
 * Left out, the kernel tunes it.
 * @param sendBufferSize SO_SNDBUF of each connection. Left out, the kernel tunes it.
 * @param reuseAddress Whether to set SO_REUSEADDR.
 * @param reusePort Whether to set SO_REUSEPORT.
 * @param protocol What a connection does.
 * @param chunkSize Most bytes of one echo unit of the echo-record protocol.
 * @param recordFormat Form of a record, in the format language of Python's struct module.
 * @param threads Kind of thread that serves a connection.
 * @param maxConnections Most open connections. At the limit newcomers wait in the
 * kernel's accept queue.
 * @param idleTimeout Ends a connection after so long without a byte in either direction.
 * 0 is never.
 * @param writeTimeout Ends a connection whose write is blocked for so long. 0 is never.
 * @param noDelay Whether to set TCP_NODELAY.
 * @param keepAlive Keep-alive probes.
 * @param drain What happens at the stop signal.
 * @param ssl TLS.
 * @param sampling Sampling of the kernel's figures.
 * @param metrics Meters.
 */
@Validated
@ConfigurationProperties(prefix = "tcp.server", ignoreUnknownFields = false)
public record TcpServerProperties(
		// The setting's own name for "any"
		@DefaultValue("localhost") @NotNull String host, @DefaultValue("9999") @Min(0) @Max(65535) int port,
		@Min(1) @Nullable Integer backlog, @Min(1) @Max(Integer.MAX_VALUE) @Nullable DataSize receiveBufferSize,
		@Min(1) @Max(Integer.MAX_VALUE) @Nullable DataSize sendBufferSize, @DefaultValue("true") boolean reuseAddress,
		@DefaultValue("false") boolean reusePort, @DefaultValue("echo-record") @NotNull Protocol protocol,
		@DefaultValue("1024B") @NotNull @Min(1) @Max(TcpServerProperties.MOST_BYTES) DataSize chunkSize,
		@DefaultValue("! I 2s Q 2h f") @NotNull @RecordFormat String recordFormat,
		@DefaultValue("auto") @NotNull ConnectionThreads threads, @DefaultValue("8192") @Min(1) int maxConnections,
		@DefaultValue("5m") @NotNull @DurationMin(nanos = 0) Duration idleTimeout,
		@DefaultValue("30s") @NotNull @DurationMin(nanos = 0) Duration writeTimeout,
		@DefaultValue("true") boolean noDelay, @DefaultValue @NotNull @Valid KeepAlive keepAlive,
		@DefaultValue @NotNull @Valid Drain drain, @DefaultValue @NotNull @Valid Ssl ssl,
		@DefaultValue @NotNull @Valid Sampling sampling, @DefaultValue @NotNull @Valid Metrics metrics) {

	/**
	 * The most bytes of an echo unit or a record: each connection has a buffer for one.
	 */
	static final int MOST_BYTES = 16 * 1024 * 1024;

	/**
	 * Keep-alive probes, tcp(7).
	 *
	 * @param enabled Whether to send keep-alive probes (SO_KEEPALIVE).
	 * @param idle Quiet time before the first probe (TCP_KEEPIDLE), whole seconds.
	 * @param interval Time between two probes (TCP_KEEPINTVL), whole seconds.
	 * @param count Unanswered probes that end a connection (TCP_KEEPCNT).
	 */
	public record KeepAlive(@DefaultValue("true") boolean enabled,
			@DefaultValue("60s") @NotNull @DurationMin(seconds = 1) @DurationMax(seconds = 32767) Duration idle,
			@DefaultValue("10s") @NotNull @DurationMin(seconds = 1) @DurationMax(seconds = 32767) Duration interval,
			@DefaultValue("6") @Min(1) @Max(127) int count) {
	}

	/**
	 * What happens at the stop signal.
	 *
	 * @param delay How long accepting goes on after the stop signal.
	 * @param gracePeriod How long connections may then go on until they are cut.
	 */
	public record Drain(@DefaultValue("0s") @NotNull @DurationMin(nanos = 0) Duration delay,
			@DefaultValue("20s") @NotNull @DurationMin(nanos = 0) Duration gracePeriod) {
	}

	/**
	 * TLS.
	 *
	 * @param bundle Name of the Spring SSL bundle with key and certificate. Left out,
	 * there is no TLS.
	 * @param clientAuth Whether a client must show a certificate.
	 * @param handshakeTimeout Ends a connection whose handshake takes so long. 0 is
	 * never.
	 */
	public record Ssl(@Nullable String bundle, @DefaultValue("none") @NotNull ClientAuth clientAuth,
			@DefaultValue("10s") @NotNull @DurationMin(nanos = 0) Duration handshakeTimeout) {
	}

	/**
	 * Sampling of the kernel's figures.
	 *
	 * @param interval How often the kernel's figures of all connections are read. 0 is
	 * off.
	 */
	public record Sampling(@DefaultValue("1s") @NotNull @DurationMin(nanos = 0) Duration interval) {
	}

	/**
	 * Meters.
	 *
	 * @param connections Most connections that have meters of their own at once. 0 is
	 * none.
	 */
	public record Metrics(@DefaultValue("100") @Min(0) int connections) {
	}

}
