/** Frames, and the connections that take them; no server's own classes. */
@NullMarked
package dev.parley.wire;

import org.jspecify.annotations.NullMarked;
