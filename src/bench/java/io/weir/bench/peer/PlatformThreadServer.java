package io.weir.bench.peer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * The simplest blocking server: accept, start a platform thread, read and write with a
 * direct buffer of 64 KiB, the size at which such a server streams fastest.
 */
final class PlatformThreadServer {

	private static final int BUFFER_SIZE = 64 * 1024;

	private PlatformThreadServer() {
	}

	static void start(int port, boolean records) throws IOException {
		ServerSocketChannel listener = ServerSocketChannel.open();
		listener.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), Peer.BACKLOG);
		Thread.ofPlatform().name("accept").daemon().start(() -> accept(listener, records));
	}

	private static void accept(ServerSocketChannel listener, boolean records) {
		while (true) {
			try {
				SocketChannel channel = listener.accept();
				Thread.ofPlatform().daemon().start(() -> serve(channel, records));
			}
			catch (IOException ex) {
				throw new IllegalStateException(ex);
			}
		}
	}

	private static void serve(SocketChannel channel, boolean records) {
		try (channel) {
			channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
			if (records) {
				exchange(channel);
			}
			else {
				echo(channel);
			}
		}
		catch (IOException ex) {
			System.err.println(ex);
		}
	}

	private static void echo(SocketChannel channel) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
		while (channel.read(buffer.clear()) >= 0) {
			write(channel, buffer.flip());
		}
	}

	private static void exchange(SocketChannel channel) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocateDirect(RecipeRecord.CHUNK);
		while (channel.read(buffer.clear()) >= 0) {
			write(channel, buffer.flip());
			buffer.clear().limit(RecipeRecord.SIZE);
			while (buffer.hasRemaining()) {
				if (channel.read(buffer) < 0) {
					return;
				}
			}
			RecipeRecord.unpack(buffer.flip()).verify();
		}
	}

	private static void write(SocketChannel channel, ByteBuffer buffer) throws IOException {
		while (buffer.hasRemaining()) {
			channel.write(buffer);
		}
	}

}
