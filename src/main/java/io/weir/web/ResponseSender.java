package io.weir.web;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
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

import io.weir.connection.LogLimiter;

/**
 * Sends bodies without a thread that waits for the client to read them: the web server
 * calls back when the connection takes more. Streams, whose making takes time, are made
 * in turns by one thread of their own, so that they take no more than one processor and
 * none of the web server's threads.
 */
class ResponseSender implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(ResponseSender.class);

	private static final long TIMEOUT_MILLIS = 10_000;

	private static final long STREAM_TIMEOUT_MILLIS = 60_000;

	// Each takes some 100 kB where there are 10,000 connections
	private static final int MAX_STREAMS = 100;

	private static final int CHUNK = 16 * 1024;

	private final long capacity;

	private final AtomicLong pending = new AtomicLong();

	private final Semaphore streams = new Semaphore(MAX_STREAMS);

	private final ThreadPoolExecutor maker = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS,
			new LinkedBlockingQueue<>(), Thread.ofPlatform().name("actuator-lists").daemon().factory());

	private final LogLimiter failures = new LogLimiter();

	/**
	 * Creates a sender.
	 * @param capacity how many bytes may wait for clients; a body that is larger is sent
	 * when no other waits
	 */
	ResponseSender(long capacity) {
		this.capacity = capacity;
		this.maker.allowCoreThreadTimeOut(true);
	}

	@Override
	public void close() {
		this.maker.shutdownNow();
	}

	/**
	 * Begins to send a body, after which the request is over. Does nothing without one.
	 * @param response nothing of it is sent yet
	 * @return false if too much waits already; nothing is sent then
	 */
	boolean send(ServletRequest request, HttpServletResponse response, CapturedResponse captured) throws IOException {
		InputStream stream = captured.stream();
		if (stream != null) {
			return sendStream(request, response, stream);
		}
		int size = captured.getContentSize();
		if (size == 0) {
			return true;
		}
		long now = this.pending.addAndGet(size);
		if (now > this.capacity && now > size) {
			this.pending.addAndGet(-size);
			return false;
		}
		response.setContentLength(size);
		AsyncContext context = request.startAsync();
		context.setTimeout(TIMEOUT_MILLIS);
		new Sending(context, response.getOutputStream(), captured.getContentInputStream(),
				() -> this.pending.addAndGet(-size))
			.begin();
		return true;
	}

	private boolean sendStream(ServletRequest request, HttpServletResponse response, InputStream stream)
			throws IOException {
		if (!this.streams.tryAcquire()) {
			return false;
		}
		AsyncContext context = request.startAsync();
		context.setTimeout(STREAM_TIMEOUT_MILLIS);
		new Streaming(context, response.getOutputStream(), stream).begin();
		return true;
	}

	private static class Sending implements WriteListener, AsyncListener {

		private final AsyncContext context;

		private final ServletOutputStream output;

		private final InputStream body;

		private final Runnable atEnd;

		private final AtomicBoolean over = new AtomicBoolean();

		private final byte[] chunk = new byte[CHUNK];

		Sending(AsyncContext context, ServletOutputStream output, InputStream body, Runnable atEnd) {
			this.context = context;
			this.output = output;
			this.body = body;
			this.atEnd = atEnd;
		}

		void begin() {
			this.context.addListener(this);
			this.output.setWriteListener(this);
		}

		@Override
		public void onWritePossible() throws IOException {
			while (writeChunk()) {
				// As long as it is ready
			}
		}

		// Returns whether there may be more to write now
		boolean writeChunk() throws IOException {
			if (!this.output.isReady()) {
				return false;
			}
			int count = this.body.read(this.chunk);
			if (count < 0) {
				complete();
				return false;
			}
			this.output.write(this.chunk, 0, count);
			return true;
		}

		final void complete() {
			this.context.complete();
		}

		final boolean isOver() {
			return this.over.get();
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
				this.atEnd.run();
			}
		}

	}

	/**
	 * A body whose chunks are made one by one, in turn with those of others.
	 */
	private final class Streaming extends Sending {

		Streaming(AsyncContext context, ServletOutputStream output, InputStream body) {
			super(context, output, body, ResponseSender.this.streams::release);
		}

		@Override
		public void onWritePossible() {
			ResponseSender.this.maker.execute(this::takeTurn);
		}

		private void takeTurn() {
			try {
				if (!isOver() && writeChunk()) {
					onWritePossible();
				}
			}
			catch (IOException ex) {
				// The web server has seen it too, and tells the listener
				logger.debug("A list could not be sent: {}", ex.toString());
			}
			catch (RuntimeException | Error ex) {
				abandon(ex);
			}
		}

		// What is sent already is no whole JSON, so nobody takes it for the list
		private void abandon(Throwable failure) {
			if (isOver()) {
				return;
			}
			try {
				ResponseSender.this.failures.log((suppressed) -> logger
					.error("A list failed while it was made ({} such lines were suppressed)", suppressed, failure));
			}
			finally {
				complete();
			}
		}

	}

}
