/** Frames on Tyrus's connections (GlassFish, Payara). The only package that knows Tyrus and Grizzly. */
@NullMarked
package dev.parley.wire.tyrus;

import org.jspecify.annotations.NullMarked;
