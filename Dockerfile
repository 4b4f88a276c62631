# syntax=docker/dockerfile:1

# The base images, so that a digest can be pinned (--build-arg BASE_IMAGE=debian:12-slim@sha256:...)
ARG JDK_IMAGE=docker.io/library/eclipse-temurin:25-jdk
ARG BASE_IMAGE=docker.io/library/debian:12-slim

# The jar: built here, or a given one (--build-arg JAR=target/weir-<version>.jar, what was tested is then what runs)
FROM $JDK_IMAGE AS build
ARG JAR=
WORKDIR /build
# What it depends on has a layer of its own, made again only when the pom changes
COPY .mvn .mvn
COPY mvnw pom.xml ./
RUN if [ -z "$JAR" ]; then ./mvnw -B -q dependency:go-offline; fi
# With .git, which /actuator/info has the commit from
COPY . .
RUN if [ -z "$JAR" ]; then rm -rf target && ./mvnw -B -ntp -DskipTests package; fi \
 && java -Djarmode=tools -jar "${JAR:-$(ls target/weir-*.jar | grep -v -e '-plain\.jar$')}" extract --layers --destination layers --application-filename weir.jar

# A Java runtime of the modules that jdeps finds in the jar, with jcmd and Flight Recorder to look inside. Spring needs
# java.desktop for java.beans, and nothing of its native code: windows, fonts, sound
FROM $JDK_IMAGE AS java
RUN jlink --no-header-files --no-man-pages --compress zip-6 --exclude-files '/java.desktop/lib/**' --output /opt/java/weir --add-modules \
    java.compiler,java.desktop,java.instrument,java.naming,java.net.http,java.prefs,java.rmi,java.scripting,java.security.jgss,java.sql,jdk.jcmd,jdk.jfr,jdk.management,jdk.net,jdk.unsupported

FROM $BASE_IMAGE AS runtime
COPY --from=java /opt/java/weir /opt/java/weir
ENV JAVA_HOME=/opt/java/weir PATH=/opt/java/weir/bin:/usr/local/bin:/usr/bin:/bin
WORKDIR /app
# What changes least comes first
COPY --from=build /build/layers/dependencies/ ./
COPY --from=build /build/layers/spring-boot-loader/ ./
COPY --from=build /build/layers/snapshot-dependencies/ ./
COPY --from=build /build/layers/application/ ./
COPY src/main/container/jvm.options ./
# Plug-ins are mounted at plugins; a new volume at /data takes its owner
RUN mkdir plugins && install -d -o 10001 -g 10001 /data

# Runs the application with connections on its port, and keeps what the JVM loaded and profiled
FROM runtime AS trained
COPY src/main/container/train.sh /tmp/
RUN bash /tmp/train.sh

FROM runtime
COPY --from=trained /app/weir.aot ./
ARG BASE_IMAGE
# The pom's version, and the commit if it is given; /actuator/info has both anyway
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="Weir" \
      org.opencontainers.image.description="A blocking TCP (IPv4) server that shows what the kernel really granted" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.base.name="$BASE_IMAGE"
# In a container localhost is the container itself
ENV TCP_SERVER_HOST=0.0.0.0 SERVER_ADDRESS=0.0.0.0
USER 10001:10001
EXPOSE 9999 8080
# No curl in the image. The inner timeout holds even when nothing answers
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${SERVER_PORT:-8080}; printf 'GET /actuator/health/readiness HTTP/1.0\\r\\n\\r\\n' >&3; read -r -u 3 _ status _; [ \"$status\" = 200 ]"]
# Exec form, so that SIGTERM reaches the JVM. A mounted /config/application.yml adds to the settings
# The class path with the plug-ins behind Weir, which the JVM expands. Another one, or other flags, cost the AOT cache
ENTRYPOINT ["java", "@jvm.options", "-XX:AOTCache=weir.aot", "-cp", "weir.jar:plugins/*", "io.weir.WeirApplication", "--spring.config.additional-location=optional:file:/config/"]
