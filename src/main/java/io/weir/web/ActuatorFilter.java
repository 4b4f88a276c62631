package io.weir.web;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.http.HttpHeaders;

import io.weir.connection.LogLimiter;

/**
 * Lets health and lists of connections, which are made while they are sent, be asked at
 * any time, and few other things at once: two requests run, four more wait for a second,
 * the rest get 503. Answers what no endpoint can answer with 4xx, and logs a failure of
 * an endpoint once in ten seconds.
 */
class ActuatorFilter implements Filter {

	private static final Logger logger = LoggerFactory.getLogger(ActuatorFilter.class);

	private static final int RUNNING = 2;

	private static final int WAITING = 4;

	private static final Pattern DOT_SEGMENT = Pattern.compile("(?i)(\\.|%2e){1,2}(;.*)?");

	private final List<String> health;

	private final ResponseSender sender;

	private final Semaphore running = new Semaphore(RUNNING, true);

	private final Semaphore waiting = new Semaphore(WAITING);

	private final LogLimiter limiter = new LogLimiter();

	/**
	 * Creates the filter.
	 * @param health the paths below which health is
	 */
	ActuatorFilter(List<String> health, ResponseSender sender) {
		this.health = List.copyOf(health);
		this.sender = sender;
	}

	@Override
	public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
			throws IOException, ServletException {
		HttpServletRequest httpRequest = (HttpServletRequest) request;
		HttpServletResponse httpResponse = (HttpServletResponse) response;
		CapturedResponse captured = new CapturedResponse(httpResponse);
		String path = httpRequest.getRequestURI().substring(httpRequest.getContextPath().length());
		if (Arrays.stream(path.split("/")).anyMatch((segment) -> DOT_SEGMENT.matcher(segment).matches())) {
			captured.sendError(HttpServletResponse.SC_BAD_REQUEST);
		}
		else if (path.equals("/error")) {
			// Where the web server forwards errors to
			captured.sendError(HttpServletResponse.SC_NOT_FOUND);
		}
		else if (isHealth(path) || path.endsWith("/tcpconnections")) {
			run(httpRequest, captured, chain);
		}
		else if (acquire()) {
			try {
				run(httpRequest, captured, chain);
			}
			finally {
				this.running.release();
			}
		}
		else {
			unavailable(captured);
		}
		if (!this.sender.send(request, httpResponse, captured)) {
			unavailable(captured);
			this.sender.send(request, httpResponse, captured);
		}
	}

	private boolean isHealth(String path) {
		for (String one : this.health) {
			if (path.startsWith(one) && (path.length() == one.length() || path.charAt(one.length()) == '/')) {
				return true;
			}
		}
		return false;
	}

	private boolean acquire() {
		if (this.running.tryAcquire()) {
			return true;
		}
		if (!this.waiting.tryAcquire()) {
			return false;
		}
		try {
			return this.running.tryAcquire(1, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
		finally {
			this.waiting.release();
		}
	}

	private static void unavailable(CapturedResponse captured) throws IOException {
		captured.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
		captured.setHeader(HttpHeaders.RETRY_AFTER, "1");
	}

	private void run(HttpServletRequest request, CapturedResponse captured, FilterChain chain) throws IOException {
		try {
			chain.doFilter(request, captured);
		}
		catch (IOException | ServletException | RuntimeException ex) {
			captured.sendError(status(ex));
		}
	}

	private int status(Exception ex) {
		for (Throwable cause = ex; cause != null; cause = cause.getCause()) {
			// A query that cannot be decoded
			if (cause instanceof InvalidParameterException) {
				logger.debug("A request was refused", ex);
				return HttpServletResponse.SC_BAD_REQUEST;
			}
		}
		this.limiter
			.log((suppressed) -> logger.error("A request failed ({} such lines were suppressed)", suppressed, ex));
		return HttpServletResponse.SC_INTERNAL_SERVER_ERROR;
	}

}
