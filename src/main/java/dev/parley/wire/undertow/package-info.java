/** Frames on Undertow's connections (WildFly). The only package that knows Undertow and XNIO. */
@NullMarked
package dev.parley.wire.undertow;

import org.jspecify.annotations.NullMarked;
