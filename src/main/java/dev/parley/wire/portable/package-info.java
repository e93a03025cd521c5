/** How frames reach a session through {@code RemoteEndpoint.Async}, on any server. No class of a server. */
@NullMarked
package dev.parley.wire.portable;

import org.jspecify.annotations.NullMarked;
