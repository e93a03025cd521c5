package dev.parley.wire.tyrus;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps Tyrus from giving the server's timer a task with every message in and out. The task ends a session that is idle for
 * too long; without an idle timeout it looks at that timeout and returns, but scheduling it (a context is captured, a
 * thread wakes up) costs more than all else that is done for the message. Read in Tyrus 2.1.5, {@code
 * TyrusSession.restartIdleTimeoutExecutor}, where the delay of such a task is 0; every other task goes its way.
 */
public final class TyrusTimer {

    private static final Logger LOG = System.getLogger(TyrusTimer.class.getName());
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private TyrusTimer() {}

    /**
     * Spares a session the tasks that do nothing; leaves one that is not as it was alone, and says so once.
     *
     * @param session a session of Tyrus
     */
    public static void spare(Object session) {
        try {
            Field field = session.getClass().getDeclaredField("service");
            field.setAccessible(true);
            if (field.get(session) instanceof ScheduledExecutorService timer) {
                field.set(session, withoutIdleTasks(timer));
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            if (!WARNED.getAndSet(true)) {
                LOG.log(Level.WARNING, "Tyrus is not as it was: each message costs a task on the server's timer", e);
            }
        }
    }

    private static Object withoutIdleTasks(ScheduledExecutorService timer) {
        return Proxy.newProxyInstance(
                TyrusTimer.class.getClassLoader(),
                new Class<?>[] {ScheduledExecutorService.class},
                (proxy, method, arguments) -> isIdle(method, arguments) ? null : call(timer, method, arguments));
    }

    private static boolean isIdle(Method method, Object[] arguments) {
        return method.getName().equals("schedule") && Long.valueOf(0).equals(arguments[1]);
    }

    private static Object call(ScheduledExecutorService timer, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(timer, arguments);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }
}
