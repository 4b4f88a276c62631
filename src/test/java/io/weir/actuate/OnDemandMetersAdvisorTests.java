package io.weir.actuate;

import java.util.Map;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.InvocationContext;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;

import static org.mockito.Mockito.inOrder;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link OnDemandMetersAdvisor}.
 */
class OnDemandMetersAdvisorTests {

	private final ConnectionMeters connections = mock(ConnectionMeters.class);

	private final KernelMetrics kernel = mock(KernelMetrics.class);

	private final OperationInvoker invoker = mock(OperationInvoker.class);

	@ParameterizedTest
	@CsvSource({ "metrics, 1", "prometheus, 1", "health, 0", "tcpconnections, 0" })
	void whenAnEndpointShowsMetersThenTheyAreRefreshedBefore(String endpoint, int times) {
		InvocationContext context = new InvocationContext(mock(SecurityContext.class), Map.of());
		OperationInvoker advised = new OnDemandMetersAdvisor(this.connections, this.kernel)
			.apply(EndpointId.of(endpoint), OperationType.READ, mock(OperationParameters.class), this.invoker);
		advised.invoke(context);
		var order = inOrder(this.connections, this.invoker);
		order.verify(this.connections, times(times)).refresh();
		order.verify(this.invoker).invoke(context);
		verify(this.kernel, times(times)).refresh();
	}

}
