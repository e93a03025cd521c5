/** How a batch of frames reaches one peer. The only package that knows a server's own classes. */
@NullMarked
package dev.parley.wire;

import org.jspecify.annotations.NullMarked;
