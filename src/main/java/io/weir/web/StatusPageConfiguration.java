package io.weir.web;

import java.util.List;
import java.util.Map;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.actuate.endpoint.web.PathMapper;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletPath;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;

import io.weir.actuate.TcpStatusEndpoint;

/**
 * What the page for people needs of the web server that has the endpoints, on the main or
 * on a management port.
 */
@ManagementContextConfiguration(proxyBeanMethods = false)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnAvailableEndpoint(TcpStatusEndpoint.class)
class StatusPageConfiguration {

	@Bean
	FilterRegistrationBean<Filter> weirStatusPageHeaders(WebEndpointProperties endpoints, List<PathMapper> pathMappers,
			ApplicationContext context) {
		// This context's own: a management port has another one
		String path = context.getBeanProvider(DispatcherServletPath.class)
			.getIfAvailable(() -> () -> "/")
			.getRelativePath(path(endpoints, pathMappers));
		FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>((request, response, chain) -> {
			HttpServletResponse httpResponse = (HttpServletResponse) response;
			httpResponse.setHeader("Content-Security-Policy", TcpStatusEndpoint.CONTENT_SECURITY_POLICY);
			httpResponse.setHeader("X-Content-Type-Options", "nosniff");
			httpResponse.setHeader("Referrer-Policy", "no-referrer");
			// The script of an older version would not fit the page
			httpResponse.setHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
			chain.doFilter(request, response);
		});
		registration.addUrlPatterns(path, path + "/*");
		registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 1);
		return registration;
	}

	/**
	 * An application that has Weir as a library keeps its {@code /}.
	 */
	@Bean
	@ConditionalOnBean(type = "io.weir.WeirApplication")
	SimpleUrlHandlerMapping weirStatusPageRedirect(WebEndpointProperties endpoints, List<PathMapper> pathMappers,
			ApplicationContext context) {
		boolean here = ManagementPortType.get(context.getEnvironment()) == ManagementPortType.SAME
				|| WebServerApplicationContext.hasServerNamespace(context, "management");
		// Relative, as a proxy may have put a prefix before the path
		RelativeRedirect redirect = new RelativeRedirect(path(endpoints, pathMappers).substring(1));
		return new SimpleUrlHandlerMapping(here ? Map.of("/", redirect) : Map.of(), Ordered.HIGHEST_PRECEDENCE);
	}

	private static String path(WebEndpointProperties endpoints, List<PathMapper> pathMappers) {
		return endpoints.getBasePath() + '/' + TcpStatusEndpoint.path(pathMappers);
	}

}
