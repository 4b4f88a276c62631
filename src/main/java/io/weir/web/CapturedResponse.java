package io.weir.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.util.FastByteArrayOutputStream;

/**
 * Keeps the body of a response in memory. An error's body is
 * {@code {"status":404,"error":"Not Found"}}.
 */
class CapturedResponse extends HttpServletResponseWrapper {

	private final FastByteArrayOutputStream body = new FastByteArrayOutputStream(8192);

	private @Nullable PrintWriter writer;

	private @Nullable InputStream stream;

	CapturedResponse(HttpServletResponse response) {
		super(response);
	}

	@Override
	public ServletOutputStream getOutputStream() {
		return new Output(this.body);
	}

	@Override
	public PrintWriter getWriter() {
		if (this.writer == null) {
			String encoding = getCharacterEncoding();
			Charset charset = (encoding != null) ? Charset.forName(encoding) : StandardCharsets.ISO_8859_1;
			this.writer = new PrintWriter(new OutputStreamWriter(this.body, charset));
		}
		return this.writer;
	}

	@Override
	public void sendError(int status) throws IOException {
		reset();
		setStatus(status);
		HttpStatus known = HttpStatus.resolve(status);
		String error = (known != null) ? known.getReasonPhrase() : "Error";
		setContentType(MediaType.APPLICATION_JSON_VALUE);
		this.body
			.write("{\"status\":%d,\"error\":\"%s\"}".formatted(status, error).getBytes(StandardCharsets.US_ASCII));
	}

	@Override
	public void sendError(int status, String message) throws IOException {
		sendError(status);
	}

	@Override
	public void reset() {
		super.reset();
		resetBuffer();
	}

	@Override
	public void resetBuffer() {
		this.body.reset();
		this.writer = null;
		this.stream = null;
	}

	// Nothing is sent before all is there
	@Override
	public void flushBuffer() {
		if (this.writer != null) {
			this.writer.flush();
		}
	}

	int size() {
		flushBuffer();
		return this.body.size();
	}

	InputStream body() {
		return this.body.getInputStream();
	}

	/**
	 * Gives the response a body that is made while it is sent, in place of one in memory.
	 */
	void stream(InputStream pulled) {
		this.stream = pulled;
	}

	/**
	 * The body that is made while it is sent; null if it is in memory.
	 */
	@Nullable InputStream stream() {
		return this.stream;
	}

	private static final class Output extends ServletOutputStream {

		private final FastByteArrayOutputStream body;

		Output(FastByteArrayOutputStream body) {
			this.body = body;
		}

		@Override
		public void write(int value) throws IOException {
			this.body.write(value);
		}

		@Override
		public void write(byte[] bytes, int offset, int length) throws IOException {
			this.body.write(bytes, offset, length);
		}

		@Override
		public boolean isReady() {
			return true;
		}

		@Override
		public void setWriteListener(WriteListener listener) {
			throw new IllegalStateException("the body is in memory");
		}

	}

}
