package io.weir.actuate;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;

/**
 * Registers meters that should be there and removes those that should not, before an
 * endpoint shows meters and whenever it is told to. Safe for any thread.
 */
public class MeterRefresher implements OperationInvokerAdvisor {

	private static final Set<EndpointId> SHOWING_METERS = Set.of(EndpointId.of("metrics"), EndpointId.of("prometheus"));

	private final List<Runnable> meters = new CopyOnWriteArrayList<>();

	/**
	 * Adds meters that come and go, and refreshes them for the first time.
	 * @param refresh registers and removes them; any thread calls it
	 */
	void add(Runnable refresh) {
		this.meters.add(refresh);
		refresh.run();
	}

	/**
	 * Refreshes all meters that come and go.
	 */
	public void refresh() {
		this.meters.forEach(Runnable::run);
	}

	@Override
	public OperationInvoker apply(EndpointId endpoint, OperationType type, OperationParameters parameters,
			OperationInvoker invoker) {
		return SHOWING_METERS.contains(endpoint) ? (context) -> {
			refresh();
			return invoker.invoke(context);
		} : invoker;
	}

}
