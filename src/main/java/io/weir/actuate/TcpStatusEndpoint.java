package io.weir.actuate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.PathMapper;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.util.MimeType;
import org.springframework.util.StringUtils;

/**
 * {@code /actuator/tcpstatus}: a page that shows people what {@code tcpserver} and
 * {@code tcpconnections} answer, and the files that it asks for.
 */
@WebEndpoint(id = TcpStatusEndpoint.ID, defaultAccess = Access.READ_ONLY)
public class TcpStatusEndpoint {

	static final String ID = "tcpstatus";

	/**
	 * What the page may load, and from where.
	 */
	public static final String CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; "
			+ "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

	private static final String HTML = "text/html;charset=UTF-8";

	private static final String CSS = "text/css;charset=UTF-8";

	private static final String SCRIPT = "text/javascript;charset=UTF-8";

	private static final String SVG = "image/svg+xml";

	private static final Map<String, MimeType> FILES = Map.of("status.css", MimeType.valueOf(CSS), "status.js",
			MimeType.valueOf(SCRIPT), "icon.svg", MimeType.valueOf(SVG));

	private final String page;

	/**
	 * Creates the endpoint.
	 * @param pathMappers know below which paths the endpoints are
	 * @throws IOException if the page cannot be read
	 */
	public TcpStatusEndpoint(List<PathMapper> pathMappers) throws IOException {
		String page = resource("page.html").getContentAsString(StandardCharsets.UTF_8);
		String up = "../".repeat(StringUtils.countOccurrencesOf(path(pathMappers, ID), "/"));
		for (String id : List.of(ID, "tcpserver", "tcpconnections")) {
			page = page.replace('{' + id + '}', up + path(pathMappers, id));
		}
		this.page = page;
	}

	private static String path(List<PathMapper> pathMappers, String id) {
		return PathMapper.getRootPath(pathMappers, EndpointId.of(id));
	}

	/**
	 * The page's path, below that of all endpoints.
	 */
	public static String path(List<PathMapper> pathMappers) {
		return path(pathMappers, ID);
	}

	@ReadOperation(produces = HTML)
	String page() {
		return this.page;
	}

	@ReadOperation(produces = { CSS, SCRIPT, SVG })
	@Nullable WebEndpointResponse<Resource> file(@Selector String name) {
		MimeType type = FILES.get(name);
		return (type != null) ? new WebEndpointResponse<>(resource(name), type) : null;
	}

	private static Resource resource(String name) {
		return new ClassPathResource("tcpstatus/" + name, TcpStatusEndpoint.class);
	}

}
