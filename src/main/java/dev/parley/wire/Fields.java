package dev.parley.wire;

import java.lang.reflect.Field;
import org.jspecify.annotations.Nullable;

/** The private fields of a server's classes, where there is no public way. */
public final class Fields {

    private Fields() {}

    /**
     * Goes from an object through fields, each of the value of the one before.
     *
     * @param start the object
     * @param names of the fields, declared by the class or one above it
     * @return the value of the last
     * @throws ReflectiveOperationException if a class has no such field, or nothing in it: the server is not as it was
     */
    public static Object follow(Object start, String... names) throws ReflectiveOperationException {
        Object value = start;
        for (String name : names) {
            value = read(value, name);
            if (value == null) {
                throw new NoSuchFieldException(name + " is null");
            }
        }
        return value;
    }

    /**
     * The value of a field.
     *
     * @param object the object
     * @param name of the field, declared by its class or one above it
     * @return the value, perhaps null
     * @throws ReflectiveOperationException if the server is not as it was
     */
    public static @Nullable Object read(Object object, String name) throws ReflectiveOperationException {
        return find(object.getClass(), name).get(object);
    }

    /**
     * Sets a field.
     *
     * @param object the object
     * @param name of the field, declared by its class or one above it
     * @param value the value
     * @throws ReflectiveOperationException if the server is not as it was
     */
    public static void write(Object object, String name, Object value) throws ReflectiveOperationException {
        find(object.getClass(), name).set(object, value);
    }

    /**
     * Whether a class has a field: servers of one family differ.
     *
     * @param type the class
     * @param name of the field, declared by the class or one above it
     * @return true if it has
     */
    public static boolean has(Class<?> type, String name) {
        try {
            find(type, name);
            return true;
        } catch (NoSuchFieldException e) {
            return false;
        }
    }

    private static Field find(Class<?> start, String name) throws NoSuchFieldException {
        for (Class<?> type = start; type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (field.getName().equals(name)) {
                    field.setAccessible(true);
                    return field;
                }
            }
        }
        throw new NoSuchFieldException(name);
    }
}
