package io.weir.config;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.context.annotation.Import;

/**
 * Weir in any Spring Boot application that has its jar: the TCP server and what one sees
 * of it. {@code tcp.server.enabled=false} turns it off. Each bean can be replaced by one
 * of the application's, but for the built-in protocols.
 */
@AutoConfiguration(after = { SslAutoConfiguration.class, CompositeMeterRegistryAutoConfiguration.class })
@ConditionalOnBooleanProperty(name = "tcp.server.enabled", matchIfMissing = true)
@Import({ TcpServerConfiguration.class, ProtocolConfiguration.class, RecordsConfiguration.class, TlsConfiguration.class,
		ActuateConfiguration.class })
class WeirAutoConfiguration {

}
