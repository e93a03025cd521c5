/** Frames, and the connections that take them, whatever the server: what is known of one server has a package of its own below. */
@NullMarked
package dev.parley.wire;

import org.jspecify.annotations.NullMarked;
