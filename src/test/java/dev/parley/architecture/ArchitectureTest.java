package dev.parley.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.parley.gate.HandshakeConfigurator;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.server.ServerEndpoint;
import java.lang.annotation.Annotation;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The arrows between the packages: each rule holds for the product, and each rejects a fixture that breaks it. */
class ArchitectureTest {

    private static final String PRODUCT = "dev.parley";
    private static final String FIXTURE = "dev.parley.architecture.fixture";

    private static final JavaClasses PRODUCT_CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(PRODUCT);
    private static final JavaClasses FIXTURE_CLASSES = new ClassFileImporter().importPackages(FIXTURE);

    enum Rule {
        PROTOCOL_IS_A_LEAF {
            @Override
            ArchRule in(String base) {
                return uses(base, "protocol");
            }
        },
        SETTINGS_ARE_A_LEAF {
            @Override
            ArchRule in(String base) {
                return uses(base, "ops");
            }
        },
        BROKER_USES_PROTOCOL_ALONE {
            @Override
            ArchRule in(String base) {
                return uses(base, "broker", "protocol", "ops");
            }
        },
        EMBEDDED_BROKER_NEEDS_NO_NATS {
            @Override
            ArchRule in(String base) {
                return uses(base, "broker.memory", "broker", "protocol", "ops");
            }
        },
        NATS_BROKER_NEEDS_NO_OTHER {
            @Override
            ArchRule in(String base) {
                return uses(base, "broker.nats", "broker", "protocol", "ops");
            }
        },
        ONE_PACKAGE_CHOOSES_THE_BROKER {
            @Override
            ArchRule in(String base) {
                return uses(base, "broker.choice", "broker", "broker.memory", "broker.nats", "protocol", "ops");
            }
        },
        API_USES_PROTOCOL_ALONE {
            @Override
            ArchRule in(String base) {
                return uses(base, "api", "protocol");
            }
        },
        WIRE_USES_PROTOCOL_ALONE {
            @Override
            ArchRule in(String base) {
                return uses(base, "wire", "protocol", "ops");
            }
        },
        UNDERTOWS_WIRE_USES_NO_OTHER_SERVERS {
            @Override
            ArchRule in(String base) {
                return uses(base, "wire.undertow", "wire", "protocol", "ops");
            }
        },
        TYRUS_WIRE_USES_NO_OTHER_SERVERS {
            @Override
            ArchRule in(String base) {
                return uses(base, "wire.tyrus", "wire", "protocol", "ops");
            }
        },
        PORTABLE_WIRE_USES_NO_SERVERS {
            @Override
            ArchRule in(String base) {
                return uses(base, "wire.portable", "wire", "protocol", "ops");
            }
        },
        ONE_PACKAGE_CHOOSES_AMONG_THE_SERVERS {
            @Override
            ArchRule in(String base) {
                return uses(
                        base, "wire.server", "wire", "wire.undertow", "wire.tyrus", "wire.portable", "protocol", "ops");
            }
        },
        EVENT_STREAMS_USE_THE_CHOSEN_SERVER {
            @Override
            ArchRule in(String base) {
                return uses(base, "wire.sse", "wire", "wire.server", "protocol", "ops");
            }
        },
        ROOMS_DELIVER_NOTHING {
            @Override
            ArchRule in(String base) {
                return uses(base, "room", "api", "broker", "wire", "protocol", "ops");
            }
        },
        ROOMS_HAVE_NO_LOCK_NO_THREAD_AND_NO_IO {
            @Override
            ArchRule in(String base) {
                return noClasses()
                        .that()
                        .resideInAPackage(base + ".room")
                        .should()
                        .dependOnClassesThat(resideInAnyPackage(
                                        "java.util.concurrent.locks", "java.io", "java.net", "java.nio.channels")
                                .or(assignableTo(Thread.class))
                                .or(assignableTo(Executor.class)));
            }
        },
        DELIVERY_KNOWS_NO_ENDPOINT_AND_NO_GATE {
            @Override
            ArchRule in(String base) {
                return uses(base, "delivery", "api", "room", "broker", "wire", "wire.server", "protocol", "ops");
            }
        },
        GATE_KNOWS_NO_DELIVERY_AND_NO_ENDPOINT {
            @Override
            ArchRule in(String base) {
                return uses(base, "gate", "api", "wire.server", "protocol", "ops");
            }
        },
        ENDPOINTS_REACH_PEERS_THROUGH_THE_API {
            @Override
            ArchRule in(String base) {
                return uses(base, "endpoint", "api", "gate", "protocol", "ops");
            }
        },
        HTTP_STANDS_BESIDE_THE_ENDPOINTS {
            @Override
            ArchRule in(String base) {
                return uses(base, "http", "api", "delivery", "gate", "wire.server", "wire.sse", "protocol", "ops");
            }
        },
        UNDERTOW_STAYS_IN_ITS_PACKAGE {
            @Override
            ArchRule in(String base) {
                return onlyIn(base, "wire.undertow", "io.undertow..", "org.xnio..");
            }
        },
        TYRUS_STAYS_IN_ITS_PACKAGE {
            @Override
            ArchRule in(String base) {
                return onlyIn(base, "wire.tyrus", "org.glassfish..");
            }
        },
        ENDPOINTS_CARRY_THEIR_OWN_ANNOTATED_METHODS {
            @Override
            ArchRule in(String base) {
                return classes()
                        .that()
                        .resideInAPackage(base + "..")
                        .and()
                        .areAnnotatedWith(ServerEndpoint.class)
                        .should(new DeclareThemselves(
                                List.of(OnOpen.class, OnMessage.class, OnClose.class, OnError.class)));
            }
        },
        ENDPOINTS_GET_WHAT_THE_GATE_FOUND {
            @Override
            ArchRule in(String base) {
                return classes()
                        .that()
                        .resideInAPackage(base + "..")
                        .and()
                        .areAnnotatedWith(ServerEndpoint.class)
                        .should(new HaveTheConfigurator());
            }
        },
        NATS_STAYS_IN_ITS_PACKAGE {
            @Override
            ArchRule in(String base) {
                return onlyIn(base, "broker.nats", "io.nats..");
            }
        },
        NOTHING_SENDS_BLOCKING {
            @Override
            ArchRule in(String base) {
                return noClasses()
                        .that()
                        .resideInAPackage(base + "..")
                        .should()
                        .dependOnClassesThat()
                        .areAssignableTo(RemoteEndpoint.Basic.class);
            }
        },
        NOTHING_SETS_A_SEND_TIMEOUT {
            @Override
            ArchRule in(String base) {
                return noClasses()
                        .that()
                        .resideInAPackage(base + "..")
                        .should()
                        .callMethod(RemoteEndpoint.Async.class, "setSendTimeout", long.class);
            }
        };

        abstract ArchRule in(String base);

        private static ArchRule uses(String base, String part, String... others) {
            String[] allowed =
                    Arrays.stream(others).map(other -> base + "." + other).toArray(String[]::new);
            DescribedPredicate<JavaClass> foreign = resideInAnyPackage(base + "..")
                    .and(resideOutsideOfPackages(base + "." + part))
                    .and(resideOutsideOfPackages(allowed));
            return noClasses()
                    .that()
                    .resideInAPackage(base + "." + part)
                    .should()
                    .dependOnClassesThat(foreign.as("of any other package of ours"));
        }

        private static ArchRule onlyIn(String base, String part, String... packages) {
            return noClasses()
                    .that()
                    .resideInAPackage(base + "..")
                    .and()
                    .resideOutsideOfPackage(base + "." + part)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(packages)
                    .allowEmptyShould(true);
        }
    }

    /** Annotations of methods are not inherited (Jakarta WebSocket 2.1 §4.8). */
    private static final class DeclareThemselves extends ArchCondition<JavaClass> {

        private final List<Class<? extends Annotation>> annotations;

        DeclareThemselves(List<Class<? extends Annotation>> annotations) {
            super("declare methods with " + annotations);
            this.annotations = annotations;
        }

        @Override
        public void check(JavaClass endpoint, ConditionEvents events) {
            for (Class<? extends Annotation> annotation : annotations) {
                boolean declared =
                        endpoint.getMethods().stream().anyMatch(method -> method.isAnnotatedWith(annotation));
                events.add(new SimpleConditionEvent(
                        endpoint, declared, endpoint.getName() + " and @" + annotation.getSimpleName()));
            }
        }
    }

    private static final class HaveTheConfigurator extends ArchCondition<JavaClass> {

        HaveTheConfigurator() {
            super("name the HandshakeConfigurator");
        }

        @Override
        public void check(JavaClass endpoint, ConditionEvents events) {
            Class<?> configurator =
                    endpoint.getAnnotationOfType(ServerEndpoint.class).configurator();
            events.add(new SimpleConditionEvent(
                    endpoint,
                    configurator == HandshakeConfigurator.class,
                    endpoint.getName() + " and its configurator"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void theProductKeepsTheRule(Rule rule) {
        rule.in(PRODUCT).check(PRODUCT_CLASSES);
    }

    @ParameterizedTest
    @EnumSource
    void theRuleRejectsItsFixture(Rule rule) {
        assertThat(rule.in(FIXTURE).evaluate(FIXTURE_CLASSES).hasViolation()).isTrue();
    }
}
