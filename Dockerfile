# syntax=docker/dockerfile:1

# Builds the jar and takes it apart into layers
FROM eclipse-temurin:25-jdk AS build
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/root/.m2 ./mvnw -B -ntp -DskipTests package \
 && java -Djarmode=tools -jar target/weir-*.jar extract --layers --destination layers --application-filename weir.jar

FROM eclipse-temurin:25-jre
LABEL org.opencontainers.image.title="Weir" \
      org.opencontainers.image.description="A blocking TCP (IPv4) server that shows what the kernel really granted"
WORKDIR /app
# What changes least comes first
COPY --from=build /build/layers/dependencies/ ./
COPY --from=build /build/layers/spring-boot-loader/ ./
COPY --from=build /build/layers/snapshot-dependencies/ ./
COPY --from=build /build/layers/application/ ./
# In a container localhost is the container itself
ENV TCP_SERVER_HOST=0.0.0.0 SERVER_ADDRESS=0.0.0.0
USER 10001:10001
EXPOSE 9999 8080
# No curl in the image. The outer timeout holds even when nothing answers
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /actuator/health/readiness HTTP/1.0\\r\\n\\r\\n' >&3; read -r -u 3 _ status _; [ \"$status\" = 200 ]"]
# A mounted /config/application.yml adds to the settings; exec form, so that SIGTERM reaches the JVM
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=60", "-jar", "weir.jar", "--spring.config.additional-location=optional:file:/config/"]
