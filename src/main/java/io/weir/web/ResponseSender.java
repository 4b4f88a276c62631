package io.weir.web;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends bodies without a thread that waits for the client to read them: the web server
 * calls back when the connection takes more.
 */
class ResponseSender {

	private static final Logger logger = LoggerFactory.getLogger(ResponseSender.class);

	private static final long TIMEOUT_MILLIS = 10_000;

	private final long capacity;

	private final AtomicLong pending = new AtomicLong();

	/**
	 * Creates a sender.
	 * @param capacity how many bytes may wait for clients; a body that is larger is sent
	 * when no other waits
	 */
	ResponseSender(long capacity) {
		this.capacity = capacity;
	}

	/**
	 * Begins to send a body, after which the request is over.
	 * @param response nothing of it is sent yet
	 * @return false if too much waits already; nothing is sent then
	 */
	boolean send(ServletRequest request, HttpServletResponse response, CapturedResponse captured) throws IOException {
		int size = captured.size();
		long now = this.pending.addAndGet(size);
		if (now > this.capacity && now > size) {
			this.pending.addAndGet(-size);
			return false;
		}
		response.setContentLength(size);
		AsyncContext context = request.startAsync();
		context.setTimeout(TIMEOUT_MILLIS);
		ServletOutputStream output = response.getOutputStream();
		Sending sending = new Sending(context, output, captured.body(), size);
		context.addListener(sending);
		output.setWriteListener(sending);
		return true;
	}

	private final class Sending implements WriteListener, AsyncListener {

		private final AsyncContext context;

		private final ServletOutputStream output;

		private final InputStream body;

		private final int size;

		private final AtomicBoolean over = new AtomicBoolean();

		private final byte[] chunk = new byte[8192];

		Sending(AsyncContext context, ServletOutputStream output, InputStream body, int size) {
			this.context = context;
			this.output = output;
			this.body = body;
			this.size = size;
		}

		@Override
		public void onWritePossible() throws IOException {
			while (this.output.isReady()) {
				int count = this.body.read(this.chunk);
				if (count < 0) {
					this.context.complete();
					return;
				}
				this.output.write(this.chunk, 0, count);
			}
		}

		// The client has gone, or has read nothing for the connection's timeout
		@Override
		public void onError(Throwable failure) {
			logger.debug("A response could not be sent: {}", failure.toString());
			release();
		}

		@Override
		public void onComplete(AsyncEvent event) {
			release();
		}

		@Override
		public void onTimeout(AsyncEvent event) {
			release();
		}

		@Override
		public void onError(AsyncEvent event) {
			release();
		}

		@Override
		public void onStartAsync(AsyncEvent event) {
			// Starts once
		}

		private void release() {
			if (this.over.compareAndSet(false, true)) {
				ResponseSender.this.pending.addAndGet(-this.size);
			}
		}

	}

}
