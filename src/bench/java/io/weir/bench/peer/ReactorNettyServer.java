package io.weir.bench.peer;

import io.netty.channel.ChannelOption;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpServer;

/**
 * Reactor Netty on the native transport with as many event loops as cores.
 */
final class ReactorNettyServer {

	private ReactorNettyServer() {
	}

	static void start(int port, int loops) {
		TcpServer.create()
			.host("127.0.0.1")
			.port(port)
			.runOn(LoopResources.create("reactor", 1, loops, true, true), true)
			.option(ChannelOption.SO_BACKLOG, Peer.BACKLOG)
			.childOption(ChannelOption.TCP_NODELAY, true)
			.handle((in, out) -> out.send(in.receive().retain()))
			.bindNow();
	}

}
