package io.weir.monitor;

import java.util.Map;

/**
 * Findings about what clients do.
 */
record PeerFindings(BusiestAddress addresses, ForeignPeers foreign) implements Evidence.Rule {

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		BusiestAddress.Share share = this.addresses.share();
		if (share != null) {
			findings.put(FindingKind.ONE_ADDRESS_HOLDS_MOST, new Finding("max-connections",
					"%s has %d of at most %d connections, more than half".formatted(share.address().shortText(),
							share.connections(), evidence.server().serving().maxConnections()),
					("If many clients share this address (NAT, a proxy, externalTrafficPolicy: Cluster), set no limit per "
							+ "address, and have a proxy say for whom it connects (tcp.server.proxy-protocol). Else see in "
							+ "/actuator/tcpconnections?peer=%s what they do; have this client open fewer, end them by a "
							+ "shorter tcp.server.idle-timeout, or set tcp.server.max-connections-per-address")
						.formatted(share.address().shortText())));
		}
		proxyHeaders(evidence, findings);
		foreign(ForeignProtocol.TLS, FindingKind.TLS_WITHOUT_BUNDLE, "ssl",
				"a TLS handshake, which was taken for data: this port has no TLS",
				"Set tcp.server.ssl.bundle, or have these clients connect without TLS", findings);
		foreign(ForeignProtocol.HTTP, FindingKind.HTTP_REQUESTS, "protocol",
				"an HTTP request, which was taken for data: this port has no HTTP",
				"Have health checks connect by TCP only, or ask /actuator/health on server.port", findings);
		foreign(ForeignProtocol.NO_TLS, FindingKind.NO_TLS_ON_TLS_PORT, "ssl",
				"something that is not TLS, so no handshake succeeded",
				"Have these clients, or the proxy before them, connect with TLS; or leave tcp.server.ssl.bundle out",
				findings);
	}

	private void proxyHeaders(Evidence evidence, Map<FindingKind, Finding> findings) {
		boolean expected = evidence.server().admission().proxies() != null;
		foreign(ForeignProtocol.PROXY_HEADER, FindingKind.PROXY_HEADERS, "proxy-protocol",
				"a header of the PROXY protocol" + (expected ? " where none is expected" : "")
						+ ((evidence.tls() != null) ? ", so no handshake succeeded" : ", which was taken for data"),
				expected ? "Add the proxy's address to tcp.server.proxy-protocol.trusted; or have it send one header only, "
						+ "and only from addresses in there"
						: "Set tcp.server.proxy-protocol.enabled and name the proxy in tcp.server.proxy-protocol.trusted; "
								+ "or have it send none (HAProxy: remove send-proxy, send-proxy-v2; nginx: proxy_protocol "
								+ "off)",
				findings);
		foreign(ForeignProtocol.NO_PROXY_HEADER, FindingKind.NO_PROXY_HEADER, "proxy-protocol",
				"no valid PROXY header although tcp.server.proxy-protocol.trusted has their address; each was rejected",
				"Have the proxy send the header (HAProxy: send-proxy-v2; nginx: proxy_protocol on), or take its address "
						+ "out of tcp.server.proxy-protocol.trusted",
				findings);
	}

	private void foreign(ForeignProtocol protocol, FindingKind kind, String setting, String what, String remedy,
			Map<FindingKind, Finding> findings) {
		long count = this.foreign.recent(protocol);
		if (count > 0) {
			findings.put(kind, new Finding(setting, "connections of the last %s that began with %s: %d"
				.formatted(TimeText.of(Growth.EVIDENCE_TIME), what, count), remedy));
		}
	}

}
