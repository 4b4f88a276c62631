package io.weir.web;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.util.ContentCachingResponseWrapper;

/**
 * Keeps the body of a response in memory. An error's body is
 * {@code {"status":404,"error":"Not Found"}}.
 */
class CapturedResponse extends ContentCachingResponseWrapper {

	private @Nullable InputStream stream;

	CapturedResponse(HttpServletResponse response) {
		super(response);
	}

	@Override
	public void sendError(int status) throws IOException {
		reset();
		setStatus(status);
		HttpStatus known = HttpStatus.resolve(status);
		String error = (known != null) ? known.getReasonPhrase() : "Error";
		setContentType(MediaType.APPLICATION_JSON_VALUE);
		getOutputStream()
			.write("{\"status\":%d,\"error\":\"%s\"}".formatted(status, error).getBytes(StandardCharsets.US_ASCII));
	}

	@Override
	public void sendError(int status, String message) throws IOException {
		sendError(status);
	}

	@Override
	public void reset() {
		super.reset();
		this.stream = null;
	}

	@Override
	public void resetBuffer() {
		super.resetBuffer();
		this.stream = null;
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

}
