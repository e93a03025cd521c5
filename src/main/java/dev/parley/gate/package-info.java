/** All that can refuse a handshake, before an endpoint exists for it. */
@NullMarked
package dev.parley.gate;

import org.jspecify.annotations.NullMarked;
