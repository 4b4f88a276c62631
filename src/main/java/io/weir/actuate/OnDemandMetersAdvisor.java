package io.weir.actuate;

import java.util.List;
import java.util.Set;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;

/**
 * Has meters that come and go refreshed before an endpoint shows meters. So they cost
 * nothing while nobody looks.
 */
public class OnDemandMetersAdvisor implements OperationInvokerAdvisor {

	private static final Set<EndpointId> SHOWING_METERS = Set.of(EndpointId.of("metrics"), EndpointId.of("prometheus"));

	private final List<OnDemandMeters> meters;

	/**
	 * Creates the advisor of some meters.
	 * @param connections the meters of single connections
	 * @param kernel the kernel's figures
	 */
	public OnDemandMetersAdvisor(ConnectionMeters connections, KernelMetrics kernel) {
		this.meters = List.of(connections, kernel);
	}

	@Override
	public OperationInvoker apply(EndpointId endpoint, OperationType type, OperationParameters parameters,
			OperationInvoker invoker) {
		return SHOWING_METERS.contains(endpoint) ? (context) -> {
			this.meters.forEach(OnDemandMeters::refresh);
			return invoker.invoke(context);
		} : invoker;
	}

}
