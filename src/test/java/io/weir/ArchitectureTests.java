package io.weir;

import java.util.regex.Pattern;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;
import io.weir.kernel.SocketKey;
import io.weir.scheduling.ConnectionThread;
import io.weir.scheduling.SocketWaiter;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle;
import io.weir.tls.ServerCertificate;
import io.weir.tls.ServerTls;
import io.weir.tls.TlsStatus;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds the direction of dependencies: which package knows which.
 */
@AnalyzeClasses(packages = "io.weir", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	private static final DescribedPredicate<JavaClass> PRIMITIVES = DescribedPredicate.describe("primitives",
			(type) -> type.getBaseComponentType().isPrimitive());

	// A loop, the threads that it runs and the list of them are one job
	private static final Pattern EVENT_LOOP = Pattern
		.compile("io\\.weir\\.scheduling\\.(EventLoop|LoopThread|ConnectionList)");

	// A top-level class with what is nested in it
	private static final SliceAssignment TOP_LEVEL_CLASSES = new SliceAssignment() {

		@Override
		public SliceIdentifier getIdentifierOf(JavaClass type) {
			String name = type.getName().replaceFirst("\\$.*", "");
			if (!name.startsWith("io.weir.")) {
				return SliceIdentifier.ignore();
			}
			return SliceIdentifier.of(EVENT_LOOP.matcher(name).matches() ? "event loop" : name);
		}

		@Override
		public String getDescription() {
			return "top-level classes";
		}

	};

	// What every package may know, annotations included
	private static final String[] JDK = { "java..", "javax..", "jdk.net..", "org.jspecify.annotations.." };

	@ArchTest
	static final ArchRule structKnowsTheJdkOnly = onlyKnows("io.weir.struct..");

	@ArchTest
	static final ArchRule kernelKnowsTheJdkAndSlf4j = onlyKnows("io.weir.kernel..", "org.slf4j..");

	@ArchTest
	static final ArchRule apiKnowsTheJdkOnly = onlyKnows("io.weir.api..");

	@ArchTest
	static final ArchRule textKnowsTheJdkOnly = onlyKnows("io.weir.text..");

	@ArchTest
	static final ArchRule loggingKnowsSpringAndLogback = onlyKnows("io.weir.logging..", "io.weir.text..",
			"org.springframework..", "org.slf4j..", "ch.qos.logback..");

	// The web server's own concerns: of Weir it knows how to log a surprise that repeats,
	// and the page it leads to
	@ArchTest
	static final ArchRule webKnowsTheWebServer = onlyKnows("io.weir.web..", "io.weir.connection..", "io.weir.actuate..",
			"org.springframework..", "org.apache..", "jakarta.servlet..", "org.slf4j..");

	@ArchTest
	static final ArchRule schedulingKnowsTheJdkAndSlf4j = onlyKnows("io.weir.scheduling..", "org.slf4j..",
			"jdk.management..", "com.sun.management..");

	@ArchTest
	static final ArchRule transportKnowsApiAndScheduling = onlyKnows("io.weir.transport..", "io.weir.api..",
			"io.weir.scheduling..");

	// The way to wait, and neither threads nor selectors
	@ArchTest
	static final ArchRule transportWaitsThroughAnInterface = knowsOf("io.weir.transport..", "io.weir.scheduling..",
			SocketWaiter.class);

	@ArchTest
	static final ArchRule tlsKnowsTransport = onlyKnows("io.weir.tls..", "io.weir.transport..", "org.slf4j..");

	@ArchTest
	static final ArchRule connectionKnowsItsThread = knowsOf("io.weir.connection..", "io.weir.scheduling..",
			ConnectionThread.class);

	@ArchTest
	static final ArchRule connectionKnowsWhatTheKernelCallsASocket = knowsOf("io.weir.connection..", "io.weir.kernel..",
			SocketKey.class);

	// It never reloads anything
	@ArchTest
	static final ArchRule monitorReadsWhatTlsTells = knowsOf("io.weir.monitor..", "io.weir.tls..", TlsStatus.class,
			ServerCertificate.class);

	@ArchTest
	static final ArchRule connectionKnowsApiAndTransport = onlyKnows("io.weir.connection..", "io.weir.api..",
			"io.weir.transport..", "io.weir.scheduling..", "io.weir.kernel..", "io.weir.text..", "org.slf4j..");

	@ArchTest
	static final ArchRule recordsKnowsApiAndStruct = onlyKnows("io.weir.records..", "io.weir.api..", "io.weir.struct..",
			"io.weir.text..", "org.slf4j..");

	@ArchTest
	static final ArchRule protocolKnowsApiStructTransportAndRecords = onlyKnows("io.weir.protocol..", "io.weir.api..",
			"io.weir.struct..", "io.weir.transport..", "io.weir.records..", "org.slf4j..");

	@ArchTest
	static final ArchRule serverKnowsConnectionKernelAndScheduling = onlyKnows("io.weir.server..", "io.weir.api..",
			"io.weir.connection..", "io.weir.kernel..", "io.weir.scheduling..", "io.weir.transport..", "org.slf4j..",
			"org.springframework..");

	@ArchTest
	static final ArchRule monitorKnowsServerAndWhatItStandsOn = onlyKnows("io.weir.monitor..", "io.weir.server..",
			"io.weir.connection..", "io.weir.kernel..", "io.weir.tls..", "io.weir.scheduling..", "io.weir.transport..",
			"io.weir.records..", "jdk.jfr..", "org.slf4j..");

	@ArchTest
	static final ArchRule actuateKnowsMonitorAndTheTypesOfWhatItKnows = onlyKnows("io.weir.actuate..",
			"io.weir.monitor..", "io.weir.server..", "io.weir.connection..", "io.weir.kernel..", "io.weir.tls..",
			"io.weir.transport..", "org.slf4j..", "org.springframework..", "io.micrometer..", "com.fasterxml.jackson..",
			"tools.jackson..");

	@ArchTest
	static void theClassesOfAPackageAreFreeOfCycles(JavaClasses weir) {
		slices().assignedFrom(TOP_LEVEL_CLASSES).should().beFreeOfCycles().check(weir);
	}

	// Of the kernel it knows the cache of the limits, for their meters
	@ArchTest
	static final ArchRule actuateShowsWhatMonitorReads = noClasses().that()
		.resideInAPackage("io.weir.actuate..")
		.should()
		.dependOnClassesThat(
				belongToAnyOf(TcpServer.class, ServerTls.class, SocketDiagnostics.class, SocketDiagnosticsFactory.class)
					.or(type(ConnectionRegistry.class)));

	@ArchTest
	static final ArchRule nobodyKnowsConfig = noClasses().that()
		.resideOutsideOfPackage("io.weir.config..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.weir.config..");

	@ArchTest
	static final ArchRule packagesAreFreeOfCycles = slices().matching("io.weir.(*)..").should().beFreeOfCycles();

	@ArchTest
	static final ArchRule nobodyButConfigKnowsTheRoot = noClasses().that()
		.resideOutsideOfPackages("io.weir", "io.weir.config..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.weir");

	@ArchTest
	static final ArchRule serverKnowsSpringInItsAdaptersOnly = noClasses()
		.that(resideInAPackage("io.weir.server..").and(not(assignableTo(TcpServerLifecycle.class)))
			.and(not(nameMatching("io\\.weir\\.server\\.TcpServerLifecycle\\$.+"))))
		.should()
		.dependOnClassesThat()
		.resideInAPackage("org.springframework..");

	@ArchTest
	static final ArchRule micrometerIsKnownToActuateAndConfigOnly = noClasses().that()
		.resideOutsideOfPackages("io.weir.actuate..", "io.weir.config..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.micrometer..");

	@ArchTest
	static final ArchRule jacksonIsKnownToActuateOnly = noClasses().that()
		.resideOutsideOfPackage("io.weir.actuate..")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("com.fasterxml.jackson..", "tools.jackson..");

	@ArchTest
	static void nativeAccessIsInOneClassOfKernelAtMost(JavaClasses weir) {
		DescribedPredicate<JavaClass> nativeAccess = DescribedPredicate
			.describe("use java.lang.foreign", (type) -> type.getDirectDependenciesFromSelf()
				.stream()
				.anyMatch((dependency) -> resideInAPackage("java.lang.foreign..").test(dependency.getTargetClass())));
		assertThat(weir.that(nativeAccess)).extracting((type) -> type.getName().replaceFirst("\\$.*", ""))
			.allMatch((name) -> name.startsWith("io.weir.kernel."))
			.satisfies((names) -> assertThat(names.stream().distinct()).hasSizeLessThanOrEqualTo(1));
	}

	// The application's handlers replace none of the built-in ones
	@ArchTest
	static final ArchRule everyBeanGivesWayToTheApplications = methods().that()
		.areAnnotatedWith(Bean.class)
		.and()
		.areDeclaredInClassesThat()
		.resideInAPackage("io.weir.config..")
		.and()
		.doNotHaveRawReturnType(ConnectionHandler.class)
		.and()
		.doNotHaveRawReturnType(LazyInitializationExcludeFilter.class)
		.should()
		.beAnnotatedWith(ConditionalOnMissingBean.class);

	private static ArchRule knowsOf(String name, String other, Class<?>... known) {
		return noClasses().that()
			.resideInAPackage(name)
			.should()
			.dependOnClassesThat(resideInAPackage(other).and(not(belongToAnyOf(known))));
	}

	private static ArchRule onlyKnows(String name, String... others) {
		return classes().that()
			.resideInAPackage(name)
			.should()
			.onlyDependOnClassesThat(
					resideInAPackage(name).or(resideInAnyPackage(JDK)).or(resideInAnyPackage(others)).or(PRIMITIVES));
	}

}
