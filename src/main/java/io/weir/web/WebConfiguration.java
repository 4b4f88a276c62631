package io.weir.web;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.tomcat.ConfigurableTomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletPath;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.http.converter.HttpMessageConverters;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * The web server of the executable, on the main and on a management port. An application
 * that has Weir as a library keeps its own as it is.
 */
@ManagementContextConfiguration(proxyBeanMethods = false)
@ConditionalOnBean(type = "io.weir.WeirApplication")
class WebConfiguration {

	// Meters of 100 connections take 100 kB
	private static final long MIN_PENDING = 8 << 20;

	@Bean
	WebServerFactoryCustomizer<ConfigurableTomcatWebServerFactory> weirTomcatCustomizer() {
		return (factory) -> {
			factory.addEngineValves(new OneRequestValve());
			// How long its stop waits for requests that still run
			factory.addConnectorCustomizers(
					(connector) -> connector.setProperty("executorTerminationTimeoutMillis", "500"));
		};
	}

	@Bean
	ResponseSender weirResponseSender() {
		return new ResponseSender(Math.max(MIN_PENDING, Runtime.getRuntime().maxMemory() / 16));
	}

	@Bean
	FilterRegistrationBean<ActuatorFilter> weirActuatorFilter(WebEndpointProperties endpoints, ResponseSender sender,
			ApplicationContext context, ObjectProvider<HealthEndpointGroups> groups) {
		List<String> health = new ArrayList<>();
		health.add(endpoints.getBasePath() + '/' + endpoints.getPathMapping().getOrDefault("health", "health"));
		// Such as /livez and /readyz
		groups.ifAvailable((all) -> Stream.of(WebServerNamespace.SERVER, WebServerNamespace.MANAGEMENT)
			.flatMap((namespace) -> all.getAllWithAdditionalPath(namespace).stream())
			.forEach((group) -> health
				.add('/' + Objects.requireNonNull(group.getAdditionalPath()).getValue().replaceFirst("^/", ""))));
		DispatcherServletPath servlet = context.getBeanProvider(DispatcherServletPath.class)
			.getIfAvailable(() -> () -> "/");
		health.replaceAll(servlet::getRelativePath);
		FilterRegistrationBean<ActuatorFilter> registration = new FilterRegistrationBean<>(
				new ActuatorFilter(health, sender));
		registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
		return registration;
	}

	@Bean
	WebMvcConfigurer weirStreams() {
		return new WebMvcConfigurer() {

			@Override
			public void configureMessageConverters(HttpMessageConverters.ServerBuilder builder) {
				builder.addCustomConverter(new StreamConverter());
			}

		};
	}

	@Bean
	ParameterFailureResolver weirParameterFailureResolver(WebEndpointProperties endpoints) {
		return new ParameterFailureResolver(endpoints.getBasePath());
	}

}
