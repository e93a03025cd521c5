/** The five protocols as server endpoints: they decode and delegate, and hold no logic beyond it. */
@NullMarked
package dev.parley.endpoint;

import org.jspecify.annotations.NullMarked;
