/** Frames through RemoteEndpoint.Async, on any server. */
@NullMarked
package dev.parley.wire.portable;

import org.jspecify.annotations.NullMarked;
