package io.weir.bench.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;

import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;

import org.jspecify.annotations.Nullable;

import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.serializer.Deserializer;
import org.springframework.core.serializer.Serializer;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.integration.channel.DirectChannel;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.integration.ip.tcp.connection.TcpNetServerConnectionFactory;
import org.springframework.integration.ip.tcp.connection.TcpSocketFactorySupport;
import org.springframework.integration.ip.tcp.inbound.TcpReceivingChannelAdapter;
import org.springframework.integration.ip.tcp.outbound.TcpSendingMessageHandler;
import org.springframework.integration.ip.tcp.serializer.SoftEndOfStreamException;

/**
 * Spring Integration's blocking server on virtual threads: its two channel adapters with
 * a direct channel between them, and whatever a read brings as a message, sent back.
 */
final class IntegrationServer {

	private static final int BUFFER_SIZE = 64 * 1024;

	private IntegrationServer() {
	}

	static void start(int port) {
		SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor();
		threads.setVirtualThreads(true);
		TcpNetServerConnectionFactory factory = new TcpNetServerConnectionFactory(port);
		factory.setLocalAddress("127.0.0.1");
		factory.setBacklog(Peer.BACKLOG);
		factory.setSoTcpNoDelay(true);
		factory.setTcpSocketFactorySupport(new SmallBuffers());
		factory.setTaskExecutor(threads);
		Bytes bytes = new Bytes();
		factory.setDeserializer(bytes);
		factory.setSerializer(bytes);
		DirectChannel channel = new DirectChannel();
		TcpSendingMessageHandler sender = new TcpSendingMessageHandler();
		sender.setConnectionFactory(factory);
		channel.subscribe(sender);
		TcpReceivingChannelAdapter receiver = new TcpReceivingChannelAdapter();
		receiver.setConnectionFactory(factory);
		receiver.setOutputChannel(channel);
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		context.register(Integration.class);
		context.registerBean("factory", TcpNetServerConnectionFactory.class, () -> factory);
		context.registerBean("channel", DirectChannel.class, () -> channel);
		context.registerBean("sender", TcpSendingMessageHandler.class, () -> sender);
		context.registerBean("receiver", TcpReceivingChannelAdapter.class, () -> receiver);
		context.refresh();
	}

	/**
	 * What Spring Integration needs in a context.
	 */
	@EnableIntegration
	static class Integration {

	}

	/**
	 * Makes server sockets whose connections get small buffers on the heap. Spring
	 * Integration gives each one as large as its socket's send buffer, 2.5 MB on
	 * loopback; to make that smaller instead would stall streams.
	 */
	private static final class SmallBuffers extends ServerSocketFactory implements TcpSocketFactorySupport {

		private static final int SIZE = 8 * 1024;

		@Override
		public ServerSocketFactory getServerSocketFactory() {
			return this;
		}

		@Override
		public SocketFactory getSocketFactory() {
			return SocketFactory.getDefault();
		}

		@Override
		public ServerSocket createServerSocket(int port) throws IOException {
			return createServerSocket(port, Peer.BACKLOG);
		}

		@Override
		public ServerSocket createServerSocket(int port, int backlog) throws IOException {
			return createServerSocket(port, backlog, null);
		}

		@Override
		public ServerSocket createServerSocket(int port, int backlog, @Nullable InetAddress address)
				throws IOException {
			return new ServerSocket(port, backlog, address) {

				@Override
				public Socket accept() throws IOException {
					Socket socket = new Socket() {

						@Override
						public synchronized int getSendBufferSize() {
							return SIZE;
						}

					};
					implAccept(socket);
					return socket;
				}

			};
		}

	}

	/**
	 * Takes what there is, without a frame around it.
	 */
	private static final class Bytes implements Deserializer<byte[]>, Serializer<byte[]> {

		private final ThreadLocal<byte[]> small = ThreadLocal.withInitial(() -> new byte[1024]);

		@Override
		public byte[] deserialize(InputStream in) throws IOException {
			byte[] buffer = this.small.get();
			int count = in.read(buffer);
			if (count < 0) {
				throw new SoftEndOfStreamException("Stream closed between payloads");
			}
			int more = (count < buffer.length) ? 0 : Math.min(in.available(), BUFFER_SIZE - count);
			byte[] payload = Arrays.copyOf(buffer, count + more);
			int read = in.readNBytes(payload, count, more);
			return (read == more) ? payload : Arrays.copyOf(payload, count + read);
		}

		@Override
		public void serialize(byte[] payload, OutputStream out) throws IOException {
			out.write(payload);
		}

	}

}
