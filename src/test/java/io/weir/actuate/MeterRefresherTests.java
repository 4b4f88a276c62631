package io.weir.actuate;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.InvocationContext;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.clearInvocations;
import static org.mockito.Mockito.inOrder;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;

/**
 * Tests for {@link MeterRefresher}.
 */
class MeterRefresherTests {

	private final MeterRefresher refresher = new MeterRefresher();

	private final OperationInvoker invoker = mock(OperationInvoker.class);

	@ParameterizedTest
	@CsvSource({ "metrics, 1", "prometheus, 1", "health, 0", "tcpconnections, 0" })
	void whenAnEndpointShowsMetersThenTheyAreRefreshedBefore(String endpoint, int times) {
		Runnable first = mock(Runnable.class);
		Runnable second = mock(Runnable.class);
		this.refresher.add(first);
		this.refresher.add(second);
		clearInvocations(first, second);
		InvocationContext context = new InvocationContext(mock(SecurityContext.class), Map.of());
		OperationInvoker advised = this.refresher.apply(EndpointId.of(endpoint), OperationType.READ,
				mock(OperationParameters.class), this.invoker);
		advised.invoke(context);
		var order = inOrder(first, second, this.invoker);
		order.verify(first, times(times)).run();
		order.verify(second, times(times)).run();
		order.verify(this.invoker).invoke(context);
	}

	@Test
	void whenMetersAreAddedThenTheyAreRefreshedAndAgainWheneverItIsTold() {
		AtomicInteger refreshed = new AtomicInteger();
		this.refresher.add(refreshed::incrementAndGet);
		assertThat(refreshed).hasValue(1);
		this.refresher.refresh();
		assertThat(refreshed).hasValue(2);
	}

}
