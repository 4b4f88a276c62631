package io.weir.web;

import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jmx.JmxEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.jmx.JmxAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EndpointConfiguration} and {@link StatusPageConfiguration}: an
 * application that has Weir as a library starts, whatever it exposes.
 */
class EndpointConfigurationTests {

	private static final AutoConfigurations ACTUATOR = AutoConfigurations.of(EndpointAutoConfiguration.class,
			WebEndpointAutoConfiguration.class, ManagementContextAutoConfiguration.class);

	private static final String ALL = "management.endpoints.web.exposure.include=*";

	@Test
	void whenWeirIsTurnedOffThenItStarts() {
		new WebApplicationContextRunner().withConfiguration(ACTUATOR)
			.withPropertyValues(ALL, "tcp.server.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(ParameterFailureResolver.class)
				.hasBean("weirStatusPageHeaders"));
	}

	@Test
	void whenItsEndpointsAreExposedByJmxAloneThenItStarts() {
		new WebApplicationContextRunner().withConfiguration(ACTUATOR)
			.withConfiguration(AutoConfigurations.of(JmxAutoConfiguration.class, JmxEndpointAutoConfiguration.class))
			.withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=*")
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(ParameterFailureResolver.class));
	}

	@Test
	void whenTheWebServerIsReactiveThenItStarts() {
		new ReactiveWebApplicationContextRunner().withConfiguration(ACTUATOR)
			.withPropertyValues(ALL)
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(ParameterFailureResolver.class)
				.doesNotHaveBean("weirStatusPageHeaders"));
	}

}
