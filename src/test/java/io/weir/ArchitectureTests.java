package io.weir;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle;
import io.weir.tls.ServerTls;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
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

	// What every package may know, annotations included
	private static final String[] JDK = { "java..", "javax..", "jdk.net..", "org.jspecify.annotations.." };

	@ArchTest
	static final ArchRule structKnowsTheJdkOnly = onlyKnows("io.weir.struct..");

	@ArchTest
	static final ArchRule kernelKnowsTheJdkAndSlf4j = onlyKnows("io.weir.kernel..", "org.slf4j..");

	@ArchTest
	static final ArchRule connectionKnowsKernel = onlyKnows("io.weir.connection..", "io.weir.kernel..", "org.slf4j..",
			"jdk.management..", "com.sun.management..");

	@ArchTest
	static final ArchRule protocolKnowsConnectionAndStruct = onlyKnows("io.weir.protocol..", "io.weir.connection..",
			"io.weir.struct..", "org.slf4j..");

	@ArchTest
	static final ArchRule tlsKnowsConnection = onlyKnows("io.weir.tls..", "io.weir.connection..", "org.slf4j..");

	@ArchTest
	static final ArchRule serverKnowsConnectionKernelAndTls = onlyKnows("io.weir.server..", "io.weir.connection..",
			"io.weir.kernel..", "io.weir.tls..", "org.slf4j..", "org.springframework..");

	@ArchTest
	static final ArchRule monitorKnowsServerConnectionKernelAndTls = onlyKnows("io.weir.monitor..", "io.weir.server..",
			"io.weir.connection..", "io.weir.kernel..", "io.weir.tls..", "org.slf4j..");

	@ArchTest
	static final ArchRule actuateKnowsMonitorAndTheTypesOfWhatItKnows = onlyKnows("io.weir.actuate..",
			"io.weir.monitor..", "io.weir.server..", "io.weir.connection..", "io.weir.kernel..", "io.weir.tls..",
			"org.slf4j..", "org.springframework..", "io.micrometer..", "com.fasterxml.jackson..", "tools.jackson..");

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
	static final ArchRule serverKnowsSpringInItsAdaptersOnly = noClasses()
		.that(resideInAPackage("io.weir.server..").and(not(assignableTo(TcpServerLifecycle.class)))
			.and(not(nameMatching("io\\.weir\\.server\\.(TcpServerLifecycle\\$.+|TcpBindFailureAnalyzer(\\$.+)?)"))))
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

	private static ArchRule onlyKnows(String name, String... others) {
		return classes().that()
			.resideInAPackage(name)
			.should()
			.onlyDependOnClassesThat(
					resideInAPackage(name).or(resideInAnyPackage(JDK)).or(resideInAnyPackage(others)).or(PRIMITIVES));
	}

}
