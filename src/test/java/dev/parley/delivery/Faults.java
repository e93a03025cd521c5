package dev.parley.delivery;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Throws once, at one call of what it wraps: the n-th of one method, over all that is wrapped. Counts the calls of each method of
 * an interface, so that a test can do so at every one. It sees the calls of the thread that made it.
 */
final class Faults {

    /** The calls of each method so far. */
    final Map<String, Integer> calls = new TreeMap<>();

    private final Thread thread = Thread.currentThread();
    private final @Nullable String method;
    private final int number;
    private final Supplier<? extends Throwable> fault;
    private boolean on = true;
    private boolean thrown;

    private Faults(@Nullable String method, int number, Supplier<? extends Throwable> fault) {
        this.method = method;
        this.number = number;
        this.fault = fault;
    }

    /** Counts and never throws. */
    static Faults none() {
        return new Faults(null, 0, AssertionError::new);
    }

    /** Throws at the n-th call of a method, instead of it. */
    static Faults at(String method, int number, Supplier<? extends Throwable> fault) {
        return new Faults(method, number, fault);
    }

    /** Neither counts nor throws from now on. */
    void off() {
        on = false;
    }

    boolean isThrown() {
        return thrown;
    }

    <T> T wrap(Class<T> type, T target) {
        return type.cast(
                Proxy.newProxyInstance(Faults.class.getClassLoader(), new Class<?>[] {type}, (proxy, called, args) -> {
                    if (called.getDeclaringClass() != Object.class) {
                        call(type.getSimpleName() + "." + called.getName());
                    }
                    try {
                        return called.invoke(target, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    private void call(String name) throws Throwable {
        if (on
                && Thread.currentThread() == thread
                && calls.merge(name, 1, Integer::sum) == number
                && name.equals(method)) {
            thrown = true;
            throw fault.get();
        }
    }
}
