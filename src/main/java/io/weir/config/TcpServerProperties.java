package io.weir.config;

import java.time.Duration;
import java.util.List;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.NotNull;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

import io.weir.server.ConnectionThreads;
import io.weir.tls.ClientAuth;

/**
 * The settings of the TCP server. A key that is none of these is refused, so that a
 * typing error does not pass for a default.
 *
 * @param enabled Whether there is a TCP server at all.
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
 * @param writeTimeout Ends a connection whose write is blocked while the peer
 * acknowledges no byte for so long. 0 is never.
 * @param maxConnectionAge Ends a connection so long after its accept, a tenth more or
 * less: between two exchanges, at the latest after drain.grace-period. 0 is never.
 * @param history Most connections that ended and are remembered, and as many more that
 * were refused or ended before a byte came. 0 is none.
 * @param noDelay Whether to set TCP_NODELAY.
 * @param keepAlive Keep-alive probes.
 * @param drain What happens at the stop signal.
 * @param proxyProtocol PROXY protocol.
 * @param allow Client addresses that may connect, as prefixes. Left out, all may.
 * @param deny Client addresses that may not connect, as prefixes.
 * @param maxConnectionsPerAddress Most open connections of one client address, of IPv6
 * one /64. 0 is no limit.
 * @param health Health.
 * @param records Where unpacked records go.
 * @param ssl TLS.
 * @param sampling Sampling of the kernel's figures.
 * @param metrics Meters.
 */
@Validated
@ConfigurationProperties(prefix = "tcp.server", ignoreUnknownFields = false)
public record TcpServerProperties(@DefaultValue("true") boolean enabled,
		// The setting's own name for "any"
		@DefaultValue("localhost") @NotNull String host,
		@DefaultValue("9999") @Within(min = "0", max = "65535") int port,
		@Within(min = "1", max = "2147483647") @Nullable Integer backlog,
		@Within(min = "1B", max = "2147483647B") @Nullable DataSize receiveBufferSize,
		@Within(min = "1B", max = "2147483647B") @Nullable DataSize sendBufferSize,
		@DefaultValue("true") boolean reuseAddress, @DefaultValue("false") boolean reusePort,
		@DefaultValue("echo-record") @NotNull String protocol,
		@DefaultValue("1024B") @NotNull @Within(min = "1B", max = "16MB") DataSize chunkSize,
		@DefaultValue("! I 2s Q 2h f") @NotNull @RecordFormat String recordFormat,
		@DefaultValue("auto") @NotNull ConnectionThreads threads,
		@DefaultValue("8192") @Within(min = "1", max = "1000000") int maxConnections,
		@DefaultValue("5m") @NotNull @Within(zero = "never", min = "100ms", max = "365d") Duration idleTimeout,
		@DefaultValue("30s") @NotNull @Within(zero = "never", min = "100ms", max = "365d") Duration writeTimeout,
		@DefaultValue("0") @NotNull @Within(zero = "never", min = "100ms", max = "365d") Duration maxConnectionAge,
		@DefaultValue("1000") @Within(min = "0", max = "100000") int history, @DefaultValue("true") boolean noDelay,
		@DefaultValue @NotNull @Valid KeepAlive keepAlive, @DefaultValue @NotNull @Valid Drain drain,
		@DefaultValue @NotNull @Valid ProxyProtocol proxyProtocol, @DefaultValue @NotNull List<@Prefix String> allow,
		@DefaultValue @NotNull List<@Prefix String> deny,
		@DefaultValue("0") @Within(min = "0", max = "100000") int maxConnectionsPerAddress,
		@DefaultValue @NotNull @Valid Health health, @DefaultValue @NotNull @Valid Records records,
		@DefaultValue @NotNull @Valid Ssl ssl, @DefaultValue @NotNull @Valid Sampling sampling,
		@DefaultValue @NotNull @Valid Metrics metrics) {

	/**
	 * Keep-alive probes, tcp(7).
	 *
	 * @param enabled Whether to send keep-alive probes (SO_KEEPALIVE).
	 * @param idle Quiet time before the first probe (TCP_KEEPIDLE), whole seconds.
	 * @param interval Time between two probes (TCP_KEEPINTVL), whole seconds.
	 * @param count Unanswered probes that end a connection (TCP_KEEPCNT).
	 */
	public record KeepAlive(@DefaultValue("true") boolean enabled,
			@DefaultValue("60s") @NotNull @Within(min = "1s", max = "32767s") Duration idle,
			@DefaultValue("10s") @NotNull @Within(min = "1s", max = "32767s") Duration interval,
			@DefaultValue("6") @Within(min = "1", max = "127") int count) {
	}

	/**
	 * What happens at the stop signal.
	 *
	 * @param delay How long accepting goes on after the stop signal.
	 * @param gracePeriod How long connections may then go on until they are cut.
	 */
	public record Drain(@DefaultValue("0s") @NotNull @Within(min = "0", max = "1d") Duration delay,
			@DefaultValue("20s") @NotNull @Within(min = "0", max = "1d") Duration gracePeriod) {
	}

	/**
	 * PROXY protocol, versions 1 and 2.
	 *
	 * @param enabled Whether trusted proxies send a header of the PROXY protocol first.
	 * @param trusted Addresses of those proxies, as prefixes. A connection from another
	 * address is a client itself.
	 * @param timeout Rejects a connection of a trusted proxy that has sent no header
	 * after so long.
	 */
	public record ProxyProtocol(@DefaultValue("false") boolean enabled,
			@DefaultValue @NotNull List<@Prefix String> trusted,
			@DefaultValue("3s") @NotNull @Within(min = "100ms", max = "60s") Duration timeout) {

		// Called so that the report names the list
		@AssertTrue(message = "it is empty, and tcp.server.proxy-protocol.enabled is true; name the proxies that send "
				+ "the header, such as 10.0.0.0/8")
		boolean isTrusted() {
			return !this.enabled || !this.trusted.isEmpty();
		}

	}

	/**
	 * Health.
	 *
	 * @param full Readiness while all places are taken: up, or out-of-service when
	 * newcomers have waited for 10 s.
	 */
	public record Health(@DefaultValue("up") @NotNull FullReadiness full) {
	}

	/**
	 * Where unpacked records go, as lines of JSON.
	 *
	 * @param fields Names of a record's values, in their order. A byte value is text, or
	 * name:hex, or name:base64. Left out, they are f1, f2 and so on.
	 * @param output Where records are written. With stdout, log lines go to stderr.
	 * @param file File to append records to.
	 * @param maxFileSize Size at which the file is renamed to file.1 and a new one is
	 * begun.
	 * @param maxFiles How many renamed files are kept.
	 */
	public record Records(@DefaultValue @NotNull List<String> fields, @DefaultValue("none") @NotNull RecordsTo output,
			@Nullable String file,
			@DefaultValue("100MB") @NotNull @Within(min = "1MB", max = "100GB") DataSize maxFileSize,
			@DefaultValue("10") @Within(min = "1", max = "1000") int maxFiles) {
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
			@DefaultValue("10s") @NotNull @Within(zero = "never", min = "100ms",
					max = "365d") Duration handshakeTimeout) {
	}

	/**
	 * Sampling of the kernel's figures.
	 *
	 * @param interval How often the kernel's figures of all connections are read. 0 is
	 * off.
	 */
	public record Sampling(
			@DefaultValue("1s") @NotNull @Within(zero = "off", min = "50ms", max = "1h") Duration interval) {
	}

	/**
	 * Meters.
	 *
	 * @param connections Most connections that have meters of their own at once. 0 is
	 * none.
	 */
	public record Metrics(@DefaultValue("100") @Within(min = "0", max = "100000") int connections) {
	}

}
