/** What goes over the wire: messages, names, close reasons and the one codec. A leaf: it knows no other package. */
@NullMarked
package dev.parley.protocol;

import org.jspecify.annotations.NullMarked;
