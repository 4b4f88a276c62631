package io.weir.deployment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.google.gson.Gson;
import io.fabric8.openshift.api.model.monitoring.v1.Endpoint;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1HTTPGetAction;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Probe;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServicePort;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.TestAbortedException;
import org.yaml.snakeyaml.Yaml;

import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.FileSystemResource;

import io.weir.config.TcpServerProperties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Reads the manifests with the models that Kubernetes's official Java client generates
 * from the OpenAPI document of the API server (the operator's with fabric8's, from its
 * resource definition): an unknown field, a missing one or a wrong type fails. What only
 * a running API server checks, such as the relation of two fields, is not seen here.
 */
class KubernetesManifestTests {

	private static final Path MANIFESTS = Path.of("src/kubernetes");

	private static final Duration TO_EXIT = Duration.ofSeconds(10);

	private final Manifests manifests = new Manifests(yaml("base/weir.yml"));

	private final V1PodSpec pod = Objects.requireNonNull(this.manifests.deployment().getSpec().getTemplate().getSpec());

	private final V1Container container = this.pod.getContainers().getFirst();

	@Test
	void whenFieldIsUnknownThenIsRefused() {
		String manifest = yaml("base/weir.yml").replace("terminationGracePeriodSeconds", "terminationGraceSeconds");
		assertThatIllegalArgumentException().isThrownBy(() -> new Manifests(manifest))
			.withMessageContaining("terminationGraceSeconds");
	}

	@Test
	void whenRequiredFieldIsMissingThenIsRefused() {
		String manifest = yaml("base/weir.yml").replace("containerPort: 9999", "hostPort: 9999");
		assertThatIllegalArgumentException().isThrownBy(() -> new Manifests(manifest))
			.withMessageContaining("containerPort");
	}

	@Test
	void whenFieldOfServiceMonitorIsUnknownThenIsRefused() {
		String manifest = yaml("overlays/prometheus-operator/servicemonitor.yml").replace("scrapeTimeout", "timeout");
		assertThatExceptionOfType(UnrecognizedPropertyException.class).isThrownBy(() -> serviceMonitor(manifest));
	}

	@Test
	void portsAreTheApplicationsDefaults() {
		assertThat(this.container.getPorts()).extracting(V1ContainerPort::getName, V1ContainerPort::getContainerPort)
			.containsExactly(tuple("tcp", properties().port()),
					tuple("actuator", environment().getRequiredProperty("server.port", Integer.class)));
	}

	@Test
	void servicesNameTheContainersPorts() {
		assertThat(this.manifests.service("weir").getSpec().getPorts())
			.extracting(V1ServicePort::getPort, V1ServicePort::getTargetPort)
			.containsExactly(tuple(properties().port(), new IntOrString("tcp")));
		V1Service actuator = this.manifests.service("weir-actuator");
		assertThat(actuator.getSpec().getPorts()).extracting(V1ServicePort::getTargetPort)
			.containsExactly(new IntOrString("actuator"));
		assertThat(actuator.getSpec().getPublishNotReadyAddresses()).isTrue();
	}

	@Test
	void selectorsFindThePods() {
		Map<String, String> labels = this.manifests.deployment().getSpec().getTemplate().getMetadata().getLabels();
		assertThat(labels).containsAllEntriesOf(this.manifests.deployment().getSpec().getSelector().getMatchLabels())
			.containsAllEntriesOf(this.manifests.service("weir").getSpec().getSelector())
			.containsAllEntriesOf(this.manifests.service("weir-actuator").getSpec().getSelector())
			.containsAllEntriesOf(this.manifests.budget().getSpec().getSelector().getMatchLabels())
			.containsAllEntriesOf(this.manifests.networkPolicy().getSpec().getPodSelector().getMatchLabels());
		assertThat(this.manifests.autoscaler().getSpec().getScaleTargetRef().getName())
			.isEqualTo(this.manifests.deployment().getMetadata().getName());
	}

	@Test
	void probesAskTheApplicationsGroupsOnItsOwnPort() {
		V1Probe readiness = Objects.requireNonNull(this.container.getReadinessProbe());
		assertThat(List.of(Objects.requireNonNull(this.container.getStartupProbe()),
				Objects.requireNonNull(this.container.getLivenessProbe()), readiness))
			.extracting((probe) -> Objects.requireNonNull(probe.getHttpGet()))
			.allSatisfy((get) -> assertThat(get.getPort()).isEqualTo(new IntOrString("actuator")))
			.extracting(V1HTTPGetAction::getPath)
			.containsExactly("/actuator/health/liveness", "/actuator/health/liveness", "/actuator/health/readiness");
		assertThat(environment().getProperty("management.endpoint.health.group.readiness.include"))
			.contains("tcpServer");
	}

	@Test
	void podIsGivenTheTimeOfTheDrain() {
		TcpServerProperties.Drain drain = properties().drain();
		assertThat(Duration.ofSeconds(Objects.requireNonNull(this.pod.getTerminationGracePeriodSeconds())))
			.isGreaterThanOrEqualTo(drain.delay().plus(drain.gracePeriod()).plus(TO_EXIT));
		// Until readiness has told the endpoints
		assertThat(drain.delay()).isGreaterThanOrEqualTo(Duration.ofSeconds(5));
	}

	@Test
	void podIsConfined() {
		assertThat(this.pod.getEnableServiceLinks()).isFalse();
		assertThat(this.pod.getAutomountServiceAccountToken()).isFalse();
		assertThat(this.pod.getSecurityContext().getRunAsNonRoot()).isTrue();
		assertThat(dockerfile()).contains("USER %d:%d".formatted(this.pod.getSecurityContext().getRunAsUser(),
				this.pod.getSecurityContext().getRunAsGroup()));
		assertThat(this.pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
		assertThat(this.container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
		assertThat(this.container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
		assertThat(this.container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
	}

	@Test
	void memoryIsBoundedAsInTheTestOfTheImage() {
		assertThat(this.container.getResources().getLimits()).containsEntry("memory", new Quantity("256Mi"))
			.containsEntry("cpu", new Quantity("1"));
		assertThat(this.container.getResources().getRequests()).containsEntry("memory", new Quantity("256Mi"));
	}

	@Test
	void autoscalerActsBeforeAPodIsFull() {
		Quantity max = Objects.requireNonNull(
				this.manifests.autoscaler().getSpec().getMetrics().getFirst().getPods().getTarget().getAverageValue());
		assertThat(max.getNumber().intValueExact()).isLessThan(properties().maxConnections());
	}

	@Test
	void networkPolicyNamesTheContainersPorts() {
		assertThat(this.manifests.networkPolicy().getSpec().getIngress())
			.flatExtracting((rule) -> rule.getPorts().stream().map((port) -> port.getPort().getStrValue()).toList())
			.containsExactly("tcp", "actuator");
	}

	@Test
	void autoscalerAloneSetsTheNumberOfReplicas() {
		assertThat(this.manifests.deployment().getSpec().getReplicas()).isNull();
		assertThat(this.manifests.autoscaler().getSpec().getMinReplicas()).isGreaterThanOrEqualTo(2);
	}

	@ParameterizedTest
	@CsvSource({ "load-balancer,Local", "proxy-protocol,Cluster" })
	void publicServiceLeadsToThePods(String overlay, String trafficPolicy) {
		V1Service service = new Manifests(yaml("overlays/%s/service.yml".formatted(overlay))).service("weir-public");
		assertThat(service.getSpec().getType()).isEqualTo("LoadBalancer");
		assertThat(service.getSpec().getExternalTrafficPolicy()).isEqualTo(trafficPolicy);
		assertThat(service.getSpec().getSelector()).isEqualTo(this.manifests.service("weir").getSpec().getSelector());
		assertThat(service.getSpec().getPorts()).isEqualTo(this.manifests.service("weir").getSpec().getPorts());
	}

	@Test
	void proxyProtocolOverlayIsTakenByTheApplication() {
		TcpServerProperties.ProxyProtocol proxyProtocol = properties("overlays/proxy-protocol/overlay.yml")
			.proxyProtocol();
		assertThat(proxyProtocol.enabled()).isTrue();
		assertThat(proxyProtocol.trusted()).isNotEmpty();
		assertThat(properties().proxyProtocol().enabled()).isFalse();
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "base", "overlays/load-balancer", "overlays/proxy-protocol", "overlays/prometheus-operator" })
	void kustomizationIsBuilt(String folder) throws IOException, InterruptedException {
		String built = built(folder);
		if (folder.equals("overlays/prometheus-operator")) {
			assertThat(built).contains("kind: ServiceMonitor", "kind: PrometheusRule");
			return;
		}
		Manifests manifests = new Manifests(built);
		V1PodSpec pod = manifests.deployment().getSpec().getTemplate().getSpec();
		assertThat(pod.getVolumes()).extracting((volume) -> volume.getConfigMap())
			.filteredOn(Objects::nonNull)
			.extracting((source) -> source.getName())
			.containsExactly(manifests.configMap().getMetadata().getName());
		assertThat(pod.getContainers().getFirst().getImage()).startsWith("weir:");
		assertThat(manifests.configMap().getData()).containsKey("application.yml");
		assertThat(manifests.configMap().getData().containsKey("overlay.yml")).isEqualTo(!folder.equals("base"));
	}

	@Test
	void balancerHasTheTimeToSeeThatAPodStops() throws IOException, InterruptedException {
		V1PodSpec behind = new Manifests(built("overlays/load-balancer")).deployment()
			.getSpec()
			.getTemplate()
			.getSpec();
		TcpServerProperties.Drain drain = properties("overlays/load-balancer/overlay.yml").drain();
		assertThat(drain.delay()).isGreaterThanOrEqualTo(Duration.ofSeconds(30));
		assertThat(Duration.ofSeconds(Objects.requireNonNull(behind.getTerminationGracePeriodSeconds())))
			.isGreaterThanOrEqualTo(drain.delay().plus(drain.gracePeriod()).plus(TO_EXIT));
		V1Probe readiness = Objects.requireNonNull(behind.getContainers().getFirst().getReadinessProbe());
		assertThat(readiness.getHttpGet()).isEqualTo(this.container.getReadinessProbe().getHttpGet());
		// The first probe that fails may come at once
		assertThat(Duration.ofSeconds(readiness.getPeriodSeconds() * (readiness.getFailureThreshold() - 1L)))
			.isGreaterThanOrEqualTo(drain.delay());
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "base/weir.yml", "overlays/load-balancer/service.yml", "overlays/proxy-protocol/service.yml" })
	void servicesHaveTheAddressesThatWeirListensOn(String file) {
		assertThat(dockerfile()).contains("TCP_SERVER_HOST=0.0.0.0");
		assertThat(new Manifests(yaml(file)).objects).filteredOn(V1Service.class::isInstance)
			.isNotEmpty()
			.allSatisfy(
					(service) -> assertThat(((V1Service) service).getSpec().getIpFamilies()).containsExactly("IPv4"));
	}

	private static String built(String folder) throws IOException, InterruptedException {
		Process kubectl = kubectl("kustomize", MANIFESTS.resolve(folder).toString());
		String built = new String(kubectl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(kubectl.waitFor()).as(built).isZero();
		return built;
	}

	private static Process kubectl(String... arguments) throws IOException {
		List<String> command = new ArrayList<>(List.of("kubectl"));
		command.addAll(List.of(arguments));
		try {
			return new ProcessBuilder(command).redirectErrorStream(true).start();
		}
		catch (IOException ex) {
			throw new TestAbortedException("kubectl is missing, which builds kustomizations", ex);
		}
	}

	@Test
	void configurationImportsTheOverlays() {
		assertThat(environment().getProperty("spring.config.import")).isEqualTo("optional:file:/config/overlay.yml");
	}

	@Test
	void prometheusRuleHasTheGroupsOfTheRules() throws IOException {
		String manifest = yaml("overlays/prometheus-operator/prometheusrule.yml");
		assertThat(read(manifest, PrometheusRule.class).getSpec().getGroups()).isNotEmpty();
		Map<String, Map<String, Object>> rule = new Yaml().load(manifest);
		Map<String, Object> rules = new Yaml().load(text(Path.of("src/prometheus/weir-rules.yml")));
		assertThat(rule.get("spec")).isEqualTo(rules);
	}

	@Test
	void dockerfileExposesTheApplicationsDefaults() {
		assertThat(dockerfile())
			.contains("EXPOSE %d %s".formatted(properties().port(), environment().getRequiredProperty("server.port")));
	}

	@Test
	void serviceMonitorScrapesTheActuatorService() throws IOException {
		ServiceMonitor monitor = serviceMonitor(yaml("overlays/prometheus-operator/servicemonitor.yml"));
		V1Service service = this.manifests.service("weir-actuator");
		assertThat(service.getMetadata().getLabels())
			.containsAllEntriesOf(monitor.getSpec().getSelector().getMatchLabels());
		assertThat(this.manifests.service("weir").getMetadata().getLabels())
			.doesNotContainKey("app.kubernetes.io/component");
		assertThat(monitor.getSpec().getEndpoints()).extracting(Endpoint::getPort, Endpoint::getPath)
			.containsExactly(tuple(service.getSpec().getPorts().getFirst().getName(), "/actuator/prometheus"));
	}

	private TcpServerProperties properties(String... overlays) {
		return Binder.get(environment(overlays))
			.bind("tcp.server", Bindable.of(TcpServerProperties.class),
					new NoUnboundElementsBindHandler(BindHandler.DEFAULT, (source) -> true))
			.get();
	}

	/**
	 * The application's own settings below those of the mounted files.
	 */
	private StandardEnvironment environment(String... overlays) {
		YamlPropertySourceLoader loader = new YamlPropertySourceLoader();
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().forEach((source) -> environment.getPropertySources().remove(source.getName()));
		try {
			List<PropertySource<?>> sources = new ArrayList<>();
			for (String overlay : overlays) {
				sources.addAll(loader.load(overlay, new FileSystemResource(MANIFESTS.resolve(overlay))));
			}
			sources.addAll(loader.load("mounted", new FileSystemResource(MANIFESTS.resolve("base/application.yml"))));
			sources.addAll(loader.load("own", new ClassPathResource("application.yml")));
			sources.forEach(environment.getPropertySources()::addLast);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		return environment;
	}

	private static String yaml(String name) {
		return text(MANIFESTS.resolve(name));
	}

	private static String dockerfile() {
		return text(Path.of("Dockerfile"));
	}

	private static String text(Path path) {
		try {
			return Files.readString(path);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	// The model's classes collect what they do not know, unless told not to
	private static ServiceMonitor serviceMonitor(String manifest) throws IOException {
		return read(manifest, ServiceMonitor.class);
	}

	private static <T> T read(String manifest, Class<T> type) throws IOException {
		ObjectMapper mapper = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
			.setAnnotationIntrospector(new JacksonAnnotationIntrospector() {

				private static final long serialVersionUID = 1L;

				@Override
				public Boolean hasAnySetter(Annotated annotated) {
					return false;
				}

			});
		Map<?, ?> fields = new Yaml().load(manifest);
		return mapper.readValue(new Gson().toJson(fields), type);
	}

	/**
	 * The objects of one file, each read strictly as what its kind says.
	 */
	private static final class Manifests {

		private final List<Object> objects = new ArrayList<>();

		private Manifests(String manifest) {
			Gson gson = new Gson();
			for (Object document : new Yaml().loadAll(manifest)) {
				Map<?, ?> fields = (Map<?, ?>) document;
				String json = gson.toJson(fields);
				try {
					this.objects.add(switch (fields.get("apiVersion") + " " + fields.get("kind")) {
						case "v1 ConfigMap" -> V1ConfigMap.fromJson(json);
						case "v1 Service" -> V1Service.fromJson(json);
						case "apps/v1 Deployment" -> V1Deployment.fromJson(json);
						case "policy/v1 PodDisruptionBudget" -> V1PodDisruptionBudget.fromJson(json);
						case "autoscaling/v2 HorizontalPodAutoscaler" -> V2HorizontalPodAutoscaler.fromJson(json);
						case "networking.k8s.io/v1 NetworkPolicy" -> V1NetworkPolicy.fromJson(json);
						default -> throw new IllegalArgumentException("A kind that nothing here reads: " + fields);
					});
				}
				catch (IOException ex) {
					throw new IllegalArgumentException(ex);
				}
			}
		}

		private V1ConfigMap configMap() {
			return one(V1ConfigMap.class);
		}

		private V1Deployment deployment() {
			return one(V1Deployment.class);
		}

		private V1PodDisruptionBudget budget() {
			return one(V1PodDisruptionBudget.class);
		}

		private V2HorizontalPodAutoscaler autoscaler() {
			return one(V2HorizontalPodAutoscaler.class);
		}

		private V1NetworkPolicy networkPolicy() {
			return one(V1NetworkPolicy.class);
		}

		private V1Service service(String name) {
			return this.objects.stream()
				.filter(V1Service.class::isInstance)
				.map(V1Service.class::cast)
				.filter((service) -> name.equals(service.getMetadata().getName()))
				.findFirst()
				.orElseThrow();
		}

		private <T> T one(Class<T> kind) {
			List<T> found = this.objects.stream().filter(kind::isInstance).map(kind::cast).toList();
			assertThat(found).hasSize(1);
			return found.getFirst();
		}

	}

}
