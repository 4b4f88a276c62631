package io.weir.web;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;

import io.weir.actuate.TcpConnectionsEndpoint;

/**
 * What an application that has Weir as a library needs for the list of connections: its
 * other endpoints answer as Spring Boot has them.
 */
@ManagementContextConfiguration(proxyBeanMethods = false)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnAvailableEndpoint(TcpConnectionsEndpoint.class)
@ConditionalOnMissingBean(type = "io.weir.WeirApplication")
class EndpointConfiguration {

	@Bean
	ParameterFailureResolver weirParameterFailureResolver(PathMappedEndpoints endpoints) {
		// No path where the list is exposed by JMX alone, or Weir is turned off
		return new ParameterFailureResolver(endpoints.getPath(EndpointId.of("tcpconnections")));
	}

}
