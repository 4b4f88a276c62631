package io.weir.bench.peer;

import java.io.File;
import java.util.List;

import javax.net.ssl.SSLException;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.jspecify.annotations.Nullable;

/**
 * Netty with as many event loops as cores, which accept and serve alike, pooled buffers,
 * and one flush for all that a read brought.
 */
final class NettyServer {

	private final IoHandlerFactory transport;

	private final Class<? extends ServerChannel> channel;

	private final int loops;

	private NettyServer(IoHandlerFactory transport, Class<? extends ServerChannel> channel, int loops) {
		this.transport = transport;
		this.channel = channel;
		this.loops = loops;
	}

	static NettyServer epoll(int loops) {
		return new NettyServer(EpollIoHandler.newFactory(), EpollServerSocketChannel.class, loops);
	}

	static NettyServer nio(int loops) {
		return new NettyServer(NioIoHandler.newFactory(), NioServerSocketChannel.class, loops);
	}

	/**
	 * What connections are protected with: TLS by the JDK, as Weir's are.
	 * @param certificate its file
	 * @param key its file
	 * @throws SSLException if they can't be used
	 */
	static SslContext tls(String certificate, String key) throws SSLException {
		return SslContextBuilder.forServer(new File(certificate), new File(key)).sslProvider(SslProvider.JDK).build();
	}

	void start(int port, boolean records, @Nullable SslContext tls) throws InterruptedException {
		new ServerBootstrap().group(new MultiThreadIoEventLoopGroup(this.loops, this.transport))
			.channel(this.channel)
			.option(ChannelOption.SO_BACKLOG, Peer.BACKLOG)
			.childOption(ChannelOption.TCP_NODELAY, true)
			.childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
			.childHandler(new Initializer(records, tls))
			.bind("127.0.0.1", port)
			.sync();
	}

	/**
	 * Gives each connection its handler.
	 */
	private static final class Initializer extends ChannelInitializer<Channel> {

		private final boolean records;

		private final @Nullable SslContext tls;

		Initializer(boolean records, @Nullable SslContext tls) {
			this.records = records;
			this.tls = tls;
		}

		@Override
		protected void initChannel(Channel ch) {
			if (this.tls != null) {
				ch.pipeline().addLast(this.tls.newHandler(ch.alloc()));
			}
			ch.pipeline().addLast(this.records ? new RecordHandler() : new EchoHandler());
		}

	}

	/**
	 * Writes what comes, flushes when there is no more to read, and reads no further
	 * while the peer does not take it.
	 */
	private static final class EchoHandler extends ChannelInboundHandlerAdapter {

		@Override
		public void channelRead(ChannelHandlerContext ctx, Object msg) {
			var _ = ctx.write(msg, ctx.voidPromise());
		}

		@Override
		public void channelReadComplete(ChannelHandlerContext ctx) {
			ctx.flush();
		}

		@Override
		public void channelWritabilityChanged(ChannelHandlerContext ctx) {
			ctx.channel().config().setAutoRead(ctx.channel().isWritable());
		}

		@Override
		public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
			var _ = ctx.close();
		}

	}

	/**
	 * The exchange of chunk and record as a decoder.
	 */
	private static final class RecordHandler extends ByteToMessageDecoder {

		private boolean inRecord;

		@Override
		protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
			if (!this.inRecord) {
				var _ = ctx.write(in.readRetainedSlice(Math.min(in.readableBytes(), RecipeRecord.CHUNK)),
						ctx.voidPromise());
				this.inRecord = true;
			}
			else if (in.readableBytes() >= RecipeRecord.SIZE) {
				RecipeRecord.unpack(in.nioBuffer(in.readerIndex(), RecipeRecord.SIZE)).verify();
				in.skipBytes(RecipeRecord.SIZE);
				this.inRecord = false;
			}
		}

		@Override
		public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
			ctx.flush();
			super.channelReadComplete(ctx);
		}

		@Override
		public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
			var _ = ctx.close();
		}

	}

}
